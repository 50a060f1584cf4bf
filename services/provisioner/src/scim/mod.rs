//! The other side: a SCIM 2.0 service (RFC 7643, RFC 7644), of which nothing is believed that was not looked at.

mod answer;
mod client;
mod error;
mod feature;
mod group;
mod pace;
mod resource;
mod retry_after;
mod token;
mod user;

pub use client::Unusable;
pub(crate) use client::{Client, ClientSettings, Kind};
pub use error::{ScimError, Verdict};
pub(crate) use group::{SeenGroup, create_group, external_id, members_patch, members_put, owner_of};
pub(crate) use user::{Account, Edit, SeenUser, create_user, edits, patch, put};
