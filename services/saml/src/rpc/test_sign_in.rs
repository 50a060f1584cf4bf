//! Test sign-ins: everything that a sign-in is up to the verdict, and nothing that comes after it. On a connection that is
//! not live, by whoever holds a ticket that the registry has signed.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use tonic::Request;
use vestibule_eventlog::{AppendError, CommandError, Metadata, StreamId};
use vestibule_kernel::{Chain, Explain as _, Timestamp};
use vestibule_rpc::{
    resource,
    saml::v1::{
        Check as CheckMessage, CreateTestAuthnRequestRequest, CreateTestAuthnRequestResponse,
        Refusal as RefusalMessage, TestIdentity, ValidateTestResponseRequest, ValidateTestResponseResponse,
        create_authn_request_response, create_test_authn_request_response::Binding, refusal::Responsible,
        validate_test_response_response::Outcome,
    },
};
use vestibule_saml::RequestId;
use vestibule_storage::{TestCheck, TestOutcome, TestRefusal, TestTicket, TestTicketError};
use vestibule_tenancy::connection::{self, Command, Connection, NoteTest, TEST, Tried};

use super::{Api, Arrived, relay_state_of};
use crate::{
    authn_request::{self, Wanted},
    checklist::Checklist,
    connection::ReadyConnection,
    error::Error,
    judge::{Acceptable, Case},
    refusal::Refusal,
};

impl Api {
    pub(super) async fn create_test_request(
        &self,
        asked: CreateTestAuthnRequestRequest,
    ) -> Result<CreateTestAuthnRequestResponse, Error> {
        let relay_state = relay_state_of(asked.relay_state)?;
        let now = self.clock.now();
        let (_, connection) = self.tested(&asked.ticket, now).await?;
        let signer =
            if connection.signs_requests { Some(self.credentials.signing(connection.id).await?) } else { None };
        let wanted = Wanted { relay_state, force_authn: false, acr_values: Vec::new(), signer, is_test: true };
        let made = authn_request::create(&connection, &wanted, &*self.ids, now)?;
        let binding = made.binding.map(|binding| match binding {
            create_authn_request_response::Binding::RedirectUrl(url) => Binding::RedirectUrl(url),
            create_authn_request_response::Binding::PostForm(form) => Binding::PostForm(form),
        });
        let name = resource::connection_name(connection.organization, connection.id);
        let tried = digest_of(&connection.tried);
        Ok(CreateTestAuthnRequestResponse { request_id: made.request_id, binding, connection: name, tried })
    }

    pub(super) async fn validate_test(
        &self,
        request: &Request<ValidateTestResponseRequest>,
    ) -> Result<ValidateTestResponseResponse, Error> {
        let asked = request.get_ref();
        let request_id = RequestId::parse_of_test(&asked.request_id)?;
        let now = self.clock.now();
        let (ticket, connection) = self.tested(&asked.ticket, now).await?;
        if asked.connection != connection.id.to_string() {
            return Err(TestTicketError::Invalid.into());
        }
        let (outcome, checks) = if asked.tried == digest_of(&connection.tried) {
            let arrived = Arrived {
                saml_response: &asked.saml_response,
                request_id: request_id.as_str(),
                email_required: ticket.email_required,
                now,
            };
            self.judge_test(&ticket, &connection, arrived, vestibule_host::metadata(request)).await?
        } else {
            (changed(), Checklist::default().finish())
        };
        if let Outcome::Refused(refusal) = &outcome {
            tracing::info!(connection = %connection.id, reason = refusal.reason, "test sign-in refused");
        }
        let concluded = self.test_sign_ins.conclude(&ticket, &recorded(&outcome, &checks, now)).await;
        if let Err(error) = concluded {
            // The page tells; whoever asks from elsewhere goes on waiting.
            tracing::warn!(error = %Chain(&error), "what came of a test sign-in could not be noted");
        }
        Ok(ValidateTestResponseResponse { outcome: Some(outcome), checks })
    }

    /// Judges, and records that the test passed, if it did and is of what is there.
    async fn judge_test(
        &self,
        ticket: &TestTicket,
        connection: &Arc<ReadyConnection>,
        arrived: Arrived<'_>,
        metadata: Metadata,
    ) -> Result<(Outcome, Vec<CheckMessage>), Error> {
        let case = Case { is_test: true, ..self.case(connection, arrived) };
        let (checks, verdict) = self.judge_sample(&case).await?;
        let outcome = match verdict {
            Ok(acceptable) if self.note_test(ticket, connection, &acceptable, metadata).await? => {
                Outcome::Passed(whom(connection, &acceptable))
            }
            Ok(_) => changed(),
            Err(refusal) => Outcome::Refused(Refusal::message(refusal)),
        };
        Ok((outcome, checks.finish()))
    }

