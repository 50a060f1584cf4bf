//! Claim policy: what of an organization and a person goes into the tokens that Cognito signs.
//!
//! A policy belongs to a user pool, an organization or an app client ([`Target`]), and says only what it wants to differ.
//! Policies are laid over each other, the defaults first, then user pool, organization, app client ([`Effective::with`]). A
//! later one wins field by field, with four exceptions, so that nobody below can undo what was decided above:
//!
//! - The claim `org_id` is the organization's id in both tokens, whatever a policy says.
//! - What a level takes from the registry (`organization.tier`, `person.roles`, ...) stays taken from there; the levels below
//!   choose its tokens. What a level sets to a constant is a default that they may set to another one.
//! - Scopes to add and everything to suppress only grow; only the user pool's policy may allow what is suppressed by default.
//! - Of app clients only those remain that each level allows.
//!
//! What a policy may not say is refused when it is saved, by the same code that leaves it out when policies are laid over
//! each other: a policy that has become wrong since, because another one changed, is as harmless as one that was refused.
//!
//! [`Effective::evaluate`] is pure, answers the same to the same, and is meant for the path of every token: what can be
//! worked out before, is.

mod command;
mod decide;
mod effective;
mod evaluate;
mod event;
mod facts;
mod grants;
mod limit;
mod name;
mod policies;
mod policy;
mod problem;
mod rejection;
mod target;
mod template;
mod value;

pub use command::{Command, Replace};
pub use decide::State;
pub use effective::{Effective, Level};
pub use event::{Cleared, Event, Replaced};
pub use facts::{EventVersion, Existing, Facts, Home, OrganizationFacts, PersonFacts};
pub use grants::{ClaimValue, Denied, Granted, Grants, GroupOverride, Warning};
pub use limit::{
    APP_CLIENTS_MAX, CLAIM_NAME_BYTES_MAX, CLAIMS_CEILING, CLAIMS_MAX, CONSTANT_DEPTH_MAX, CONSTANT_JSON_BYTES_MAX,
    GROUP_CHARS_MAX, ROLES_SPELLED_OUT_MAX, SCOPE_BYTES_MAX, SCOPES_MAX, SUPPRESSED_MAX, TEMPLATE_BYTES_MAX,
};
pub use policies::Policies;
pub use policy::{
    Attribute, Budget, ClaimPolicy, ClaimRule, ClaimSource, CustomAttributes, GroupMode, Groups, Suppress, Tokens,
};
pub use problem::Problem;
pub use rejection::Rejection;
pub use target::Target;

/// Stream category of claim policies.
pub const CATEGORY: &str = "claim_policy";
/// The claim that names the organization in every token, whatever a policy says.
pub const ORGANIZATION_CLAIM: &str = "org_id";
