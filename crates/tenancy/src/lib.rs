//! The domains of Vestibule, pure: organizations, their domains, their connections to identity providers, their people,
//! the user pools that trust us, the assertions that were accepted, and what goes into tokens.
//!
//! One folder an aggregate; in each: what can have happened (`event`), what can be asked (`command`), why not
//! (`rejection`) and the rules (`decide`). `manual::how_to` says how to add one.
//!
//! What people and programs type is read into types of its own ([`Slug`], [`DomainName`], [`EmailAddress`] and the
//! like): once, at the edge. Commands carry these types; events carry plain text, because history is never refused.

pub mod assertion;
pub mod claim_policy;
pub mod connection;
pub mod directory;
pub mod directory_group;
pub mod directory_user;
pub mod domain;
mod name;
pub mod onboarding;
pub mod organization;
pub mod person;
pub mod signing_key;
pub mod user_pool;

pub use name::{
    AppClientId, ApplicationUri, DisplayName, DomainName, EmailAddress, ExternalId, GroupName, NameError, NativeUserId,
    Note, PoolDomain, PoolId, ProviderName, Region, Role, Slug, Tier,
};
