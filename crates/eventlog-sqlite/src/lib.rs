//! The event log and its companions on embedded SQLite.
