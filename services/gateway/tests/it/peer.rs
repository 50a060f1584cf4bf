//! Stand-ins for routing and saml. What they answer follows from what they are asked, as a legend in the test says.

use std::sync::{Arc, Mutex};

use tonic::{Request, Response, Status};
use vestibule_eventlog::{EventLog, Metadata, Partition, StreamId};
use vestibule_kernel::{Clock, ConnectionId, Explain, Explanation, Kind, OrganizationId, PersonId, UserPoolId};
use vestibule_rpc::{
    proto_timestamp, resource,
    routing::v1::{
        ConnectionChoice, CreateTicketRequest, CreateTicketResponse, Decision, ResolveSignInRequest,
        ResolveSignInResponse, resolve_sign_in_request::Person, routing_service_server::RoutingService,
    },
    saml::v1::{
        Check, CreateAuthnRequestRequest, CreateAuthnRequestResponse, CreateLogoutRequestRequest,
        CreateLogoutRequestResponse, CreateTestAuthnRequestRequest, CreateTestAuthnRequestResponse,
        ExplainResponseRequest, ExplainResponseResponse, GetServiceProviderMetadataRequest,
        GetServiceProviderMetadataResponse, Identity, InspectMetadataRequest, InspectMetadataResponse, PostForm,
        PreviewMappingRequest, PreviewMappingResponse, Refusal, RotateServiceProviderKeysRequest,
        RotateServiceProviderKeysResponse, ValidateLogoutRequest, ValidateLogoutResponse, ValidateResponseRequest,
        ValidateResponseResponse, ValidateTestResponseRequest, ValidateTestResponseResponse,
        ValidateUnsolicitedResponseRequest, ValidateUnsolicitedResponseResponse, check,
        create_authn_request_response::Binding, refusal, saml_service_server::SamlService,
        validate_response_response::Outcome,
    },
    to_status,
};
use vestibule_tenancy::assertion::{self, Accepted, Assertion};

use crate::{
    logout_peer, test_peer,
    world::{ACME, ACME_CONNECTION, GLOBEX, GLOBEX_CONNECTION, OLD_CONNECTION, PERSON},
};

/// Routes `@acme.test` and `@globex.test` to their connection; `@both.test` may choose; `@direct.test`, `@closed.test`
/// and everything else as the names say.
pub(crate) struct Routing;

#[derive(Debug, thiserror::Error)]
#[error("not an address, a ticket or a code")]
struct Unintelligible;

impl Explain for Unintelligible {
    fn explain(&self) -> Explanation {
        Explanation::field("LOGIN_HINT_INVALID", "login_hint", "is none")
    }
}

fn choice(organization: OrganizationId, connection: ConnectionId, name: &str) -> ConnectionChoice {
    ConnectionChoice {
        connection: resource::connection_name(organization, connection),
        display_name: name.to_owned(),
        ticket: format!("ticket-{}", name.to_lowercase()),
    }
}

