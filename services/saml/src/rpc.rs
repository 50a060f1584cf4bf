//! The gRPC service: caller, convert, call, answer.

mod keys;
mod preview;
mod sample;
mod test_sign_in;
mod unsolicited;

use std::{sync::Arc, time::Duration};

use tonic::{Request, Response, Status};
use vestibule_kernel::{Clock, ConnectionId, Explain, IdSource, Timestamp};
use vestibule_rpc::{
    Caller, proto_timestamp, resource,
    saml::v1::{
        CreateAuthnRequestRequest, CreateAuthnRequestResponse, CreateLogoutRequestRequest, CreateLogoutRequestResponse,
        CreateTestAuthnRequestRequest, CreateTestAuthnRequestResponse, ExplainResponseRequest, ExplainResponseResponse,
        GetServiceProviderMetadataRequest, GetServiceProviderMetadataResponse, Identity, InspectMetadataRequest,
        InspectMetadataResponse, PreviewMappingRequest, PreviewMappingResponse, RotateServiceProviderKeysRequest,
        RotateServiceProviderKeysResponse, ValidateLogoutRequest, ValidateLogoutResponse, ValidateResponseRequest,
        ValidateResponseResponse, ValidateTestResponseRequest, ValidateTestResponseResponse,
        ValidateUnsolicitedResponseRequest, ValidateUnsolicitedResponseResponse, saml_service_server::SamlService,
        validate_response_response::Outcome,
    },
    to_status,
};
use vestibule_saml::{RelayState, RequestId};
use vestibule_storage::TestSignIns;
use vestibule_tenancy::EmailAddress;

use crate::{
    ERROR_DOMAIN,
    accept::{Acceptor, SignIn, SignedIn},
    authn_request::{self, Wanted},
    checklist::{Check, Checklist},
    connection::ReadyConnection,
    credential::Credentials,
    decryption::Decryptions,
    directory::Directory,
    error::Error,
    judge::{Acceptable, Case, is_email_foreign, judge},
    logout::{self, Hearing, Session, SessionIndex, SessionSeal},
    metadata,
    notice::Notices,
    promotion::Promotions,
    refusal::Refusal,
    second_opinion::SecondOpinion,
    service_provider,
};

/// Who may know about other customers, and rotate keys.
const OPERATOR: &str = "operator";

/// Serves the SAML service.
pub(crate) struct Api {
    pub(crate) directory: Arc<Directory>,
    pub(crate) acceptor: Acceptor,
    pub(crate) test_sign_ins: TestSignIns,
    pub(crate) sessions: SessionSeal,
    pub(crate) session_index: SessionIndex,
    pub(crate) credentials: Arc<Credentials>,
    pub(crate) promotions: Promotions,
    pub(crate) decryptions: Decryptions,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
    pub(crate) skew: Duration,
    /// `None`: nobody asks for one.
    pub(crate) second_opinion: Option<SecondOpinion>,
    pub(crate) notices: Notices,
}

/// A Response, and what it is judged by beside its connection.
#[derive(Clone, Copy)]
struct Arrived<'a> {
    saml_response: &'a str,
    request_id: &'a str,
    email_required: bool,
    now: Timestamp,
}

#[tonic::async_trait]
impl SamlService for Api {
    #[tracing::instrument(name = "saml.create_authn_request", skip_all)]
    async fn create_authn_request(
        &self,
        request: Request<CreateAuthnRequestRequest>,
    ) -> Result<Response<CreateAuthnRequestResponse>, Status> {
        Ok(Response::new(self.create_request(request.into_inner()).await.map_err(refused)?))
    }

    #[tracing::instrument(name = "saml.validate_response", skip_all)]
    async fn validate_response(
        &self,
        request: Request<ValidateResponseRequest>,
    ) -> Result<Response<ValidateResponseResponse>, Status> {
        Ok(Response::new(self.validate(&request).await.map_err(refused)?))
    }

    #[tracing::instrument(name = "saml.validate_unsolicited_response", skip_all)]
    async fn validate_unsolicited_response(
        &self,
        request: Request<ValidateUnsolicitedResponseRequest>,
    ) -> Result<Response<ValidateUnsolicitedResponseResponse>, Status> {
        Ok(Response::new(self.validate_unsolicited(request.get_ref()).await.map_err(refused)?))
    }

