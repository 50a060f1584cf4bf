//! Responses that people look at: judged as any other, and nothing comes of it.

use vestibule_kernel::Timestamp;
use vestibule_rpc::{
    from_proto_timestamp,
    saml::v1::{ExplainResponseRequest, ExplainResponseResponse},
};
use vestibule_saml::{RequestId, Unverified, pasted_form_value};

use super::{Api, Arrived};
use crate::{
    checklist::{Check, Checklist},
    error::Error,
    explain,
    judge::{Acceptable, Case},
    refusal::Refusal,
};

impl Api {
    pub(super) async fn explain(&self, asked: &ExplainResponseRequest) -> Result<ExplainResponseResponse, Error> {
        let named = request_of(&asked.request_id)?;
        let now = self.moment(asked.time.as_ref())?;
        let connection = self.connection(&asked.connection).await?;
        let saml_response = pasted_form_value(&asked.saml_response);
        let unverified = Unverified::read(&saml_response).ok();
        let request_id = explain::request_id(named.as_ref(), unverified.as_ref());
        let email_required = asked.email_required;
        let case = self
            .case(&connection, Arrived { saml_response: &saml_response, request_id: &request_id, email_required, now });
        let (checks, verdict) = self.judge_sample(&case).await?;
        Ok(explain::answer(&case, unverified, checks, &verdict))
    }

    /// Judges what will sign nobody in; looks at what the log knows of it, and changes nothing.
    pub(super) async fn judge_sample(
        &self,
        case: &Case<'_>,
    ) -> Result<(Checklist, Result<Acceptable, Refusal>), Error> {
        let (mut checks, mut verdict) = self.judge(case).await?;
        if let Ok(acceptable) = &verdict {
            let is_deactivated = self.acceptor.is_deactivated(case.connection, &acceptable.subject).await?;
            let used = self.acceptor.is_used(case.connection, &acceptable.assertion, case.request_id).await?;
            if is_deactivated {
                verdict = Err(checks.fail(Check::PersonActive, "deactivated", Refusal::PersonDeactivated));
            } else {
                checks.pass(Check::PersonActive);
                note_earlier_use(&mut checks, used);
            }
        }
        Ok((checks, verdict))
    }

    /// The moment that somebody asks about.
    pub(super) fn moment(&self, named: Option<&prost_types::Timestamp>) -> Result<Timestamp, Error> {
        named.map_or_else(|| Ok(self.clock.now()), |time| from_proto_timestamp(time).ok_or(Error::Time))
    }
}

/// The request that somebody names, if they name one.
pub(super) fn request_of(text: &str) -> Result<Option<RequestId>, Error> {
    if text.is_empty() { Ok(None) } else { Ok(Some(text.parse()?)) }
}

/// What the log knows about an acceptable assertion: for whom explains, having been used is no mistake.
fn note_earlier_use(checks: &mut Checklist, (assertion_used, request_answered): (bool, bool)) {
    for (check, used) in [(Check::AssertionUnused, assertion_used), (Check::RequestUnanswered, request_answered)] {
        if used {
            checks.warn(check, "it was before: presented again, it is refused");
        } else {
            checks.pass(check);
        }
    }
}