#[tonic::async_trait]
impl RoutingService for Routing {
    async fn resolve_sign_in(
        &self,
        request: Request<ResolveSignInRequest>,
    ) -> Result<Response<ResolveSignInResponse>, Status> {
        let request = request.into_inner();
        assert!(resource::user_pool("user_pool", &request.user_pool).is_ok());
        let text = match request.person {
            Some(Person::Email(text) | Person::LoginHint(text) | Person::Ticket(text)) => text,
            _ => String::new(),
        };
        let acme = || choice(ACME, ACME_CONNECTION, "Acme");
        let globex = || choice(GLOBEX, GLOBEX_CONNECTION, "Globex");
        let domain = text.rsplit_once('@').map_or(text.as_str(), |(_, domain)| domain);
        let (decision, reason, connections, organization) = match domain {
            "acme.test" | "ticket-acme" => (Decision::Brokered, "DOMAIN_VERIFIED", vec![acme()], Some(ACME)),
            "globex.test" | "ticket-globex" => (Decision::Brokered, "DOMAIN_VERIFIED", vec![globex()], Some(GLOBEX)),
            // Acme has just turned the old one off, which is known at a second look only.
            "moved.test" if request.fresh => (Decision::Brokered, "DOMAIN_VERIFIED", vec![acme()], Some(ACME)),
            "moved.test" | "off.test" => {
                (Decision::Brokered, "DOMAIN_VERIFIED", vec![choice(ACME, OLD_CONNECTION, "Old")], Some(ACME))
            }
            "both.test" => (Decision::Choose, "SEVERAL_CONNECTIONS", vec![acme(), globex()], Some(ACME)),
            "direct.test" => (Decision::Direct, "DOMAIN_VERIFIED", vec![], Some(ACME)),
            "closed.test" => (Decision::Refused, "ORGANIZATION_SUSPENDED", vec![], Some(ACME)),
            "down.test" => return Err(Status::unavailable("routing is down")),
            other if other.contains('.') => (Decision::Standard, "DOMAIN_UNKNOWN", vec![], None),
            _ => return Err(to_status("routing.vestibule", &Unintelligible)),
        };
        Ok(Response::new(ResolveSignInResponse {
            decision: decision.into(),
            reason: reason.to_owned(),
            organization: organization.map(resource::organization_name).unwrap_or_default(),
            organization_display_name: "Acme & Söhne".to_owned(),
            connections,
            ..ResolveSignInResponse::default()
        }))
    }

    /// Acme's application has an address at which sign-ins begin; that of Globex has none.
    async fn create_ticket(
        &self,
        request: Request<CreateTicketRequest>,
    ) -> Result<Response<CreateTicketResponse>, Status> {
        let request = request.into_inner();
        let is_acme = request.organization == resource::organization_name(ACME);
        assert!(request.connection.starts_with(&request.organization), "{request:?}");
        let initiate_login_url = format!("https://app.example/login?login_hint={}", request.connection);
        Ok(Response::new(CreateTicketResponse {
            ticket: "ticket".to_owned(),
            initiate_login_url: if is_acme { initiate_login_url } else { String::new() },
            ..CreateTicketResponse::default()
        }))
    }
}

/// What the stand-in for saml was asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) authn_requests: Vec<CreateAuthnRequestRequest>,
    pub(crate) validations: Vec<ValidateResponseRequest>,
    pub(crate) traceparents: Vec<Option<String>>,
    pub(crate) logout_requests: Vec<CreateLogoutRequestRequest>,
    pub(crate) logouts: Vec<ValidateLogoutRequest>,
    pub(crate) tests: Vec<ValidateTestResponseRequest>,
}

/// Judges `valid:<assertion id>:<word>` as valid, everything else as unsigned. The word says what the identity lacks.
/// Globex takes requests by POST.
#[derive(Clone)]
pub(crate) struct Saml {
    pub(crate) log: EventLog,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) asked: Arc<Mutex<Asked>>,
}

#[derive(Debug, thiserror::Error)]
#[error("the connection is disabled")]
struct Disabled;

impl Explain for Disabled {
    fn explain(&self) -> Explanation {
        Explanation::new(Kind::Precondition, "CONNECTION_DISABLED")
    }
}

#[tonic::async_trait]
impl SamlService for Saml {
    async fn create_authn_request(
        &self,
        request: Request<CreateAuthnRequestRequest>,
    ) -> Result<Response<CreateAuthnRequestResponse>, Status> {
        let traceparent = request.metadata().get("traceparent").and_then(|value| value.to_str().ok());
        let traceparent = traceparent.map(str::to_owned);
        let request = request.into_inner();
        let relay_state = request.relay_state.clone();
        assert!(relay_state.len() <= 80, "SAML Bindings section 3.4.3");
        if request.connection == OLD_CONNECTION.to_string() {
            return Err(to_status("saml.vestibule", &Disabled));
        }
        let mut asked = self.asked.lock().unwrap();
        asked.authn_requests.push(request.clone());
        asked.traceparents.push(traceparent);
        let request_id = format!("_request-{}", asked.authn_requests.len());
        drop(asked);
        let binding = if request.connection == GLOBEX_CONNECTION.to_string() {
            Binding::PostForm(PostForm {
                action: "https://idp.globex.test/sso".to_owned(),
                saml_request: "PHNhbWw+".to_owned(),
                relay_state,
                saml_response: String::new(),
            })
        } else {
            Binding::RedirectUrl(format!("https://idp.acme.test/sso?SAMLRequest=x&RelayState={relay_state}"))
        };
        Ok(Response::new(CreateAuthnRequestResponse {
            request_id,
            binding: Some(binding),
            organization: resource::organization_name(ACME),
        }))
    }

