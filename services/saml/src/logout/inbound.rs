//! Logout messages of identity providers: judged, and acted upon once.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use vestibule_decider::Decider;
use vestibule_eventlog::{AppendError, Current, EventLog, Metadata, StreamId, Transaction};
use vestibule_kernel::{IdSource, PersonId, Timestamp};
use vestibule_rpc::{
    resource::organization_name,
    saml::v1::{
        LogoutAnswered, LogoutHeard, ValidateLogoutRequest, ValidateLogoutResponse, logout_answered, logout_heard,
        validate_logout_request::Message, validate_logout_response::Outcome,
    },
};
use vestibule_saml::{
    self as saml, DecryptionKeys, LogoutExpectation, LogoutMessage, LogoutOutcome, MessageKind, ReceivedLogout,
    ReceivedLogoutRequest, RelayState,
};
use vestibule_tenancy::{
    connection::CertificateValidity,
    person::{self, LOGOUT_REQUEST, Person},
};

use super::{
    SessionIndex,
    answer::{Carried, success},
};
use crate::{
    accept::person_stream,
    checklist::{Check, Checklist},
    connection::ReadyConnection,
    credential::Credentials,
    error::Error,
    notice::Notices,
    refusal::Refusal,
};

/// How often a person is looked at anew when others changed them at the same moment.
const ATTEMPTS_MAX: u32 = 5;

/// What judging and acting take.
pub(crate) struct Hearing<'a> {
    pub(crate) connection: &'a ReadyConnection,
    pub(crate) log: &'a EventLog,
    pub(crate) index: &'a SessionIndex,
    /// Who is told of a signature by a certificate that is not known.
    pub(crate) notices: &'a Notices,
    /// The keys that sign the answer, and that open a NameID.
    pub(crate) credentials: &'a Credentials,
    pub(crate) ids: &'a (dyn IdSource + 'static),
    pub(crate) now: Timestamp,
    /// By how much the identity provider's clock may differ.
    pub(crate) skew: Duration,
    pub(crate) metadata: Metadata,
}

/// Judges the message, does what it asks, and answers it.
pub(crate) async fn validate(
    hearing: &Hearing<'_>,
    asked: &ValidateLogoutRequest,
) -> Result<ValidateLogoutResponse, Error> {
    let message = asked.message.as_ref().ok_or(Error::MessageMissing)?;
    let mut checks = Checklist::default();
    let decryption = hearing.credentials.decryption(hearing.connection.id).await?;
    let outcome = match judge(hearing, decryption.as_deref(), (message, &asked.request_id), &mut checks) {
        Err(refusal) => Err(refusal),
        Ok(ReceivedLogout::Response(response)) => Ok(Outcome::Answered(answered(&response.outcome))),
        Ok(ReceivedLogout::Request(request)) => hear(hearing, &request, &asked.relay_state, &mut checks).await?,
    };
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(refusal) => {
            tracing::info!(connection = %hearing.connection.id, reason = refusal.reason(), "logout message refused");
            hearing.notices.refused(hearing.connection, refusal).await;
            Outcome::Refused(refusal.message())
        }
    };
    let organization = organization_name(hearing.connection.organization);
    Ok(ValidateLogoutResponse { outcome: Some(outcome), checks: checks.finish_logout(), organization })
}

fn judge(
    hearing: &Hearing<'_>,
    decryption: Option<&DecryptionKeys>,
    (message, request_id): (&Message, &str),
    checks: &mut Checklist,
) -> Result<ReceivedLogout, Refusal> {
    let connection = hearing.connection;
    let Some(trusted) = connection.trusted.at(hearing.now) else {
        return Err(checks.fail(Check::ConnectionTrusted, "none", Refusal::NoTrustedCertificate));
    };
    checks.pass(Check::ConnectionTrusted);
    let message = match message {
        Message::Query(query) => LogoutMessage::Redirect { query },
        Message::SamlRequest(value) => LogoutMessage::Post { kind: MessageKind::Request, value },
        Message::SamlResponse(value) => LogoutMessage::Post { kind: MessageKind::Response, value },
    };
    let verdict = saml::validate_logout(
        &message,
        &LogoutExpectation {
            slo_url: &connection.slo_url,
            identity_provider: &connection.identity_provider,
            trusted,
            in_response_to: Some(request_id).filter(|id| !id.is_empty()),
            now: hearing.now,
            skew: hearing.skew,
            enforce_certificate_validity: connection.settings.certificate_validity == CertificateValidity::Enforce,
            decryption,
            sha1_until: connection.settings.sha1_until,
        },
    );
    checks.extend(&verdict.checks);
    Ok(verdict.outcome?)
}

