use std::{str::FromStr as _, sync::Arc};

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use tracing::Instrument as _;
use vestibule_eventlog::{AppendError, CommandError, Metadata, StreamId};
use vestibule_kernel::{Chain, Explain as _};
use vestibule_oidc::{
    AccessToken, AuthenticatedTokenRequest, ID_TOKEN_LIFETIME, IdTokenClaims, SigningKey, TokenError, TokenRequest,
    TokenResponse,
};
use vestibule_tenancy::assertion::{Assertion, Command, Rejection};

use crate::{
    directory::RelyingParty,
    gateway::Gateway,
    limit::FORM_BODY_BYTES_MAX,
    record::{CODE, CodeRecord, USERINFO, UserinfoRecord},
    report::{ACCEPTED, Facts, Report, Responsible, Stage},
    telemetry,
};

use super::body::{self, FormError};

/// A token request whose client is known and whose code exists.
struct Arrived {
    request: AuthenticatedTokenRequest,
    party: Arc<RelyingParty>,
    record: CodeRecord,
}

/// The token endpoint (RFC 6749 section 4.1.3, OpenID Connect Core 1.0 section 3.1.3).
///
/// The order protects the code: client, code, expiry, redirect URI and proof key are checked before anything is
/// written, the code is spent next, and only then are tokens made.
pub(super) async fn token(State(gateway): State<Gateway>, headers: HeaderMap, body: Body) -> Response {
    let arrived = arrive(&gateway, &headers, body).await;
    // The trace is that of the authorize request, which only the sealed record knows.
    let span = tracing::info_span!("gateway.token", otel.kind = "server");
    match &arrived {
        Ok(arrived) => telemetry::continue_sign_in(&span, arrived.record.traceparent.as_deref()),
        Err(_) => telemetry::continue_request(&span, &headers),
    }
    async {
        match arrived {
            Ok(arrived) => exchange(&gateway, arrived).await,
            Err(error) => refused(&gateway, error, None).await,
        }
    }
    .instrument(span)
    .await
}

async fn arrive(gateway: &Gateway, headers: &HeaderMap, body: Body) -> Result<Arrived, TokenError> {
    let form = body::form(headers, body, FORM_BODY_BYTES_MAX).await.map_err(|error| match error {
        FormError::TooLarge => TokenError::TooLong,
        FormError::NotAForm => TokenError::Malformed,
    })?;
    let request = TokenRequest::parse(headers.contains_key(header::AUTHORIZATION), &form)?;
    let party = gateway.relying_party(request.client_id());
    let request = request.authenticate(party.as_deref().map(|party| &party.client))?;
    let party = party.ok_or(TokenError::CredentialsWrong)?;
    let found = gateway.expiring.get(CODE, request.code().digest().bytes(), gateway.now()).await;
    let found = found.map_err(|error| {
        tracing::error!(error = %Chain(&error), "codes cannot be read");
        TokenError::Unavailable
    })?;
    // Another client's code does not open: it is sealed for its own.
    let record = found.and_then(|record| CodeRecord::open(&record, request.code(), request.client_id()));
    Ok(Arrived { request, party, record: record.ok_or(TokenError::CodeInvalid)? })
}

async fn exchange(gateway: &Gateway, Arrived { request, party, record }: Arrived) -> Response {
    match redeem(gateway, &request, &party, &record).await {
        Ok(response) => {
            gateway.recorder.accepted(Report {
                reason: ACCEPTED.to_owned(),
                responsible: None,
                facts: Facts { answer: "tokens".to_owned(), ..record.facts.clone() },
                ..report(&record)
            });
            let headers = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
            (headers, Json(response.body())).into_response()
        }
        Err(error) => refused(gateway, error, Some(&record)).await,
    }
}

async fn redeem(
    gateway: &Gateway,
    request: &AuthenticatedTokenRequest,
    party: &RelyingParty,
    record: &CodeRecord,
) -> Result<TokenResponse, TokenError> {
    record.grant.check(request, gateway.now())?;
    let access_token = record.access_token.token().ok_or(TokenError::CodeInvalid)?;
    let signer = gateway.keyring.signer(party.client.algorithm).await;
    let signer = signer.map_err(|error| unavailable("signing key", &error))?;
    if let Err(error) = spend(gateway, record).await {
        if error == TokenError::CodeRedeemed {
            revoke(gateway, &access_token).await;
        }
        return Err(error);
    }
    let (stored, id_token) =
        tokio::join!(store_userinfo(gateway, record, &access_token), sign(signer, id_token_claims(gateway, record)));
    stored?;
    Ok(TokenResponse::new(&access_token, id_token?, record.grant.scope.clone()))
}