    async fn validate_response(
        &self,
        request: Request<ValidateResponseRequest>,
    ) -> Result<Response<ValidateResponseResponse>, Status> {
        let request = request.into_inner();
        self.asked.lock().unwrap().validations.push(request.clone());
        let mut words = request.saml_response.split(':');
        let (kind, id, lack) = (words.next(), words.next().unwrap_or_default(), words.next().unwrap_or_default());
        match kind {
            Some("valid") => {}
            Some("down") => return Err(Status::unavailable("saml is down")),
            Some("disabled") => return Err(to_status("saml.vestibule", &Disabled)),
            _ => return Ok(Response::new(refused("SIGNATURE_MISSING", refusal::Responsible::IdentityProvider))),
        }
        let (organization, connection) = if request.connection == ACME_CONNECTION.to_string() {
            (ACME, ACME_CONNECTION)
        } else {
            (GLOBEX, GLOBEX_CONNECTION)
        };
        match self.accept(&request, organization, connection, id).await {
            Ok(stream) => Ok(Response::new(accepted(organization, connection, &stream, lack, &*self.clock))),
            Err(reason) => Ok(Response::new(refused(reason, refusal::Responsible::IdentityProvider))),
        }
    }

    /// Judges as [`Self::validate_response`] does; `off` is what the connection does not allow.
    async fn validate_unsolicited_response(
        &self,
        request: Request<ValidateUnsolicitedResponseRequest>,
    ) -> Result<Response<ValidateUnsolicitedResponseResponse>, Status> {
        let request = request.into_inner();
        let refusal = match request.saml_response.split(':').next() {
            Some("valid") => None,
            Some("off") => Some("RESPONSE_UNSOLICITED"),
            _ => Some("SIGNATURE_MISSING"),
        };
        Ok(Response::new(ValidateUnsolicitedResponseResponse {
            refused: refusal.map(|reason| Refusal {
                reason: reason.to_owned(),
                responsible: refusal::Responsible::IdentityProvider.into(),
                message: String::new(),
            }),
            ..ValidateUnsolicitedResponseResponse::default()
        }))
    }

    async fn create_test_authn_request(
        &self,
        request: Request<CreateTestAuthnRequestRequest>,
    ) -> Result<Response<CreateTestAuthnRequestResponse>, Status> {
        test_peer::create(request.get_ref()).map(Response::new)
    }

    async fn validate_test_response(
        &self,
        request: Request<ValidateTestResponseRequest>,
    ) -> Result<Response<ValidateTestResponseResponse>, Status> {
        let request = request.into_inner();
        self.asked.lock().unwrap().tests.push(request.clone());
        test_peer::validate(&request).map(Response::new)
    }

    async fn create_logout_request(
        &self,
        request: Request<CreateLogoutRequestRequest>,
    ) -> Result<Response<CreateLogoutRequestResponse>, Status> {
        let mut asked = self.asked.lock().unwrap();
        asked.logout_requests.push(request.into_inner());
        logout_peer::create(&asked.logout_requests).map(Response::new)
    }

    async fn validate_logout(
        &self,
        request: Request<ValidateLogoutRequest>,
    ) -> Result<Response<ValidateLogoutResponse>, Status> {
        let request = request.into_inner();
        self.asked.lock().unwrap().logouts.push(request.clone());
        logout_peer::validate(&request).map(Response::new)
    }

    async fn get_service_provider_metadata(
        &self,
        request: Request<GetServiceProviderMetadataRequest>,
    ) -> Result<Response<GetServiceProviderMetadataResponse>, Status> {
        let metadata_xml = format!("<EntityDescriptor entityID=\"{}\"/>", request.into_inner().connection);
        Ok(Response::new(GetServiceProviderMetadataResponse { metadata_xml, keys: Vec::new() }))
    }