    #[tracing::instrument(name = "saml.create_test_authn_request", skip_all)]
    async fn create_test_authn_request(
        &self,
        request: Request<CreateTestAuthnRequestRequest>,
    ) -> Result<Response<CreateTestAuthnRequestResponse>, Status> {
        Ok(Response::new(self.create_test_request(request.into_inner()).await.map_err(refused)?))
    }

    #[tracing::instrument(name = "saml.validate_test_response", skip_all)]
    async fn validate_test_response(
        &self,
        request: Request<ValidateTestResponseRequest>,
    ) -> Result<Response<ValidateTestResponseResponse>, Status> {
        Ok(Response::new(self.validate_test(&request).await.map_err(refused)?))
    }

    #[tracing::instrument(name = "saml.create_logout_request", skip_all)]
    async fn create_logout_request(
        &self,
        request: Request<CreateLogoutRequestRequest>,
    ) -> Result<Response<CreateLogoutRequestResponse>, Status> {
        Ok(Response::new(self.create_logout(request.into_inner()).await.map_err(refused)?))
    }

    #[tracing::instrument(name = "saml.validate_logout", skip_all)]
    async fn validate_logout(
        &self,
        request: Request<ValidateLogoutRequest>,
    ) -> Result<Response<ValidateLogoutResponse>, Status> {
        Ok(Response::new(self.hear_logout(&request).await.map_err(refused)?))
    }

    #[tracing::instrument(name = "saml.get_service_provider_metadata", skip_all)]
    async fn get_service_provider_metadata(
        &self,
        request: Request<GetServiceProviderMetadataRequest>,
    ) -> Result<Response<GetServiceProviderMetadataResponse>, Status> {
        let connection = self.connection(&request.get_ref().connection).await.map_err(refused)?;
        let published = self.credentials.published(connection.id).await.map_err(refused)?;
        Ok(Response::new(service_provider::metadata(&connection, &published)))
    }

    #[tracing::instrument(name = "saml.rotate_service_provider_keys", skip_all)]
    async fn rotate_service_provider_keys(
        &self,
        request: Request<RotateServiceProviderKeysRequest>,
    ) -> Result<Response<RotateServiceProviderKeysResponse>, Status> {
        Ok(Response::new(self.rotate_keys(&request).await.map_err(refused)?))
    }

    #[tracing::instrument(name = "saml.inspect_metadata", skip_all)]
    async fn inspect_metadata(
        &self,
        request: Request<InspectMetadataRequest>,
    ) -> Result<Response<InspectMetadataResponse>, Status> {
        Ok(Response::new(self.inspect(&request).await.map_err(refused)?))
    }

    #[tracing::instrument(name = "saml.explain_response", skip_all)]
    async fn explain_response(
        &self,
        request: Request<ExplainResponseRequest>,
    ) -> Result<Response<ExplainResponseResponse>, Status> {
        Ok(Response::new(self.explain(request.get_ref()).await.map_err(refused)?))
    }

    #[tracing::instrument(name = "saml.preview_mapping", skip_all)]
    async fn preview_mapping(
        &self,
        request: Request<PreviewMappingRequest>,
    ) -> Result<Response<PreviewMappingResponse>, Status> {
        Ok(Response::new(self.preview(request.get_ref()).await.map_err(refused)?))
    }
}

impl Api {
    async fn connection(&self, id: &str) -> Result<Arc<ReadyConnection>, Error> {
        let id: ConnectionId = id.parse().map_err(|_| Error::ConnectionNotFound)?;
        self.directory.connection(id).await
    }

    /// A connection through which people may sign in now.
    async fn open_connection(&self, id: &str) -> Result<Arc<ReadyConnection>, Error> {
        let connection = self.connection(id).await?;
        self.directory.require_open(connection.organization)?;
        if connection.is_enabled { Ok(connection) } else { Err(Error::ConnectionDisabled) }
    }

    async fn create_request(&self, asked: CreateAuthnRequestRequest) -> Result<CreateAuthnRequestResponse, Error> {
        let CreateAuthnRequestRequest { connection, relay_state, force_authn, acr_values } = asked;
        let relay_state = relay_state_of(relay_state)?;
        let connection = self.open_connection(&connection).await?;
        let signer =
            if connection.signs_requests { Some(self.credentials.signing(connection.id).await?) } else { None };
        let wanted = Wanted { relay_state, force_authn, acr_values, signer, is_test: false };
        authn_request::create(&connection, &wanted, &*self.ids, self.clock.now())
    }

