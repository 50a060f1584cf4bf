//! Single logout (SAML core section 3.7, profiles section 4.4): making and judging of its messages.
//!
//! Each message is signed. In the Redirect binding the signature is verified over the bytes of the query as they came,
//! before anything is inflated or parsed; in the POST binding it is enveloped and has to pass the same code as the
//! signature of a Response. Whoever may end somebody's session is whoever signed for the connection, and nobody else.

mod create;
mod detached;
mod enveloped;
mod query;
mod read;

use std::{fmt, time::Duration};

use vestibule_kernel::Timestamp;

pub use self::create::{LogoutRequest, LogoutResponse, LogoutStatus};
use self::query::Query;
use crate::{
    Certificate, Check, CheckName, Checks, DecryptionKeys, Fingerprint, MessageKind, NameId, Refusal,
    TrustedCertificates,
    check::Checklist,
    response::{Validity, Window, decode},
    xml::{self, Limits, Node},
};

const ALGORITHMS: &str = "RSA or ECDSA with SHA-256, SHA-384 or SHA-512";

/// A logout message as it arrived.
#[derive(Clone, Copy)]
pub enum LogoutMessage<'a> {
    /// In the query of a redirect (SAML bindings section 3.4): the query as it came, not decoded.
    Redirect {
        /// What stands behind the question mark.
        query: &'a str,
    },
    /// In a form (SAML bindings section 3.5).
    Post {
        /// The name of the field.
        kind: MessageKind,
        /// The field's value: Base64.
        value: &'a str,
    },
}

/// What a logout message is compared with.
#[derive(Clone, Copy, Debug)]
pub struct LogoutExpectation<'a> {
    /// Where the message arrived.
    pub slo_url: &'a str,
    /// The entity id of the identity provider.
    pub identity_provider: &'a str,
    /// The certificates whose keys may have signed.
    pub trusted: &'a TrustedCertificates,
    /// The ID of the LogoutRequest that waits for an answer; without one, no answer is taken.
    pub in_response_to: Option<&'a str>,
    /// The present.
    pub now: Timestamp,
    /// By how much the clocks of both sides may differ; at most [`crate::limit::SKEW_MAX`] counts.
    pub skew: Duration,
    /// Whether a certificate must be valid now for its signatures to count.
    pub enforce_certificate_validity: bool,
    /// The keys that open what is encrypted for this connection; `None`: nothing may be.
    pub decryption: Option<&'a DecryptionKeys>,
    /// Until when signatures and digests with SHA-1 are accepted, each time with a warning; `None`: they are not.
    pub sha1_until: Option<Timestamp>,
}

/// The outcome of judging a logout message, with every check of the path.
#[derive(Clone, Debug)]
pub struct LogoutVerdict {
    /// All checks, those of [`CheckName::LOGOUT`]; those behind a failed one are [`crate::CheckStatus::NotReached`], and so are
    /// those that are for the other kind of message.
    pub checks: Checks,
    /// What the identity provider says, or why it is not heard.
    pub outcome: Result<ReceivedLogout, Refusal>,
}

/// What an identity provider says, verified.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ReceivedLogout {
    /// It wants somebody signed out.
    Request(ReceivedLogoutRequest),
    /// It answers.
    Response(ReceivedLogoutResponse),
}

/// A LogoutRequest of an identity provider (SAML core section 3.7.1).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReceivedLogoutRequest {
    /// Its ID. A request is used once: the caller remembers the pair of connection and ID.
    pub id: String,
    /// Who shall be signed out.
    pub subject: NameId,
    /// Of which sessions; empty means all.
    pub session_indexes: Vec<String>,
    /// When it was made; never further back than [`crate::limit::LOGOUT_AGE_MAX`].
    pub issue_instant: Timestamp,
    /// The certificate whose key verified the signature.
    pub signed_by: Fingerprint,
}

/// A LogoutResponse of an identity provider (SAML core section 3.7.2) to a request of ours.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReceivedLogoutResponse {
    /// What became of the request.
    pub outcome: LogoutOutcome,
    /// The certificate whose key verified the signature.
    pub signed_by: Fingerprint,
}

