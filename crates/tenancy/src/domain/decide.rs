use serde::{Deserialize, Serialize};
use vestibule_decider::Decider;
use vestibule_kernel::{DomainId, OrganizationId, Timestamp};

use super::{CATEGORY, Claimed, Command, Event, Proof, Rejection, Released, Verified};

/// A claim on a domain, by stage of life.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "stage")]
pub enum Domain {
    /// There is no claim.
    #[default]
    Absent,
    /// Somebody says that the name is theirs.
    Claimed {
        /// Who and which.
        claim: Claim,
    },
    /// It is theirs.
    Verified {
        /// Who and which.
        claim: Claim,
        /// Since when, and how far.
        ownership: Ownership,
    },
    /// It was given up.
    Released {
        /// Who and which.
        claim: Claim,
    },
}

/// Who claims which name.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Claim {
    /// The claim's id.
    pub domain: DomainId,
    /// Who claims it.
    pub organization: OrganizationId,
    /// The name in its normal form.
    pub name: String,
}

/// What is proven of a domain.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Ownership {
    /// Whether every subdomain is owned with it.
    pub include_subdomains: bool,
    /// Since when.
    pub verified_at: Timestamp,
}

impl Domain {
    /// Who claims which name, in whatever stage; `None` when there is no claim.
    #[must_use]
    pub const fn claim(&self) -> Option<&Claim> {
        match self {
            Self::Absent => None,
            Self::Claimed { claim } | Self::Verified { claim, .. } | Self::Released { claim } => Some(claim),
        }
    }

    /// What is proven; `None` while nothing is.
    #[must_use]
    pub const fn ownership(&self) -> Option<&Ownership> {
        match self {
            Self::Verified { ownership, .. } => Some(ownership),
            Self::Absent | Self::Claimed { .. } | Self::Released { .. } => None,
        }
    }
}

impl Decider for Domain {
    const CATEGORY: &'static str = CATEGORY;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(&self, command: &Command) -> Result<Vec<Event>, Rejection> {
        match (self, command) {
            (Self::Absent, Command::Claim { domain, organization, name }) => {
                let name = name.as_str().to_owned();
                Ok(vec![Claimed { domain: *domain, organization: *organization, name }.into()])
            }
            (Self::Absent, _) => Err(Rejection::NotFound),
            (_, Command::Claim { .. }) => Err(Rejection::AlreadyClaimed),
            (Self::Released { .. }, Command::Release) | (Self::Verified { .. }, Command::TakeOver { .. }) => Ok(vec![]),
            (Self::Released { .. }, Command::Attest { .. } | Command::TakeOver { .. }) => Err(Rejection::Released),
            (Self::Claimed { claim }, Command::TakeOver { from, include_subdomains, note, now }) => {
                let proof = Proof::Transfer { from: *from, note: note.as_str().to_owned() };
                let (name, include_subdomains, verified_at) = (claim.name.clone(), *include_subdomains, *now);
                Ok(vec![Verified { name, include_subdomains, proof, verified_at }.into()])
            }
            (Self::Verified { ownership, .. }, Command::Attest { include_subdomains, .. })
                if ownership.include_subdomains == *include_subdomains =>
            {
                Ok(vec![])
            }
            (
                Self::Claimed { claim } | Self::Verified { claim, .. },
                Command::Attest { include_subdomains, note, now },
            ) => {
                let proof = Proof::OperatorAttestation { note: note.as_str().to_owned() };
                let (name, include_subdomains, verified_at) = (claim.name.clone(), *include_subdomains, *now);
                Ok(vec![Verified { name, include_subdomains, proof, verified_at }.into()])
            }
            (Self::Claimed { claim } | Self::Verified { claim, .. }, Command::Release) => {
                Ok(vec![Released { organization: claim.organization, name: claim.name.clone() }.into()])
            }
        }
    }

    fn evolve(self, event: &Event) -> Self {
        match (self, event) {
            (_, Event::Claimed(Claimed { domain, organization, name })) => {
                Self::Claimed { claim: Claim { domain: *domain, organization: *organization, name: name.clone() } }
            }
            (Self::Claimed { claim } | Self::Verified { claim, .. }, Event::Verified(verified)) => {
                let Verified { include_subdomains, verified_at, .. } = *verified;
                Self::Verified { claim, ownership: Ownership { include_subdomains, verified_at } }
            }
            (Self::Claimed { claim } | Self::Verified { claim, .. }, Event::Released(_)) => Self::Released { claim },
            (unchanged @ (Self::Absent | Self::Released { .. }), Event::Verified(_) | Event::Released(_)) => unchanged,
        }
    }
}
