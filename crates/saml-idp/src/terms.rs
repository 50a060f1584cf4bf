use std::time::Duration;

use vestibule_kernel::{IdSource, Timestamp};

use crate::{EncryptionTerms, SignatureProfile};

/// Which elements of a Response carry a signature.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Signed {
    /// The Assertion, as Entra ID and Okta do by default.
    #[default]
    Assertion,
    /// The Response.
    Response,
    /// Both: first the Assertion, then the Response around it.
    Both,
    /// Hostile: neither.
    Nothing,
}

/// What a Response says besides the subject. [`Self::new`] makes terms that a service provider accepts; every
/// field may be changed, and [`Deviations`] break single rules.
#[derive(Clone, Debug)]
pub struct ResponseTerms {
    /// The Response's ID.
    pub response_id: String,
    /// The Assertion's ID.
    pub assertion_id: String,
    /// The SessionIndex of the AuthnStatement.
    pub session_index: String,
    /// The ID of the request that is answered; `None` for an unsolicited Response.
    pub in_response_to: Option<String>,
    /// The assertion consumer service: Destination and Recipient.
    pub acs_url: String,
    /// The service provider's entity id.
    pub audience: String,
    /// The present: IssueInstant and AuthnInstant.
    pub now: Timestamp,
    /// How long before `now` the Conditions begin to hold.
    pub backdated: Duration,
    /// How long after `now` Conditions and SubjectConfirmationData hold.
    pub lifetime: Duration,
    /// The AuthnContextClassRef.
    pub authn_context: String,
    /// Which elements are signed.
    pub signed: Signed,
    /// How they are signed; `None` is the usual profile of the identity provider's key.
    pub signature: Option<SignatureProfile>,
    /// What is encrypted, for whom and how; `None` leaves everything readable.
    pub encryption: Option<EncryptionTerms>,
    /// Rules to break.
    pub deviations: Deviations,
}

impl ResponseTerms {
    /// Terms of an acceptable Response to `acs_url`, meant for `audience`, with fresh ids, valid for five minutes.
    #[must_use]
    pub fn new(
        acs_url: impl Into<String>,
        audience: impl Into<String>,
        now: Timestamp,
        ids: &(dyn IdSource + 'static),
    ) -> Self {
        let id = || format!("_{}", hex::encode(ids.bytes::<16>()));
        Self {
            response_id: id(),
            assertion_id: id(),
            session_index: id(),
            in_response_to: None,
            acs_url: acs_url.into(),
            audience: audience.into(),
            now,
            backdated: Duration::ZERO,
            lifetime: Duration::from_mins(5),
            authn_context: "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport".to_owned(),
            signed: Signed::default(),
            signature: None,
            encryption: None,
            deviations: Deviations::default(),
        }
    }

    /// The same terms as the answer to a request.
    #[must_use]
    pub fn answering(mut self, request_id: impl Into<String>) -> Self {
        self.in_response_to = Some(request_id.into());
        self
    }

    /// The same terms with other elements signed.
    #[must_use]
    pub const fn signed(mut self, signed: Signed) -> Self {
        self.signed = signed;
        self
    }

    /// The same terms with something encrypted.
    #[must_use]
    pub fn encrypted(mut self, encryption: EncryptionTerms) -> Self {
        self.encryption = Some(encryption);
        self
    }

    /// The same terms with rules broken.
    #[must_use]
    pub fn deviating(mut self, deviate: impl FnOnce(&mut Deviations)) -> Self {
        deviate(&mut self.deviations);
        self
    }
}

/// What happens to one value of a Response.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Deviation {
    /// It is written as the terms say.
    #[default]
    None,
    /// It is left out.
    Omit,
    /// Something else is written.
    Instead(String),
}

impl Deviation {
    /// Something else is written.
    #[must_use]
    pub fn instead(value: impl Into<String>) -> Self {
        Self::Instead(value.into())
    }

    pub(crate) fn of(&self, agreed: impl Into<String>) -> Option<String> {
        self.of_option(Some(agreed.into()))
    }

    pub(crate) fn of_option(&self, agreed: Option<String>) -> Option<String> {
        match self {
            Self::None => agreed,
            Self::Omit => None,
            Self::Instead(value) => Some(value.clone()),
        }
    }
}

/// The rules that a Response shall break: for the tests of a service provider.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Deviations {
    /// The Response's Version.
    pub version: Deviation,
    /// The Response's Issuer.
    pub response_issuer: Deviation,
    /// The Assertion's Issuer.
    pub assertion_issuer: Deviation,
    /// The Response's IssueInstant.
    pub response_issue_instant: Deviation,
    /// The Assertion's IssueInstant.
    pub assertion_issue_instant: Deviation,
    /// The Response's Destination.
    pub destination: Deviation,
    /// The Response's InResponseTo.
    pub response_in_response_to: Deviation,
    /// The StatusCode; omitting it leaves out the whole Status.
    pub status: Deviation,
    /// The Subject's NameID.
    pub name_id: Deviation,
    /// The Method of the SubjectConfirmation.
    pub confirmation_method: Deviation,
    /// The Recipient of the SubjectConfirmationData.
    pub recipient: Deviation,
    /// The InResponseTo of the SubjectConfirmationData.
    pub confirmation_in_response_to: Deviation,
    /// The NotBefore of the SubjectConfirmationData, which SAML forbids for bearer; absent unless set.
    pub confirmation_not_before: Deviation,
    /// The NotOnOrAfter of the SubjectConfirmationData.
    pub confirmation_not_on_or_after: Deviation,
    /// Leaves out the whole Conditions element when set to [`Deviation::Omit`].
    pub conditions: Deviation,
    /// The NotBefore of the Conditions.
    pub not_before: Deviation,
    /// The NotOnOrAfter of the Conditions.
    pub not_on_or_after: Deviation,
    /// The Audience; omitting it leaves out the AudienceRestriction.
    pub audience: Deviation,
    /// The AuthnInstant; omitting it leaves out the whole AuthnStatement.
    pub authn_instant: Deviation,
    /// The SessionNotOnOrAfter of the AuthnStatement; absent unless set.
    pub session_not_on_or_after: Deviation,
}
