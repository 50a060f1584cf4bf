//! XML as far as SAML needs it: guarded parsing, reading of a tree, its canonical form, escaping.

mod canonical;
mod escape;
mod guard;
mod node;

pub(crate) use canonical::canonicalize;
pub(crate) use escape::escape;
pub(crate) use guard::{Fault, Limits, parse};
pub(crate) use node::{Node, is_id};
