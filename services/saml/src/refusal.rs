use vestibule_rpc::saml::v1::{self as pb, refusal::Responsible};
use vestibule_saml::{self as saml, SubjectFault};

use crate::second_opinion::Objection;

/// Why a Response signs nobody in. A stable reason each; no personal value in any message.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Refusal {
    /// The Response itself.
    #[error(transparent)]
    Response(#[from] saml::Refusal),
    /// No certificate of the connection is usable.
    #[error("no certificate of the connection is usable: update its metadata")]
    NoTrustedCertificate,
    /// Nobody of the organization may sign in.
    #[error("the organization is suspended")]
    OrganizationSuspended,
    /// Nobody may sign in through the connection.
    #[error("the connection is disabled")]
    ConnectionDisabled,
    /// Nobody can be recognised by what the identity provider sent.
    #[error("nobody can be recognised by what the identity provider sent: {0}")]
    Subject(SubjectFault),
    /// A claim without which nobody signs in was not sent.
    #[error("the identity provider did not send a claim that this connection requires")]
    RequiredClaimMissing,
    /// The pool requires an address, and none was sent.
    #[error("the identity provider sent no single, well-formed e-mail address, which the user pool requires")]
    EmailMissing,
    /// The address that was sent is not the organization's to vouch for, and the pool requires one or the organization
    /// wants no such sign-ins.
    #[error("the e-mail address lies outside of the domains that the organization has verified")]
    EmailForeign,
    /// The person may not sign in.
    #[error("the person is deactivated")]
    PersonDeactivated,
    /// A second opinion is required and does not agree.
    #[error(transparent)]
    SecondOpinion(#[from] Objection),
    /// The assertion signed somebody in before.
    #[error("the assertion was used before: begin the sign-in anew")]
    AssertionReplayed,
    /// The request was answered before.
    #[error("the request was answered before: begin the sign-in anew")]
    RequestAlreadyAnswered,
    /// Too old to know whether it was used before.
    #[error("the assertion was made too long ago")]
    AssertionTooOld,
    /// Nobody asked for it, and the connection takes no such Responses.
    #[error(
        "nobody asked for the Response, and the connection is not set up for sign-ins that the identity provider begins"
    )]
    Unsolicited,
    /// The LogoutRequest was heard before.
    #[error("the LogoutRequest was heard before")]
    LogoutRequestReplayed,
}

impl Refusal {
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Response(refusal) => refusal.reason(),
            Self::NoTrustedCertificate => "NO_TRUSTED_CERTIFICATE",
            Self::OrganizationSuspended => "ORGANIZATION_SUSPENDED",
            Self::ConnectionDisabled => "CONNECTION_DISABLED",
            Self::Subject(SubjectFault::Transient) => "SUBJECT_NOT_STABLE",
            Self::Subject(SubjectFault::Missing) => "SUBJECT_ATTRIBUTE_MISSING",
            Self::Subject(SubjectFault::NotSingle) => "SUBJECT_ATTRIBUTE_NOT_SINGLE",
            Self::Subject(SubjectFault::Unusable) => "SUBJECT_ATTRIBUTE_UNUSABLE",
            Self::RequiredClaimMissing => "ATTRIBUTE_REQUIRED_MISSING",
            Self::EmailMissing | Self::EmailForeign => "EMAIL_NOT_RELEASABLE",
            Self::PersonDeactivated => "PERSON_DEACTIVATED",
            Self::SecondOpinion(objection) => objection.reason(),
            Self::AssertionReplayed => "ASSERTION_REPLAYED",
            Self::RequestAlreadyAnswered => "REQUEST_ALREADY_ANSWERED",
            Self::AssertionTooOld => saml::Refusal::AssertionTooOld.reason(),
            Self::Unsolicited => "RESPONSE_UNSOLICITED",
            Self::LogoutRequestReplayed => "LOGOUT_REQUEST_REPLAYED",
        }
    }

    const fn responsible(self) -> Responsible {
        match self {
            Self::Response(refusal) => match refusal.responsible() {
                saml::Responsible::IdentityProvider => Responsible::IdentityProvider,
                saml::Responsible::Operator => Responsible::Operator,
                saml::Responsible::Cognito => Responsible::Cognito,
                saml::Responsible::Application => Responsible::Application,
            },
            Self::SecondOpinion(_)
            | Self::NoTrustedCertificate
            | Self::OrganizationSuspended
            | Self::ConnectionDisabled
            | Self::PersonDeactivated
            | Self::EmailForeign => Responsible::Operator,
            Self::Subject(_) | Self::RequiredClaimMissing | Self::EmailMissing | Self::AssertionTooOld => {
                Responsible::IdentityProvider
            }
            Self::Unsolicited => Responsible::IdentityProvider,
            Self::AssertionReplayed | Self::RequestAlreadyAnswered | Self::LogoutRequestReplayed => Responsible::Person,
        }
    }

    pub(crate) fn message(self) -> pb::Refusal {
        pb::Refusal {
            reason: self.reason().to_owned(),
            responsible: self.responsible().into(),
            message: self.to_string(),
        }
    }
}
