//! Every service in a process of its own, on PostgreSQL, with TLS and tokens between them.

mod access;
mod drain;
mod sign_in;
