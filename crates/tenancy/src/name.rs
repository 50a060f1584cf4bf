//! Validated names shared by the aggregates.