    /// The ticket, and the connection that may be tried with it.
    async fn tested(&self, ticket: &str, now: Timestamp) -> Result<(TestTicket, Arc<ReadyConnection>), Error> {
        let ticket = TestTicket::verify(ticket, &self.acceptor.keys, now).await?;
        let connection = self.directory.connection(ticket.connection).await?;
        if connection.organization != ticket.organization {
            return Err(TestTicketError::Invalid.into());
        }
        if self.directory.is_suspended(connection.organization) {
            return Err(Error::OrganizationSuspended);
        }
        if connection.is_enabled {
            return Err(connection::Rejection::Enabled.into());
        }
        if self.acceptor.log.holder(TEST, &ticket.id.to_string()).await?.is_some() {
            return Err(connection::Rejection::TestRepeated.into());
        }
        Ok((ticket, connection))
    }

    /// Records that the test passed, once for each ticket, and only of the connection as it was judged: whether it is still
    /// that.
    async fn note_test(
        &self,
        ticket: &TestTicket,
        connection: &ReadyConnection,
        acceptable: &Acceptable,
        metadata: Metadata,
    ) -> Result<bool, Error> {
        let stream = StreamId::of_id(connection::CATEGORY, Some(connection.organization), connection.id.uuid());
        let note = Command::NoteTest(NoteTest {
            test: ticket.id.to_string(),
            tried: connection.tried.clone(),
            certificate_fingerprint: acceptable.assertion.signed_by.to_string(),
            now: self.clock.now(),
        });
        match self.acceptor.log.execute::<Connection>(&stream, None, metadata, &note).await {
            Ok(_) => Ok(true),
            Err(CommandError::Rejected(connection::Rejection::ChangedDuringTest)) => Ok(false),
            Err(CommandError::Rejected(rejection)) => Err(rejection.into()),
            Err(CommandError::Append(AppendError::Reserved { .. })) => Err(connection::Rejection::TestRepeated.into()),
            Err(CommandError::Append(error)) => Err(error.into()),
            Err(CommandError::Load(error)) => Err(error.into()),
            Err(CommandError::Stale { .. } | CommandError::Contended) => Err(Error::Contended),
        }
    }
}

/// Tells what is tried apart from everything else.
fn digest_of(tried: &Tried) -> String {
    let text = serde_json::to_vec(tried).unwrap_or_default();
    hex::encode(digest(&SHA256, &text))
}

/// What was asked is not what is there, so what came back says nothing of either.
fn changed() -> Outcome {
    let rejection = connection::Rejection::ChangedDuringTest;
    Outcome::Refused(RefusalMessage {
        reason: rejection.explain().reason.to_owned(),
        responsible: Responsible::Operator.into(),
        message: rejection.to_string(),
    })
}

fn whom(connection: &ReadyConnection, acceptable: &Acceptable) -> TestIdentity {
    let Acceptable { assertion, identity, subject, email, .. } = acceptable;
    let email = email.released();
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    TestIdentity {
        email_verified: email.is_some(),
        email: email.unwrap_or_default(),
        name: text(&identity.name),
        given_name: text(&identity.given_name),
        family_name: text(&identity.family_name),
        groups: identity.groups.clone(),
        roles: connection.settings.roles(&identity.groups).iter().map(ToString::to_string).collect(),
        subject: subject.value().to_owned(),
        acr: text(&assertion.authn_context),
    }
}

/// What stays of an attempt: nothing of the person but which claims they would have.
fn recorded(outcome: &Outcome, checks: &[CheckMessage], at: Timestamp) -> TestOutcome {
    let check = |check: &CheckMessage| {
        let CheckMessage { name, status, expected, found } = check.clone();
        TestCheck { name, status, expected, found }
    };
    let (refused, claims) = match outcome {
        Outcome::Passed(identity) => (None, claims(identity)),
        Outcome::Refused(RefusalMessage { reason, responsible, message }) => {
            let (reason, message) = (reason.clone(), message.clone());
            (Some(TestRefusal { reason, responsible: *responsible, message }), Vec::new())
        }
    };
    TestOutcome { at, refused, checks: checks.iter().map(check).collect(), claims }
}

fn claims(identity: &TestIdentity) -> Vec<String> {
    let claims = [
        ("email", !identity.email.is_empty()),
        ("name", !identity.name.is_empty()),
        ("given_name", !identity.given_name.is_empty()),
        ("family_name", !identity.family_name.is_empty()),
        ("groups", !identity.groups.is_empty()),
        ("roles", !identity.roles.is_empty()),
    ];
    claims.into_iter().filter(|(_, present)| *present).map(|(name, _)| name.to_owned()).collect()
}
