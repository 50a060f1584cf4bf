//! What the trace keeps of a sign-in: where it ended, why, who has to mend it, and the five facts.

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vestibule_kernel::{ConnectionId, OrganizationId, Timestamp};
use vestibule_rpc::saml::v1::{self as pb, refusal};
use vestibule_storage::RecordedSignIn;

use crate::{
    limit::{TRACE_CHECKS_MAX, TRACE_LIFETIME, TRACE_TEXT_BYTES_MAX},
    telemetry,
};

/// The reason of a sign-in that was not refused.
pub(crate) const ACCEPTED: &str = "ACCEPTED";

/// The reason of a LogoutRequest that was heard. Not [`ACCEPTED`], so that sign-outs push no sign-in out of the trace.
pub(crate) const SIGNED_OUT: &str = "SIGNED_OUT";

/// The reason of a Response that nobody asked for, after which the application begins a sign-in. Not [`ACCEPTED`], for
/// nobody is signed in.
pub(crate) const INITIATED: &str = "INITIATED";

/// The reason of a test sign-in that passed. Not [`ACCEPTED`], for nobody is signed in.
pub(crate) const TEST_PASSED: &str = "TEST_PASSED";

/// Where a sign-in ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    Authorize,
    Acs,
    Token,
    Userinfo,
    Logout,
    Test,
}

impl Stage {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Acs => "acs",
            Self::Token => "token",
            Self::Userinfo => "userinfo",
            Self::Logout => "logout",
            Self::Test => "test",
        }
    }
}

/// Who has to mend what went wrong.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Responsible {
    IdentityProvider,
    Operator,
    Cognito,
    Application,
    Person,
}

/// The five facts of a sign-in.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Facts {
    /// How the person was routed.
    pub(crate) routing_decision: String,
    /// The certificate that verified the signature, or what was wrong with it.
    pub(crate) certificate_status: String,
    /// Every check of the assertion.
    pub(crate) checks: Vec<Check>,
    /// Which claims came of the attributes; names only.
    pub(crate) normalised_claims: Vec<String>,
    /// What Cognito was answered.
    pub(crate) answer: String,
}

/// One check of a verdict.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Check {
    pub(crate) name: String,
    pub(crate) status: i32,
    pub(crate) expected: String,
    pub(crate) found: String,
}

/// A sign-in that ended, well or not.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// The reference id.
    pub(crate) sign_in: Uuid,
    pub(crate) organization: Option<OrganizationId>,
    pub(crate) connection: Option<ConnectionId>,
    pub(crate) stage: Stage,
    pub(crate) reason: String,
    pub(crate) responsible: Option<Responsible>,
    pub(crate) facts: Facts,
}

/// What of a report is stored as JSON.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Document {
    pub(crate) stage: Stage,
    pub(crate) responsible: Option<Responsible>,
    #[serde(flatten)]
    pub(crate) facts: Facts,
    pub(crate) trace_id: String,
}

impl Report {
    /// The report as the store keeps it.
    pub(crate) fn into_record(self, now: Timestamp) -> RecordedSignIn {
        let document = Document {
            stage: self.stage,
            responsible: self.responsible,
            facts: self.facts,
            trace_id: telemetry::trace_id(),
        };
        RecordedSignIn {
            id: self.sign_in,
            organization: self.organization,
            connection: self.connection,
            reason: short(&self.reason),
            at: now,
            expires_at: now.plus(TRACE_LIFETIME),
            document: serde_json::to_value(document).unwrap_or_default(),
        }
    }
}

impl Facts {
    /// The facts about a verdict, shortened to what the trace keeps.
    pub(crate) fn of_checks(routing_decision: &str, checks: &[pb::Check]) -> Self {
        let failed = |check: &&pb::Check| check.status() == pb::check::Status::Failed;
        let certificate = checks.iter().filter(|check| check.name.contains("signature")).find(failed);
        Self {
            routing_decision: short(routing_decision),
            certificate_status: certificate.map(|check| short(&check.found)).unwrap_or_default(),
            checks: checks.iter().take(TRACE_CHECKS_MAX).map(Check::of).collect(),
            ..Self::default()
        }
    }
}

impl Check {
    fn of(check: &pb::Check) -> Self {
        Self {
            name: short(&check.name),
            status: check.status,
            expected: short(&check.expected),
            found: short(&check.found),
        }
    }
}

impl Responsible {
    pub(crate) const fn of(responsible: refusal::Responsible) -> Self {
        match responsible {
            refusal::Responsible::IdentityProvider => Self::IdentityProvider,
            refusal::Responsible::Cognito => Self::Cognito,
            refusal::Responsible::Application => Self::Application,
            refusal::Responsible::Person => Self::Person,
            // Who does not say is taken for our own side: that is where somebody looks.
            refusal::Responsible::Operator | refusal::Responsible::Unspecified => Self::Operator,
        }
    }

    pub(crate) const fn to_proto(self) -> refusal::Responsible {
        match self {
            Self::IdentityProvider => refusal::Responsible::IdentityProvider,
            Self::Operator => refusal::Responsible::Operator,
            Self::Cognito => refusal::Responsible::Cognito,
            Self::Application => refusal::Responsible::Application,
            Self::Person => refusal::Responsible::Person,
        }
    }
}

/// At most [`TRACE_TEXT_BYTES_MAX`] bytes of `text`, cut between characters.
pub(crate) fn short(text: &str) -> String {
    if text.len() <= TRACE_TEXT_BYTES_MAX {
        return text.to_owned();
    }
    let end = (0..=TRACE_TEXT_BYTES_MAX).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    let (kept, _) = text.split_at(end);
    format!("{kept}…")
}
