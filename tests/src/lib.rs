//! What black-box tests start and ask: the real program with files and ports of its own ([`Launch`], [`Vestibule`]), its
//! command line ([`Cli`]), the services apart on PostgreSQL ([`Fleet`], [`Database`]), the simulators around them
//! ([`Surroundings`]), and the programs of others in `tests/interop` ([`Interop`]).
//!
//! Nothing here reaches into Vestibule: everything goes through the program, HTTP, gRPC and files.

mod binary;
mod cli;
mod database;
mod fleet;
mod http;
mod interop;
mod launch;
mod nats;
mod port;
mod process;
mod required;
mod surroundings;
mod vestibule;
mod wire;

pub use binary::{binary, provisioner};
pub use cli::{Cli, Ran};
pub use database::Database;
pub use fleet::{Fleet, SERVICES};
pub use http::http_client;
pub use interop::Interop;
pub use launch::Launch;
pub use nats::{Nats, StoredMessage};
pub use port::free_port;
pub use process::{Process, until};
pub use required::{PeerVariable, required};
pub use surroundings::Surroundings;
pub use vestibule::{Addresses, Vestibule};
pub use wire::LongWire;