    /// Judges; a second time, on fresh knowledge, when a domain is not verified as far as is known. What is acceptable
    /// then, another engine is asked about, where one is.
    async fn judge(&self, case: &Case<'_>) -> Result<(Checklist, Result<Acceptable, Refusal>), Error> {
        let owns = |address: &EmailAddress| self.directory.owns(case.connection.organization, address);
        let said = self.decryptions.verdict(case.connection, &case.asked(), &self.credentials).await?;
        let (mut checks, mut verdict) = judge(case, said.clone(), owns);
        if is_email_foreign(&verdict) {
            self.directory.look().await?;
            (checks, verdict) = judge(case, said, owns);
        }
        if let Some(second_opinion) = &self.second_opinion {
            verdict = second_opinion.consult(case, verdict, &mut checks).await;
        }
        if let Err(refusal) = &verdict {
            self.notices.refused(case.connection, *refusal).await;
        }
        Ok((checks, verdict))
    }

    async fn create_logout(&self, asked: CreateLogoutRequestRequest) -> Result<CreateLogoutRequestResponse, Error> {
        let relay_state = relay_state_of(asked.relay_state)?;
        let user_pool = resource::user_pool("user_pool", &asked.user_pool)?;
        // Whoever may not sign in any more may still sign out.
        let connection = self.connection(&asked.connection).await?;
        let now = self.clock.now();
        let session = self.sessions.open(&asked.session, (connection.id, user_pool), now).await?;
        let signer = self.credentials.signing(connection.id).await?;
        logout::create(&connection, &session, relay_state.as_ref(), &signer, (&*self.ids, now))
    }

    async fn hear_logout(&self, request: &Request<ValidateLogoutRequest>) -> Result<ValidateLogoutResponse, Error> {
        let asked = request.get_ref();
        let connection = self.connection(&asked.connection).await?;
        let hearing = Hearing {
            connection: &connection,
            log: &self.acceptor.log,
            index: &self.session_index,
            notices: &self.notices,
            credentials: &self.credentials,
            ids: &*self.ids,
            now: self.clock.now(),
            skew: connection.skew(self.skew),
            metadata: vestibule_host::metadata(request),
        };
        logout::validate(&hearing, asked).await
    }

    /// What a sign-in leaves behind, to be ended by either side.
    async fn remember_session(&self, sign_in: &SignIn<'_>, signed_in: &SignedIn) -> Result<String, Error> {
        let (connection, assertion) = (sign_in.connection, &sign_in.acceptable.assertion);
        let now = self.clock.now();
        // Whoever takes no logout messages sends none.
        if connection.single_logout.is_none() {
            return Ok(String::new());
        }
        self.session_index.remember(connection.id, sign_in.acceptable, signed_in.person, now).await?;
        let session = Session::new(connection.id, sign_in.user_pool, assertion, now);
        Ok(self.sessions.seal(&session, now).await?.unwrap_or_default())
    }

    async fn inspect(&self, request: &Request<InspectMetadataRequest>) -> Result<InspectMetadataResponse, Error> {
        // Which other customers there are is nobody's business but the operator's.
        let is_operator = Caller::of(request).actor == OPERATOR;
        if is_operator {
            self.directory.look().await?;
        }
        let is_known = |entity_id: &str| is_operator.then(|| self.directory.knows_identity_provider(entity_id));
        metadata::inspect(&request.get_ref().metadata_xml, self.clock.now(), is_known)
    }

    fn case<'a>(&self, connection: &'a Arc<ReadyConnection>, arrived: Arrived<'a>) -> Case<'a> {
        let Arrived { saml_response, request_id, email_required, now } = arrived;
        Case {
            connection,
            saml_response,
            request_id,
            email_required,
            organization_suspended: self.directory.is_suspended(connection.organization),
            foreign_email: self.directory.foreign_email(connection.organization),
            now,
            skew: self.skew,
            sign_in: "",
            is_test: false,
        }
    }

