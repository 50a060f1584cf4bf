//! The event log and its companions on PostgreSQL.
