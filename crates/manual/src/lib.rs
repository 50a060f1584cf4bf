//! The handbook, as rustdoc.