/// What became of a LogoutRequest of ours.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LogoutOutcome {
    /// The session has ended.
    Success,
    /// The session has ended, but not everywhere (`PartialLogout`, SAML core section 3.2.2.2).
    Partial,
    /// The identity provider did not do it. The status code, cut to [`crate::limit::FINDING_CHARS_MAX`] characters.
    Refused(String),
}

impl fmt::Debug for LogoutMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Redirect { query } => write!(f, "Redirect({} bytes)", query.len()),
            Self::Post { kind, value } => write!(f, "Post({}, {} bytes)", kind.parameter(), value.len()),
        }
    }
}

impl LogoutVerdict {
    /// The check that failed; `None` when the message was taken.
    #[must_use]
    pub fn failed_check(&self) -> Option<Check<'_>> {
        self.checks.failed()
    }
}

/// Judges a logout message.
#[must_use]
pub fn validate_logout(message: &LogoutMessage<'_>, expectation: &LogoutExpectation<'_>) -> LogoutVerdict {
    let mut checks = Checklist::default();
    let outcome = match message {
        LogoutMessage::Redirect { query } => redirected(query, expectation, &mut checks),
        LogoutMessage::Post { kind, value } => posted(*kind, value, expectation, &mut checks),
    };
    LogoutVerdict { checks: checks.finish(CheckName::LOGOUT), outcome }
}

/// The signature first: what the identity provider did not sign is neither inflated nor parsed.
fn redirected(
    query: &str,
    expectation: &LogoutExpectation<'_>,
    checks: &mut Checklist,
) -> Result<ReceivedLogout, Refusal> {
    let query = Query::read(query, checks)?;
    let signed_by = detached::verify(&query, expectation, checks)?;
    let xml = query.inflate(checks)?;
    let document = parse(&xml, checks)?;
    let (root, id) = read::shape(Node::root(&document), query.kind, checks)?;
    enveloped::must_be_absent(root, checks)?;
    read::values(root, id, query.kind, signed_by, expectation, checks)
}

fn posted(
    kind: MessageKind,
    value: &str,
    expectation: &LogoutExpectation<'_>,
    checks: &mut Checklist,
) -> Result<ReceivedLogout, Refusal> {
    let xml = decode(value, checks)?;
    let document = parse(&xml, checks)?;
    let (root, id) = read::shape(Node::root(&document), kind, checks)?;
    let signed_by = enveloped::verify(root, id, expectation, checks)?;
    read::values(root, id, kind, signed_by, expectation, checks)
}

fn parse<'x>(xml: &'x str, checks: &mut Checklist) -> Result<uppsala::Document<'x>, Refusal> {
    let (name, expected) = (CheckName::MessageXml, "well-formed XML without DTD, within the limits");
    let document = xml::parse(xml, Limits::LOGOUT).map_err(|fault| {
        let refusal = Refusal::from(fault);
        checks.fail(name, expected, format_args!("{} bytes: {refusal}", xml.len()), refusal)
    })?;
    checks.pass(name, expected, format_args!("{} bytes", xml.len()));
    Ok(document)
}

impl LogoutExpectation<'_> {
    fn window(&self) -> Window {
        Window::new(self.now, self.skew)
    }

    /// Until when SHA-1 counts, if it counts now.
    fn sha1_until(&self) -> Option<Timestamp> {
        self.sha1_until.filter(|until| self.now < *until)
    }

    fn require_validity(&self, certificate: &Certificate, checks: &mut Checklist) -> Result<(), Refusal> {
        let validity = Validity { now: self.now, enforced: self.enforce_certificate_validity };
        validity.require(std::iter::once(certificate), self.trusted, checks)
    }

    fn note_algorithm(&self, algorithm: &str, uses_sha1: bool, checks: &mut Checklist) {
        let name = CheckName::SignatureAlgorithm;
        match self.sha1_until().filter(|_| uses_sha1) {
            Some(until) => {
                let found = format!("SHA-1, which this connection allows until {until}: {algorithm}");
                checks.warn(name, ALGORITHMS, &found);
            }
            None => checks.pass(name, ALGORITHMS, algorithm),
        }
    }
}
