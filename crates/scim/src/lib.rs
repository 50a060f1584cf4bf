//! SCIM 2.0, sans-I/O: what RFC 7643 and RFC 7644 say, and nothing of HTTP.
//!
//! - [`User`], [`Group`], [`ListResponse`], [`ErrorMessage`], [`PatchRequest`]: the messages as types, for clients.
//! - [`read`] reads a document strictly: no key twice, however it is spelt, and nothing deep.
//! - [`ResourceType::document`] makes a resource of it: names in their canonical case, values of their declared type, what
//!   the service provider alone says left out. Everything else here works on such a [`Document`].
//! - [`Search`] is a search by POST. [`Filter`], [`Patch`], [`Projection`] read the three small languages of the protocol and apply them.
//! - [`discovery`] writes what the service provider says of itself.
//!
//! Attribute names and URNs are compared without regard to case (RFC 7643 section 2.1). Every input has a limit in
//! [`limit`]; crossing it is a [`Refusal`]. A refusal names attributes of the schema and never repeats a value, because
//! values are personal.

pub mod discovery;
mod document;
mod filter;
pub mod limit;
mod message;
mod patch;
mod path;
mod projection;
mod refusal;
mod schema;
mod search;
mod strict;

pub use document::{Document, ResourceType};
pub use filter::{Comparison, Filter, Literal, Operator};
pub use message::{
    ERROR_URN, Email, ErrorMessage, Group, GroupRef, LIST_URN, ListResponse, Member, Meta, Name, PATCH_URN,
    PatchOperation, PatchRequest, User,
};
pub use patch::Patch;
pub use path::AttributePath;
pub use projection::Projection;
pub use refusal::{Refusal, ScimType};
pub use schema::{Attribute, GROUP_URN, Kind, Mutability, Returned, USER_URN, Uniqueness};
pub use search::{SEARCH_URN, Search};
pub use strict::read;
