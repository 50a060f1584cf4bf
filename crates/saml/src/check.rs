mod finding;

use std::fmt;

pub(crate) use self::finding::{Finding, Listed, finding};
use crate::{Assertion, Fingerprint, Refusal};

/// The outcome of a validation, with every check of the path.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// All checks in the order in which they are made; those behind a failed one are [`CheckStatus::NotReached`].
    pub checks: Checks,
    /// The assertion, or why there is none.
    pub outcome: Result<Assertion, Refusal>,
    /// What was verified, when the assertion was accepted and another engine can verify it by itself: not when the only
    /// signature is that of a Response around an encrypted Assertion, nor when the NameID is encrypted.
    pub verified: Option<Verified>,
}

/// What the signatures of an accepted assertion cover, so that another engine can be asked about the same thing.
#[derive(Clone, Eq, PartialEq)]
pub struct Verified {
    /// The document whose signatures were verified and that was read: the Response, or the decrypted Assertion.
    pub document: String,
    /// The certificates whose keys verified them, each once.
    pub signed_by: Vec<Fingerprint>,
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").field("signed_by", &self.signed_by).finish_non_exhaustive()
    }
}

impl Verdict {
    /// The check that failed; `None` when the assertion was accepted.
    #[must_use]
    pub fn failed_check(&self) -> Option<Check<'_>> {
        self.checks.failed()
    }
}

/// Checks in the order in which they were made. Their texts lie in one piece, because nearly always they all pass and
/// nobody reads them.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Checks {
    notes: Vec<Note>,
    text: String,
}

/// A check, and how much of the text is what was expected and found.
#[derive(Clone, Copy, Eq, PartialEq)]
struct Note {
    name: CheckName,
    status: CheckStatus,
    expected_bytes: usize,
    found_bytes: usize,
}

impl Checks {
    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = Check<'_>> {
        let mut rest = self.text.as_str();
        self.notes.iter().map(move |note| {
            let mut take = |bytes| {
                let (taken, behind) = rest.split_at_checked(bytes).unwrap_or_default();
                rest = behind;
                taken
            };
            let (expected, found) = (take(note.expected_bytes), take(note.found_bytes));
            Check { name: note.name, status: note.status, expected, found }
        })
    }

    /// The one that failed.
    pub(crate) fn failed(&self) -> Option<Check<'_>> {
        self.iter().find(|check| check.status == CheckStatus::Failed)
    }
}

impl fmt::Debug for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// One check: what was expected and what was found. Neither holds a NameID, an attribute value or a secret, and
/// both are cut to [`crate::limit::FINDING_CHARS_MAX`] characters without control characters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Check<'a> {
    /// Which check.
    pub name: CheckName,
    /// How it went.
    pub status: CheckStatus,
    /// What would have passed.
    pub expected: &'a str,
    /// What was there.
    pub found: &'a str,
}

/// How a check went.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum CheckStatus {
    /// As expected.
    Passed,
    /// Accepted, but somebody should look at it.
    Warned,
    /// Not as expected: the reason of the refusal.
    Failed,
    /// An earlier check failed.
    NotReached,
}

impl CheckStatus {
    /// Stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Warned => "warned",
            Self::Failed => "failed",
            Self::NotReached => "not_reached",
        }
    }
}

