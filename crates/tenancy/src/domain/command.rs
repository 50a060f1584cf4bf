use vestibule_kernel::{DomainId, OrganizationId, Timestamp};

use crate::{DomainName, Note};

/// What can be asked of a claim on a domain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// Say that the name is the organization's own.
    Claim {
        /// The claim's id.
        domain: DomainId,
        /// Who claims it.
        organization: OrganizationId,
        /// The name.
        name: DomainName,
    },
    /// Vouch for it, as an operator.
    Attest {
        /// Whether every subdomain is owned with it.
        include_subdomains: bool,
        /// What the operator relies on.
        note: Note,
        /// The present.
        now: Timestamp,
    },
    /// Take the name over from the organization that owns it and gives it up at the same moment.
    TakeOver {
        /// From whom.
        from: OrganizationId,
        /// Whether every subdomain is owned with it, as before.
        include_subdomains: bool,
        /// What the operator relies on.
        note: Note,
        /// The present.
        now: Timestamp,
    },
    /// Give the name up.
    Release,
}
