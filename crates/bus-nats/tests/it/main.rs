//! The relay with a real NATS server, on SQLite and PostgreSQL: nothing is lost, nothing is reordered, and what is sent
//! twice carries the same id, whatever dies.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "in a test a panic is the report")]

mod consumer;
mod dead_letter;
mod declared;
mod fault;
mod identity;
mod process;
mod publisher;
mod server;
mod world;