macro_rules! check_names {
    (
        response { $($(#[$doc:meta])* $name:ident = $text:literal;)+ }
        logout { $($(#[$logout_doc:meta])* $logout:ident = $logout_text:literal;)+ }
    ) => {
        /// The checks of a Response, in the order in which they are made, and those that only logout messages have.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        #[non_exhaustive]
        pub enum CheckName { $($(#[$doc])* $name,)+ $($(#[$logout_doc])* $logout,)+ }

        impl CheckName {
            /// All checks of a Response, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Stable name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ $(Self::$logout => $logout_text,)+ }
            }
        }
    };
}

check_names! {
    response {
        /// The form value is Base64 of UTF-8 within the size limit.
        MessageEncoding = "message.encoding";
        /// The XML is well-formed, has no DTD and stays within all limits.
        MessageXml = "message.xml";
        /// The message is a SAML 2.0 Response.
        ResponseShape = "response.shape";
        /// The identity provider reports success.
        ResponseStatus = "response.status";
        /// There is exactly one Assertion, in its place.
        ResponseAssertion = "response.assertion";
        /// What is encrypted is encrypted as it may be, and opens with a key of this connection.
        ResponseEncryption = "response.encryption";
        /// There is a signature on the Response, the Assertion or both, and nowhere else.
        SignaturePresent = "signature.present";
        /// The signature has the form that SAML prescribes.
        SignatureProfile = "signature.profile";
        /// The signature refers to the element it stands in, through the allowed transforms.
        SignatureReference = "signature.reference";
        /// The algorithms are on the list.
        SignatureAlgorithm = "signature.algorithm";
        /// The signature verifies with the key of a trusted certificate.
        SignatureValue = "signature.value";
        /// The certificate is within its validity; only warns.
        SignatureCertificate = "signature.certificate";
        /// The Response's Issuer is the identity provider.
        ResponseIssuer = "response.issuer";
        /// The Assertion's Issuer is the identity provider.
        AssertionIssuer = "assertion.issuer";
        /// The Response was sent to this assertion consumer service.
        ResponseDestination = "response.destination";
        /// The Response answers the request.
        ResponseInResponseTo = "response.in_response_to";
        /// The Assertion was made just now.
        AssertionIssueInstant = "assertion.issue_instant";
        /// The Subject has a NameID.
        SubjectNameId = "subject.name_id";
        /// The Subject is confirmed by bearing the Assertion.
        ConfirmationMethod = "confirmation.method";
        /// The Assertion may be presented at this assertion consumer service.
        ConfirmationRecipient = "confirmation.recipient";
        /// The Assertion answers the request.
        ConfirmationInResponseTo = "confirmation.in_response_to";
        /// The Assertion may be presented now.
        ConfirmationTime = "confirmation.time";
        /// The Conditions hold already.
        ConditionsNotBefore = "conditions.not_before";
        /// The Conditions hold still.
        ConditionsNotOnOrAfter = "conditions.not_on_or_after";
        /// The Assertion is meant for this service provider.
        ConditionsAudience = "conditions.audience";
        /// The person proved who they are, and the session lasts.
        AuthnStatement = "authn.statement";
        /// The person proved it in a way that this connection requires.
        AuthnContext = "authn.context";
        /// The attributes are readable and within the limits.
        Attributes = "attributes";
    }
    logout {
        /// The message is a SAML 2.0 LogoutRequest or LogoutResponse.
        LogoutShape = "logout.shape";
        /// The message's Issuer is the identity provider.
        LogoutIssuer = "logout.issuer";
        /// The message was sent to this single logout service.
        LogoutDestination = "logout.destination";
        /// The message was made just now.
        LogoutIssueInstant = "logout.issue_instant";
        /// The request may still be heard.
        LogoutNotOnOrAfter = "logout.not_on_or_after";
        /// The sessions are named within the limits.
        LogoutSessionIndex = "logout.session_index";
        /// The answer is one to the request that waits for it.
        LogoutInResponseTo = "logout.in_response_to";
        /// The identity provider reports success; only warns.
        LogoutStatus = "logout.status";
    }
}

impl CheckName {
    /// All checks of a logout message. In the Redirect binding the signature comes before everything else.
    pub const LOGOUT: &'static [Self] = &[
        Self::MessageEncoding,
        Self::MessageXml,
        Self::LogoutShape,
        Self::SignaturePresent,
        Self::SignatureProfile,
        Self::SignatureReference,
        Self::SignatureAlgorithm,
        Self::SignatureValue,
        Self::SignatureCertificate,
        Self::LogoutIssuer,
        Self::LogoutDestination,
        Self::LogoutIssueInstant,
        Self::LogoutNotOnOrAfter,
        Self::ResponseEncryption,
        Self::SubjectNameId,
        Self::LogoutSessionIndex,
        Self::LogoutInResponseTo,
        Self::LogoutStatus,
    ];
}

impl fmt::Display for CheckName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl CheckName {
    /// A bit of its own.
    const fn bit(self) -> u64 {
        1 << self as u32
    }
}

/// What the findings of a Response that is accepted take, and some more.
const TEXT_BYTES: usize = 3072;

/// Writes down the checks while they are made.
#[derive(Debug, Default)]
pub(crate) struct Checklist {
    checks: Checks,
    /// The bits of those that were made.
    made: u64,
}

impl Checklist {
    pub(crate) fn pass(&mut self, name: CheckName, expected: impl Finding, found: impl Finding) {
        self.note(name, CheckStatus::Passed, expected, found);
    }

    pub(crate) fn warn(&mut self, name: CheckName, expected: impl Finding, found: impl Finding) {
        self.note(name, CheckStatus::Warned, expected, found);
    }

    pub(crate) fn fail(
        &mut self,
        name: CheckName,
        expected: impl Finding,
        found: impl Finding,
        refusal: Refusal,
    ) -> Refusal {
        self.note(name, CheckStatus::Failed, expected, found);
        refusal
    }

    /// Passes when `holds`, else fails with `refusal`.
    pub(crate) fn require(
        &mut self,
        name: CheckName,
        holds: bool,
        expected: impl Finding,
        found: impl Finding,
        refusal: Refusal,
    ) -> Result<(), Refusal> {
        self.note(name, if holds { CheckStatus::Passed } else { CheckStatus::Failed }, expected, found);
        if holds { Ok(()) } else { Err(refusal) }
    }

    /// The verdict: the checks that were not reached are added.
    pub(crate) fn into_verdict(self, judged: Result<(Assertion, Option<Verified>), Refusal>) -> Verdict {
        let checks = self.finish(CheckName::ALL);
        let (outcome, verified) = match judged {
            Ok((assertion, verified)) => (Ok(assertion), verified),
            Err(refusal) => (Err(refusal), None),
        };
        Verdict { checks, outcome, verified }
    }

    /// All of these checks; those that were not reached are added.
    pub(crate) fn finish(mut self, names: &[CheckName]) -> Checks {
        for name in names {
            if self.made & name.bit() == 0 {
                self.note(*name, CheckStatus::NotReached, "", "");
            }
        }
        self.checks
    }

    fn note(&mut self, name: CheckName, status: CheckStatus, expected: impl Finding, found: impl Finding) {
        let Checks { notes, text } = &mut self.checks;
        if notes.is_empty() {
            notes.reserve(CheckName::ALL.len() + 1);
            text.reserve(TEXT_BYTES);
        }
        let expected_bytes = finding::append(text, expected);
        let found_bytes = finding::append(text, found);
        notes.push(Note { name, status, expected_bytes, found_bytes });
        self.made |= name.bit();
    }
}