fn answered(outcome: &LogoutOutcome) -> LogoutAnswered {
    let outcome = match outcome {
        LogoutOutcome::Success => logout_answered::Outcome::Success,
        LogoutOutcome::Partial => logout_answered::Outcome::Partial,
        LogoutOutcome::Refused(_) => logout_answered::Outcome::Refused,
    };
    LogoutAnswered { outcome: outcome.into() }
}

/// Signs out whom the request means. Whether the connection is enabled and the organization active does not matter: who
/// may not sign in may still be signed out.
async fn hear(
    hearing: &Hearing<'_>,
    request: &ReceivedLogoutRequest,
    relay_state: &str,
    checks: &mut Checklist,
) -> Result<Result<Outcome, Refusal>, Error> {
    let Hearing { connection, index, now, .. } = hearing;
    let people = index.find(connection.id, &request.subject, &request.session_indexes, *now).await?;
    // IDs are the identity provider's to choose, and may be long.
    let request_digest = hex::encode(digest(&SHA256, request.id.as_bytes()));
    if !sign_out(hearing, &people, &request_digest).await? {
        return Ok(Err(checks.fail(Check::LogoutRequestUnused, "heard before", Refusal::LogoutRequestReplayed)));
    }
    checks.pass(Check::LogoutRequestUnused);
    let relay_state = RelayState::of_others(relay_state);
    // Only for an identity provider that has proven itself, because a key that is missing is made.
    let signer = hearing.credentials.signing(connection.id).await?;
    let answer = success(connection, &request.id, relay_state.as_ref(), &signer, (hearing.ids, *now))?;
    let binding = answer.map(|carried| match carried {
        Carried::Redirect(url) => logout_heard::Binding::RedirectUrl(url),
        Carried::Form(form) => logout_heard::Binding::PostForm(form),
    });
    Ok(Ok(Outcome::Heard(LogoutHeard { binding, signed_out: !people.is_empty() })))
}

/// Records that these people are signed out, all or none, and with it that the request was heard; `false` when it was heard
/// before.
async fn sign_out(hearing: &Hearing<'_>, people: &[PersonId], request_digest: &str) -> Result<bool, Error> {
    if people.is_empty() {
        return Ok(true);
    }
    for _ in 0..ATTEMPTS_MAX {
        let transaction = transaction(hearing, people, request_digest).await?;
        if transaction.appends.is_empty() {
            return Ok(true);
        }
        // Whoever holds a reservation may take it again, so a person's own stream does not refuse it. Asked for after the
        // streams were read, it tells of every earlier append, and the streams' versions refuse a later one.
        let key = person::logout_request_key(hearing.connection.id, request_digest);
        if hearing.log.holder(LOGOUT_REQUEST, &key).await?.is_some() {
            return Ok(false);
        }
        match hearing.log.append(transaction).await {
            Ok(_) => return Ok(true),
            Err(AppendError::Reserved { scope: LOGOUT_REQUEST, .. }) => return Ok(false),
            // Somebody changed one of them: look again.
            Err(AppendError::Conflict { .. } | AppendError::Reserved { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::Contended)
}

/// One name means one person, unless they were re-linked between two sessions: the first who is still somebody carries
/// the request.
async fn transaction(hearing: &Hearing<'_>, people: &[PersonId], request_digest: &str) -> Result<Transaction, Error> {
    let connection = hearing.connection;
    let mut transaction = Transaction::new(hearing.metadata.clone());
    for person in people {
        let (stream, known) = current(hearing, *person).await?;
        let request_digest = transaction.appends.is_empty().then(|| request_digest.to_owned());
        let signed_out = known.state.decide(&person::Command::SignOut { connection: connection.id, request_digest })?;
        if transaction.appends.iter().any(|append| append.stream == stream) {
            continue;
        }
        let unprepared = |error| AppendError::Unprepared(Box::new(error));
        transaction = transaction.append(stream, known.version, &signed_out).map_err(unprepared)?;
    }
    Ok(transaction)
}

/// The person as they are now; who turned out to be another one is that one, also when that one turned out to be a third.
/// Nobody who was superseded is ever somebody again, so the way ends.
async fn current(hearing: &Hearing<'_>, person: PersonId) -> Result<(StreamId, Current<Person>), Error> {
    let of = |person| person_stream(hearing.connection, person);
    let mut stream = of(person);
    let mut known = hearing.log.load::<Person>(&stream).await?;
    while let Person::Superseded { by, .. } = known.state {
        stream = of(by);
        known = hearing.log.load::<Person>(&stream).await?;
    }
    Ok((stream, known))
}