    async fn validate(&self, request: &Request<ValidateResponseRequest>) -> Result<ValidateResponseResponse, Error> {
        let asked = request.get_ref();
        let request_id: RequestId = asked.request_id.parse()?;
        let user_pool = resource::user_pool("user_pool", &asked.user_pool)?;
        let connection = self.connection(&asked.connection).await?;
        let arrived = Arrived {
            saml_response: &asked.saml_response,
            request_id: request_id.as_str(),
            email_required: asked.email_required,
            now: self.clock.now(),
        };
        let case = Case { sign_in: &asked.sign_in, ..self.case(&connection, arrived) };
        let (mut checks, verdict) = self.judge(&case).await?;
        let outcome = match verdict {
            Ok(acceptable) => {
                let metadata = vestibule_host::metadata(request);
                let (connection, acceptable, request_id) = (&*connection, &acceptable, &request_id);
                let sign_in = SignIn { connection, acceptable, request_id, user_pool, metadata };
                let accepted = self.acceptor.accept(&sign_in).await?;
                note_acceptance(&mut checks, accepted.as_ref().err().copied());
                match accepted {
                    Ok(signed_in) => {
                        let by = acceptable.assertion.signed_by;
                        self.promotions.note(connection, by, vestibule_host::metadata(request));
                        let session = self.remember_session(&sign_in, &signed_in).await?;
                        Ok(Identity { session, ..identity(connection, acceptable, &signed_in) })
                    }
                    Err(refusal) => Err(refusal),
                }
            }
            Err(refusal) => Err(refusal),
        };
        Ok(answer(&connection, checks, outcome))
    }
}

/// What acceptance found out about person, assertion and request.
fn note_acceptance(checks: &mut Checklist, refusal: Option<Refusal>) {
    if let Some(refusal @ Refusal::PersonDeactivated) = refusal {
        checks.fail(Check::PersonActive, "deactivated", refusal);
        return;
    }
    checks.pass(Check::PersonActive);
    match refusal {
        None => {
            checks.pass(Check::AssertionUnused);
            checks.pass(Check::RequestUnanswered);
        }
        Some(refusal @ Refusal::RequestAlreadyAnswered) => {
            checks.pass(Check::AssertionUnused);
            checks.fail(Check::RequestUnanswered, "answered before", refusal);
        }
        Some(refusal) => {
            checks.fail(Check::AssertionUnused, "used before, or too old to know", refusal);
        }
    }
}

fn answer(
    connection: &ReadyConnection,
    checks: Checklist,
    outcome: Result<Identity, Refusal>,
) -> ValidateResponseResponse {
    let outcome = match outcome {
        Ok(identity) => Outcome::Accepted(identity),
        Err(refusal) => {
            // Refusals are answers; the trace of sign-ins keeps them, never the log.
            tracing::info!(connection = %connection.id, reason = refusal.reason(), "response refused");
            Outcome::Refused(refusal.message())
        }
    };
    ValidateResponseResponse {
        outcome: Some(outcome),
        checks: checks.finish(),
        organization: resource::organization_name(connection.organization),
    }
}

fn identity(connection: &ReadyConnection, acceptable: &Acceptable, signed_in: &SignedIn) -> Identity {
    let Acceptable { assertion, identity, email, .. } = acceptable;
    let email = email.released();
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    Identity {
        organization: resource::organization_name(connection.organization),
        connection: resource::connection_name(connection.organization, connection.id),
        sub: signed_in.person.to_string(),
        email_verified: email.is_some(),
        email: email.unwrap_or_default(),
        name: text(&identity.name),
        given_name: text(&identity.given_name),
        family_name: text(&identity.family_name),
        groups: identity.groups.clone(),
        auth_time: Some(proto_timestamp(assertion.authn_instant)),
        acr: text(&assertion.authn_context),
        assertion: signed_in.assertion.to_string(),
        first_seen: signed_in.first_seen,
        session: String::new(),
        certificate_fingerprint: assertion.signed_by.to_string(),
    }
}

fn relay_state_of(text: String) -> Result<Option<RelayState>, Error> {
    if text.is_empty() { Ok(None) } else { Ok(Some(RelayState::new(text)?)) }
}

#[expect(clippy::needless_pass_by_value, reason = "stands in `map_err`, which hands errors over by value")]
fn refused<E: Explain>(error: E) -> Status {
    to_status(ERROR_DOMAIN, &error)
}