/// The redemption is the second event of the assertion's stream: whoever comes later finds the stream further on. So a
/// code is spent once, on whatever instance and however many requests arrive together.
async fn spend(gateway: &Gateway, record: &CodeRecord) -> Result<(), TokenError> {
    let stream = StreamId::from_str(&record.assertion).map_err(|error| unavailable("stream name", &error))?;
    let trace_id = telemetry::trace_id();
    let metadata = Metadata {
        actor: "service:gateway".to_owned(),
        correlation_id: (!trace_id.is_empty()).then_some(trace_id),
        causation_id: None,
        traceparent: telemetry::traceparent(),
    };
    let redeem = Command::Redeem { user_pool: record.user_pool };
    match gateway.log.execute::<Assertion>(&stream, None, metadata, &redeem).await {
        Ok(_) => Ok(()),
        Err(CommandError::Rejected(Rejection::AlreadyRedeemed)) => Err(TokenError::CodeRedeemed),
        Err(CommandError::Rejected(Rejection::ForeignUserPool)) => Err(TokenError::CodeInvalid),
        Err(CommandError::Append(AppendError::PartitionClosed { .. })) => Err(TokenError::CodeExpired),
        // Also when the outcome is not known: better a sign-in that has to be repeated than a code used twice.
        Err(error) => Err(unavailable("event log", &error)),
    }
}

/// A code that comes a second time has leaked: what it was exchanged for is void (RFC 6749 section 4.1.2).
async fn revoke(gateway: &Gateway, access_token: &AccessToken) {
    if let Err(error) = gateway.expiring.remove(USERINFO, access_token.digest().bytes()).await {
        tracing::error!(error = %Chain(&error), "an access token could not be revoked; it expires by itself");
    }
}

async fn store_userinfo(gateway: &Gateway, record: &CodeRecord, access_token: &AccessToken) -> Result<(), TokenError> {
    let userinfo = UserinfoRecord {
        sub: record.identity.sub.clone(),
        person: record.identity.person.clone(),
        traceparent: record.traceparent.clone(),
    };
    let sealed = userinfo.seal(access_token, gateway.now()).map_err(|error| unavailable("userinfo", &error))?;
    gateway.expiring.put(&sealed).await.map(drop).map_err(|error| unavailable("userinfo", &error))
}

fn id_token_claims(gateway: &Gateway, record: &CodeRecord) -> IdTokenClaims {
    let now = gateway.now();
    IdTokenClaims {
        iss: gateway.issuer.to_string(),
        sub: record.identity.sub.clone(),
        aud: record.grant.client_id.clone(),
        exp: now.plus(ID_TOKEN_LIFETIME),
        iat: now,
        auth_time: record.identity.auth_time,
        nonce: record.grant.nonce.clone(),
        acr: record.identity.acr.clone(),
        person: record.identity.person.clone(),
    }
}

/// An RS256 signature takes a third of a millisecond of computing or more, which belongs on a thread of its own.
async fn sign(signer: Arc<SigningKey>, claims: IdTokenClaims) -> Result<String, TokenError> {
    let token = tokio::task::spawn_blocking(move || signer.sign(&claims)).await;
    token.map_err(|error| unavailable("signing", &error))?.map_err(|error| unavailable("signing", &error))
}

fn unavailable(what: &'static str, error: &dyn std::error::Error) -> TokenError {
    tracing::error!(what, error = %Chain(error), "a token request cannot be answered");
    TokenError::Unavailable
}

async fn refused(gateway: &Gateway, error: TokenError, record: Option<&CodeRecord>) -> Response {
    let responsible = if error == TokenError::Unavailable { Responsible::Operator } else { Responsible::Cognito };
    let known = record.map(report);
    // Under an id of its own: a code that is tried again must not hide how the sign-in went.
    gateway
        .recorder
        .refused(Report {
            sign_in: gateway.new_sign_in(),
            organization: known.as_ref().and_then(|known| known.organization),
            connection: known.as_ref().and_then(|known| known.connection),
            stage: Stage::Token,
            reason: error.explain().reason.to_owned(),
            responsible: Some(responsible),
            facts: Facts {
                answer: error.code().as_str().to_owned(),
                ..known.map(|known| known.facts).unwrap_or_default()
            },
        })
        .await;
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = (status, [(header::CACHE_CONTROL, "no-store")], Json(error.body())).into_response();
    if let Some(challenge) = error.challenge() {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    response
}

fn report(record: &CodeRecord) -> Report {
    Report {
        sign_in: record.sign_in,
        organization: Some(record.organization),
        connection: Some(record.connection),
        stage: Stage::Token,
        reason: String::new(),
        responsible: None,
        facts: record.facts.clone(),
    }
}
