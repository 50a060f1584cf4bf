//! The many names of a few facts.

mod claim;
mod identity;
mod mapping;
mod names;
mod normalise;
mod preset;
mod subject;

pub use claim::Claim;
pub use identity::NormalisedIdentity;
pub use mapping::{ClaimRule, Mapping, SubjectSource};
pub use normalise::normalise;
pub(crate) use normalise::{Said, read};
pub use preset::Preset;
pub use subject::{SubjectFault, SubjectId};