    async fn rotate_service_provider_keys(
        &self,
        _: Request<RotateServiceProviderKeysRequest>,
    ) -> Result<Response<RotateServiceProviderKeysResponse>, Status> {
        Err(Status::unimplemented("not asked by the gateway"))
    }

    async fn inspect_metadata(
        &self,
        _: Request<InspectMetadataRequest>,
    ) -> Result<Response<InspectMetadataResponse>, Status> {
        Err(Status::unimplemented("not asked by the gateway"))
    }

    async fn explain_response(
        &self,
        _: Request<ExplainResponseRequest>,
    ) -> Result<Response<ExplainResponseResponse>, Status> {
        Err(Status::unimplemented("not asked by the gateway"))
    }

    async fn preview_mapping(
        &self,
        _: Request<PreviewMappingRequest>,
    ) -> Result<Response<PreviewMappingResponse>, Status> {
        Err(Status::unimplemented("not asked by the gateway"))
    }
}

impl Saml {
    /// As the real service: the assertion is used up, and the request is answered.
    async fn accept(
        &self,
        request: &ValidateResponseRequest,
        organization: OrganizationId,
        connection: ConnectionId,
        assertion: &str,
    ) -> Result<StreamId, &'static str> {
        let now = self.clock.now();
        let partition = Some(Partition::of(now));
        let stream = StreamId::new(assertion::CATEGORY, Some(organization), partition, assertion).unwrap();
        let accepted = Accepted {
            connection,
            person: PersonId::from_uuid(PERSON),
            request_id: request.request_id.clone(),
            certificate_fingerprint: "aa".repeat(32),
            user_pool: user_pool(&request.user_pool),
            issued_at: now,
        };
        let command = assertion::Command::Accept(accepted);
        let done = self.log.execute::<Assertion>(&stream, None, Metadata::default(), &command).await;
        done.map(|_| stream).map_err(|_| "ASSERTION_REPLAYED")
    }
}

fn user_pool(name: &str) -> UserPoolId {
    resource::user_pool("user_pool", name).unwrap()
}

pub(crate) fn refused(reason: &str, responsible: refusal::Responsible) -> ValidateResponseResponse {
    let failed = Check {
        name: "signature.present".to_owned(),
        status: check::Status::Failed.into(),
        expected: "a signature".to_owned(),
        found: "none".to_owned(),
    };
    ValidateResponseResponse {
        outcome: Some(Outcome::Refused(Refusal {
            reason: reason.to_owned(),
            responsible: responsible.into(),
            message: "internal words that no person should read".to_owned(),
        })),
        checks: vec![failed],
        organization: resource::organization_name(ACME),
    }
}

fn accepted(
    organization: OrganizationId,
    connection: ConnectionId,
    stream: &StreamId,
    lack: &str,
    clock: &dyn Clock,
) -> ValidateResponseResponse {
    let passed = Check {
        name: "signature.value".to_owned(),
        status: check::Status::Passed.into(),
        expected: "verifies".to_owned(),
        found: "verifies".to_owned(),
    };
    let connection = if lack == "foreign" { GLOBEX_CONNECTION } else { connection };
    let email = if lack == "email" { String::new() } else { "ada@acme.test".to_owned() };
    ValidateResponseResponse {
        outcome: Some(Outcome::Accepted(Identity {
            organization: resource::organization_name(organization),
            connection: resource::connection_name(organization, connection),
            sub: PERSON.to_string(),
            email_verified: !email.is_empty(),
            email,
            name: "Ada Lovelace".to_owned(),
            given_name: "Ada".to_owned(),
            family_name: String::new(),
            groups: vec!["engineers".to_owned()],
            auth_time: Some(proto_timestamp(clock.now())),
            acr: "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport".to_owned(),
            assertion: stream.to_string(),
            first_seen: false,
            certificate_fingerprint: "aa".repeat(32),
            session: if lack == "session" { String::new() } else { format!("sealed-{lack}") },
        })),
        checks: vec![passed],
        organization: resource::organization_name(organization),
    }
}
