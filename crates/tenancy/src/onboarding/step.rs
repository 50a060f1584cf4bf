use std::fmt;

use serde::{Deserialize, Serialize};

/// What has to be so, in the order in which people usually come to it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The organization owns a domain, so that its people are found and their addresses may be released.
    DomainVerified,
    /// The identity provider's metadata is there.
    MetadataImported,
    /// A certificate that is trusted is valid now.
    CertificateChecked,
    /// Somebody has looked at what the identity provider's attributes will mean.
    MappingReviewed,
    /// A test sign-in passed with the settings as they are.
    TestSignInPassed,
    /// People may sign in.
    RoutingEnabled,
}

/// Who has to act so that a step is done.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The administrator of the customer's identity provider.
    ItAdmin,
    /// Whoever runs Vestibule.
    Operator,
    /// The application whose customer it is: it knows who bought what, and says so.
    Application,
}

impl Step {
    /// All, in their order.
    pub const ALL: [Self; 6] = [
        Self::DomainVerified,
        Self::MetadataImported,
        Self::CertificateChecked,
        Self::MappingReviewed,
        Self::TestSignInPassed,
        Self::RoutingEnabled,
    ];

    /// What has to be so before people may sign in: everything but that they may.
    pub fn before_live() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|step| *step != Self::RoutingEnabled)
    }

    /// Its stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DomainVerified => "domain_verified",
            Self::MetadataImported => "metadata_imported",
            Self::CertificateChecked => "certificate_checked",
            Self::MappingReviewed => "mapping_reviewed",
            Self::TestSignInPassed => "test_sign_in_passed",
            Self::RoutingEnabled => "routing_enabled",
        }
    }

    /// Who has to act.
    #[must_use]
    pub const fn actor(self) -> Actor {
        match self {
            Self::MetadataImported | Self::CertificateChecked | Self::TestSignInPassed => Actor::ItAdmin,
            Self::MappingReviewed | Self::RoutingEnabled => Actor::Operator,
            Self::DomainVerified => Actor::Application,
        }
    }

    /// What is to be done, in a sentence.
    #[must_use]
    pub const fn instruction(self) -> &'static str {
        match self {
            Self::DomainVerified => {
                "Say which domain is the customer's own, as the contract with them does, and attest it: people are found \
                 by it, and no other address is released."
            }
            Self::MetadataImported => {
                "Hand over the metadata of the identity provider, so that a connection can be made."
            }
            Self::CertificateChecked => {
                "Hand over metadata with a signing certificate that is valid now: those that are trusted are expired, or \
                 not valid yet. One that awaits approval is the operator's to trust."
            }
            Self::MappingReviewed => {
                "Look at what the identity provider's attributes become, with a sample Response, and say that it is right."
            }
            Self::TestSignInPassed => {
                "Open the link of a test sign-in and sign in at the identity provider until the page says that it passed."
            }
            Self::RoutingEnabled => "Enable the connection.",
        }
    }
}

impl Actor {
    /// Its stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ItAdmin => "it_admin",
            Self::Operator => "operator",
            Self::Application => "application",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ItAdmin => "the customer's IT admin",
            Self::Operator => "the operator",
            Self::Application => "the application",
        })
    }
}
