use vestibule_rpc::saml::v1::{self as pb, check::Status};
use vestibule_saml as saml;

use crate::refusal::Refusal;

/// Characters of what a check of ours tells: more than of the engine's ([`saml::limit::FINDING_CHARS_MAX`]), because names of
/// attributes are long, and together still little.
const FOUND_CHARS_MAX: usize = 2048;

/// What is checked beside the Response itself, in this order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Check {
    /// Before the Response itself; all others behind it.
    ConnectionTrusted,
    OrganizationActive,
    ConnectionEnabled,
    SubjectStable,
    ClaimsPresent,
    EmailReleasable,
    SecondOpinion,
    PersonActive,
    AssertionUnused,
    RequestUnanswered,
    /// Behind a logout message.
    LogoutRequestUnused,
    /// Before a Response that nobody asked for.
    UnsolicitedAllowed,
}

impl Check {
    const BEHIND: [Self; 9] = [
        Self::OrganizationActive,
        Self::ConnectionEnabled,
        Self::SubjectStable,
        Self::ClaimsPresent,
        Self::EmailReleasable,
        Self::SecondOpinion,
        Self::PersonActive,
        Self::AssertionUnused,
        Self::RequestUnanswered,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::ConnectionTrusted => "connection.trusted",
            Self::OrganizationActive => "organization.active",
            Self::ConnectionEnabled => "connection.enabled",
            Self::SubjectStable => "subject.stable",
            Self::ClaimsPresent => "claims.present",
            Self::EmailReleasable => "email.releasable",
            Self::SecondOpinion => "second_opinion",
            Self::PersonActive => "person.active",
            Self::RequestUnanswered => "request.unanswered",
            Self::AssertionUnused => "assertion.unused",
            Self::LogoutRequestUnused => "logout.request_unused",
            Self::UnsolicitedAllowed => "connection.idp_initiated",
        }
    }

    const fn expected(self) -> &'static str {
        match self {
            Self::ConnectionTrusted => "a usable signing certificate",
            Self::OrganizationActive => "an active organization",
            Self::ConnectionEnabled => "an enabled connection",
            Self::SubjectStable => "one value that is the same at each sign-in, where the connection looks for it",
            Self::ClaimsPresent => "every claim that the connection requires",
            Self::EmailReleasable => "one address inside a verified domain of the organization",
            Self::SecondOpinion => "another engine verifies it and reads the same",
            Self::PersonActive => "a person who is not deactivated, or a new one",
            Self::RequestUnanswered => "a request that was not answered before",
            Self::UnsolicitedAllowed => "a connection that takes Responses nobody asked for",
            Self::LogoutRequestUnused => "a LogoutRequest that was not heard before",
            Self::AssertionUnused => "an assertion that was not used before",
        }
    }
}

/// Every check of an answer, in the order in which they are made.
#[derive(Debug, Default)]
pub(crate) struct Checklist {
    checks: Vec<pb::Check>,
    asks_second_opinion: bool,
}

impl Checklist {
    /// Adds what the engine checked.
    pub(crate) fn extend(&mut self, checks: &saml::Checks) {
        self.checks.extend(checks.iter().map(message));
    }

    /// Where nobody asks another engine, the list does not speak of it.
    pub(crate) const fn expect_second_opinion(&mut self) {
        self.asks_second_opinion = true;
    }

    pub(crate) fn pass(&mut self, check: Check) {
        self.note(check, Status::Passed, "as expected");
    }

    pub(crate) fn warn(&mut self, check: Check, found: &str) {
        self.note(check, Status::Warning, found);
    }

    /// Notes what failed and hands the refusal on.
    pub(crate) fn fail(&mut self, check: Check, found: &str, refusal: Refusal) -> Refusal {
        self.note(check, Status::Failed, found);
        refusal
    }

    /// Passes when `holds`, else fails with `refusal`.
    pub(crate) fn require(&mut self, check: Check, holds: bool, found: &str, refusal: Refusal) -> Result<(), Refusal> {
        if holds {
            self.pass(check);
            Ok(())
        } else {
            Err(self.fail(check, found, refusal))
        }
    }

    /// All checks of a Response; those that were not made are marked as not reached.
    pub(crate) fn finish(self) -> Vec<pb::Check> {
        let asks = self.asks_second_opinion;
        let behind = Check::BEHIND.into_iter().filter(|check| *check != Check::SecondOpinion || asks);
        self.with(saml::CheckName::ALL, behind)
    }

    /// All checks of a Response that nobody asked for; those that were not made are marked as not reached.
    pub(crate) fn finish_unsolicited(self) -> Vec<pb::Check> {
        self.with(saml::CheckName::ALL, [Check::OrganizationActive, Check::ConnectionEnabled])
    }

    /// All checks of a logout message; those that were not made are marked as not reached.
    pub(crate) fn finish_logout(self) -> Vec<pb::Check> {
        self.with(saml::CheckName::LOGOUT, [Check::LogoutRequestUnused])
    }

    fn with(mut self, engine: &[saml::CheckName], behind: impl IntoIterator<Item = Check>) -> Vec<pb::Check> {
        for name in engine.iter().map(|name| name.as_str()).chain(behind.into_iter().map(Check::name)) {
            if self.checks.iter().all(|made| made.name != name) {
                let (name, status) = (name.to_owned(), Status::NotReached.into());
                self.checks.push(pb::Check { name, status, ..pb::Check::default() });
            }
        }
        self.checks
    }

    fn note(&mut self, check: Check, status: Status, found: &str) {
        self.checks.push(pb::Check {
            name: check.name().to_owned(),
            status: status.into(),
            expected: check.expected().to_owned(),
            found: printable(found),
        });
    }
}

/// What terminals obey is not told: names of attributes are the identity provider's words.
fn printable(text: &str) -> String {
    let told = text.chars().map(|each| if each.is_control() { char::REPLACEMENT_CHARACTER } else { each });
    told.take(FOUND_CHARS_MAX).collect()
}

fn message(check: saml::Check<'_>) -> pb::Check {
    let status = match check.status {
        saml::CheckStatus::Passed => Status::Passed,
        saml::CheckStatus::Warned => Status::Warning,
        saml::CheckStatus::Failed => Status::Failed,
        saml::CheckStatus::NotReached => Status::NotReached,
    };
    pb::Check {
        name: check.name.to_string(),
        status: status.into(),
        expected: check.expected.to_owned(),
        found: check.found.to_owned(),
    }
}
