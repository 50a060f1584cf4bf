//! Single logout in both directions, against a simulated identity provider that verifies our signatures.

mod begun;
mod heard;

use vestibule_eventlog::StreamId;
use vestibule_kernel::PersonId;
use vestibule_rpc::saml::v1::{
    CreateLogoutRequestRequest, CreateLogoutRequestResponse, GetServiceProviderMetadataRequest, Identity, LogoutHeard,
    Refusal, ValidateLogoutRequest, ValidateLogoutResponse, check, logout_heard, validate_logout_request::Message,
    validate_logout_response::Outcome,
};
use vestibule_saml_idp::{KnownServiceProvider, LogoutKind, LogoutTerms, ReceivedLogout, Subject, saml_response_value};
use vestibule_tenancy::person::{self, Person};

use crate::world::{Customer, USER_POOL, World, accepted, identity_provider};

const AT_IDP: &str = "https://idp.acme.test/slo";

/// A sign-in, with what the identity provider calls its session.
struct SignedIn {
    identity: Identity,
    session_index: String,
}

impl World {
    /// A customer whose identity provider takes logout messages.
    async fn acme(&self) -> Customer {
        let organization = self.organization("acme").await;
        self.verify(organization, "acme.test", false).await;
        self.connect(organization, identity_provider("acme").with_logout(AT_IDP)).await
    }

    async fn begin_session(&self, customer: &Customer, subject: &Subject) -> SignedIn {
        let request_id = self.request(customer).await;
        let terms = self.terms(customer, &request_id);
        let response = saml_response_value(&customer.idp.respond(subject, &terms).unwrap());
        let identity = accepted(self.validate(customer, &response, &request_id).await.unwrap());
        SignedIn { identity, session_index: terms.session_index }
    }

    fn logout_terms(&self, customer: &Customer) -> LogoutTerms {
        let slo_url = format!("https://login.vestibule.test/saml/{}/slo", customer.connection);
        LogoutTerms::new(slo_url, self.clock_now(), &*self.ids)
    }

    async fn logout(&self, request: ValidateLogoutRequest) -> ValidateLogoutResponse {
        self.saml().validate_logout(request).await.unwrap().into_inner()
    }

    async fn known_service_provider(&self, customer: &Customer) -> KnownServiceProvider {
        let request = GetServiceProviderMetadataRequest { connection: customer.connection.to_string() };
        let answer = self.saml().get_service_provider_metadata(request).await.unwrap().into_inner();
        KnownServiceProvider::from_metadata(&answer.metadata_xml).unwrap()
    }

    async fn create_logout(
        &self,
        customer: &Customer,
        session: &str,
    ) -> Result<CreateLogoutRequestResponse, tonic::Status> {
        let request = CreateLogoutRequestRequest {
            connection: customer.connection.to_string(),
            session: session.to_owned(),
            user_pool: USER_POOL.to_owned(),
            relay_state: "handle".to_owned(),
        };
        self.saml().create_logout_request(request).await.map(tonic::Response::into_inner)
    }

    async fn is_signed_out(&self, customer: &Customer, identity: &Identity) -> bool {
        let person: PersonId = identity.sub.parse().unwrap();
        let stream = StreamId::of_id(person::CATEGORY, Some(customer.organization), person.uuid());
        self.log.load::<Person>(&stream).await.unwrap().state.known().unwrap().is_signed_out
    }
}

/// The identity provider's request, by redirect.
fn asks(customer: &Customer, subject: &Subject, terms: &LogoutTerms) -> ValidateLogoutRequest {
    let xml = customer.idp.logout_request(subject, terms);
    let query = customer.idp.logout_query(LogoutKind::Request, &xml, Some("opaque")).unwrap();
    message(customer, Message::Query(query))
}

fn message(customer: &Customer, message: Message) -> ValidateLogoutRequest {
    ValidateLogoutRequest {
        connection: customer.connection.to_string(),
        message: Some(message),
        relay_state: "opaque".to_owned(),
        request_id: String::new(),
    }
}

#[track_caller]
fn heard(answer: ValidateLogoutResponse) -> LogoutHeard {
    match answer.outcome.unwrap() {
        Outcome::Heard(heard) => heard,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refused(answer: ValidateLogoutResponse) -> Refusal {
    let failed = answer.checks.iter().filter(|check| check.status() == check::Status::Failed).count();
    assert_eq!(failed, 1, "{:?}", answer.checks);
    match answer.outcome.unwrap() {
        Outcome::Refused(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}

/// What the identity provider reads of our answer.
#[track_caller]
fn read(customer: &Customer, heard: LogoutHeard) -> ReceivedLogout {
    match heard.binding.unwrap() {
        logout_heard::Binding::RedirectUrl(url) => {
            let (address, query) = url.split_once('?').unwrap();
            assert_eq!(address, AT_IDP);
            customer.idp.read_logout_redirect(query).unwrap()
        }
        logout_heard::Binding::PostForm(form) => panic!("{form:?}"),
    }
}
