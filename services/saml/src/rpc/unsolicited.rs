//! Responses that nobody asked for (SAML Profiles section 4.1.5). They prove that the identity provider has somebody to
//! send, and not that this browser's person wants to be that somebody: so whom they name is not even read.

use std::sync::Arc;

use vestibule_rpc::{
    resource,
    saml::v1::{ValidateUnsolicitedResponseRequest, ValidateUnsolicitedResponseResponse},
};
use vestibule_saml::Verdict;

use super::Api;
use crate::{
    checklist::{Check, Checklist},
    connection::ReadyConnection,
    error::Error,
    judge::Asked,
    refusal::Refusal,
};

impl Api {
    pub(super) async fn validate_unsolicited(
        &self,
        asked: &ValidateUnsolicitedResponseRequest,
    ) -> Result<ValidateUnsolicitedResponseResponse, Error> {
        let connection = self.connection(&asked.connection).await?;
        let mut checks = Checklist::default();
        let judged = self.judge_unsolicited(&connection, &asked.saml_response, &mut checks).await?;
        if let Err(refusal) = judged {
            tracing::info!(connection = %connection.id, reason = refusal.reason(), "unsolicited response refused");
        }
        Ok(ValidateUnsolicitedResponseResponse {
            refused: judged.err().map(Refusal::message),
            checks: checks.finish_unsolicited(),
            organization: resource::organization_name(connection.organization),
            connection: resource::connection_name(connection.organization, connection.id),
        })
    }

    async fn judge_unsolicited(
        &self,
        connection: &Arc<ReadyConnection>,
        saml_response: &str,
        checks: &mut Checklist,
    ) -> Result<Result<(), Refusal>, Error> {
        // Before anything is computed: where it is off, anybody may send anything.
        let allowed = connection.settings.idp_initiated;
        if let Err(refusal) = checks.require(Check::UnsolicitedAllowed, allowed, "off", Refusal::Unsolicited) {
            return Ok(Err(refusal));
        }
        let now = self.clock.now();
        let asked = Asked { saml_response, request_id: None, now, skew: connection.skew(self.skew) };
        let verdict = self.decryptions.verdict(connection, &asked, &self.credentials).await?;
        let suspended = self.directory.is_suspended(connection.organization);
        Ok(may_begin(connection, verdict, suspended, checks))
    }
}

/// Whether people of this connection may begin to sign in.
fn may_begin(
    connection: &ReadyConnection,
    verdict: Option<Verdict>,
    suspended: bool,
    checks: &mut Checklist,
) -> Result<(), Refusal> {
    let Some(verdict) = verdict else {
        return Err(checks.fail(Check::ConnectionTrusted, "none", Refusal::NoTrustedCertificate));
    };
    checks.pass(Check::ConnectionTrusted);
    checks.extend(&verdict.checks);
    verdict.outcome?;
    checks.require(Check::OrganizationActive, !suspended, "suspended", Refusal::OrganizationSuspended)?;
    checks.require(Check::ConnectionEnabled, connection.is_enabled, "disabled", Refusal::ConnectionDisabled)
}
