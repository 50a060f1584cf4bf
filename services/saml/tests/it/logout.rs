//! Single logout in both directions, against a simulated identity provider that verifies our signatures.

use std::time::Duration;

use tonic::Code;
use vestibule_eventlog::StreamId;
use vestibule_kernel::PersonId;
use vestibule_rpc::{
    reason_of,
    saml::v1::{
        CreateLogoutRequestRequest, CreateLogoutRequestResponse, GetServiceProviderMetadataRequest, Identity,
        LogoutHeard, Refusal, ValidateLogoutRequest, ValidateLogoutResponse, check, create_logout_request_response,
        logout_answered, logout_heard, validate_logout_request::Message, validate_logout_response::Outcome,
    },
};
use vestibule_saml_idp::{KnownServiceProvider, LogoutKind, LogoutTerms, ReceivedLogout, Subject, saml_response_value};
use vestibule_tenancy::{
    Note,
    connection::{self, CheckedSettings, SamlSettings, SubjectSource},
    organization,
    person::{self, Person},
};

use crate::world::{Customer, USER_POOL, World, accepted, ada, identity_provider, metadata, signing_key};

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

#[tokio::test]
async fn a_request_signs_the_person_out_and_is_answered() {
    let world = World::start().await;
    let acme = world.acme().await;
    let SignedIn { identity, session_index } = world.begin_session(&acme, &ada()).await;
    assert!(!world.is_signed_out(&acme, &identity).await);
    let terms = world.logout_terms(&acme).of_session(session_index);
    let answer = world.logout(asks(&acme, &ada(), &terms)).await;
    assert!(answer.checks.iter().any(|check| check.name == "logout.request_unused"));
    assert!(answer.organization.ends_with(&acme.organization.to_string()));
    let heard = heard(answer);
    assert!(heard.signed_out && world.is_signed_out(&acme, &identity).await);
    let received = read(&acme, heard);
    received.require_signed_by(&world.known_service_provider(&acme).await).unwrap();
    assert_eq!(received.kind, LogoutKind::Response);
    assert_eq!(received.in_response_to, Some(terms.id));
    assert_eq!(received.status.as_deref(), Some("urn:oasis:names:tc:SAML:2.0:status:Success"));
    assert_eq!((received.destination.as_deref(), received.relay_state.as_deref()), (Some(AT_IDP), Some("opaque")));
    assert_eq!(world.count("person.signed_out").await, 1);
    // Who signs in again is signed in again.
    world.begin_session(&acme, &ada()).await;
    assert!(!world.is_signed_out(&acme, &identity).await);
    assert_eq!(world.count("person.signed_in").await, 1);
}

#[tokio::test]
async fn a_request_by_form_is_the_same() {
    let world = World::start().await;
    let acme = world.acme().await;
    let SignedIn { identity, session_index } = world.begin_session(&acme, &ada()).await;
    let terms = world.logout_terms(&acme).of_session(session_index);
    let signed = acme.idp.sign_logout(&acme.idp.logout_request(&ada(), &terms), &terms).unwrap();
    let request = message(&acme, Message::SamlRequest(saml_response_value(&signed)));
    assert!(heard(world.logout(request).await).signed_out);
    assert!(world.is_signed_out(&acme, &identity).await);
}

#[tokio::test]
async fn a_request_is_heard_once_whatever_happens_between() {
    let world = World::start().await;
    let acme = world.acme().await;
    let SignedIn { identity, .. } = world.begin_session(&acme, &ada()).await;
    let request = asks(&acme, &ada(), &world.logout_terms(&acme));
    heard(world.logout(request.clone()).await);
    let again = refused(world.logout(request.clone()).await);
    assert_eq!(again.reason, "LOGOUT_REQUEST_REPLAYED");
    world.begin_session(&acme, &ada()).await;
    assert_eq!(refused(world.logout(request).await).reason, "LOGOUT_REQUEST_REPLAYED");
    assert!(!world.is_signed_out(&acme, &identity).await, "who caught the request cannot sign the person out again");
    assert_eq!(world.count("person.signed_out").await, 1);
}

#[tokio::test]
async fn each_request_is_recorded_also_for_somebody_who_is_signed_out_already() {
    let world = World::start().await;
    let acme = world.acme().await;
    let SignedIn { identity, .. } = world.begin_session(&acme, &ada()).await;
    let second = asks(&acme, &ada(), &world.logout_terms(&acme));
    heard(world.logout(asks(&acme, &ada(), &world.logout_terms(&acme))).await);
    heard(world.logout(second.clone()).await);
    assert_eq!(world.count("person.signed_out").await, 2);
    world.begin_session(&acme, &ada()).await;
    refused(world.logout(second).await);
    assert!(!world.is_signed_out(&acme, &identity).await);
}

#[tokio::test]
async fn of_many_who_bring_one_request_at_once_one_is_heard() {
    let world = World::start().await;
    let acme = world.acme().await;
    world.begin_session(&acme, &ada()).await;
    let request = asks(&acme, &ada(), &world.logout_terms(&acme));
    let attempts: Vec<_> = (0..8)
        .map(|_| {
            let (mut saml, request) = (world.saml(), request.clone());
            tokio::spawn(async move { saml.validate_logout(request).await.unwrap().into_inner() })
        })
        .collect();
    let mut outcomes = Vec::new();
    for attempt in attempts {
        outcomes.push(matches!(attempt.await.unwrap().outcome.unwrap(), Outcome::Heard(_)));
    }
    assert_eq!(outcomes.into_iter().filter(|heard| *heard).count(), 1);
    assert_eq!(world.count("person.signed_out").await, 1);
}

#[tokio::test]
async fn who_is_not_known_is_not_told_from_who_is() {
    let world = World::start().await;
    let acme = world.acme().await;
    let globex = world.customer("globex", "globex.test").await;
    let SignedIn { identity, session_index } = world.begin_session(&acme, &ada()).await;
    world.begin_session(&globex, &Subject::persistent("of-globex")).await;
    let written = world.events().await.len();
    let nobody = Subject::persistent("nobody");
    let other_format = Subject::email("a1b2c3-Ada");
    let of_session = |index: &str| world.logout_terms(&acme).of_session(index);
    let cases = [
        (&nobody, world.logout_terms(&acme)),
        (&nobody, of_session(&session_index)),
        (&ada(), of_session("another session")),
        (&other_format, world.logout_terms(&acme)),
        (&Subject::persistent("of-globex"), world.logout_terms(&acme)),
    ];
    for (subject, terms) in cases {
        let heard = heard(world.logout(asks(&acme, subject, &terms)).await);
        assert!(!heard.signed_out);
        let received = read(&acme, heard);
        assert_eq!(received.status.as_deref(), Some("urn:oasis:names:tc:SAML:2.0:status:Success"));
        assert_eq!(received.in_response_to, Some(terms.id));
    }
    assert_eq!(world.events().await.len(), written, "nothing is written about nobody");
    assert!(!world.is_signed_out(&acme, &identity).await);
}

#[tokio::test]
async fn one_of_several_sessions_is_enough_and_all_are_meant_when_none_is_named() {
    let world = World::start().await;
    let acme = world.acme().await;
    let first = world.begin_session(&acme, &ada()).await;
    let second = world.begin_session(&acme, &ada()).await;
    let both = world.logout_terms(&acme).of_session("unknown").of_session(first.session_index);
    assert!(heard(world.logout(asks(&acme, &ada(), &both)).await).signed_out);
    world.begin_session(&acme, &ada()).await;
    let later = world.logout_terms(&acme).of_session(second.session_index);
    assert!(heard(world.logout(asks(&acme, &ada(), &later)).await).signed_out);
    world.begin_session(&acme, &ada()).await;
    assert!(heard(world.logout(asks(&acme, &ada(), &world.logout_terms(&acme))).await).signed_out);
}

#[tokio::test]
async fn a_person_known_by_an_attribute_is_found_by_the_name_of_the_session() {
    let world = World::start().await;
    let acme = world.acme().await;
    let settings = SamlSettings {
        subject: SubjectSource::Attribute { name: "employeeNumber".to_owned() },
        ..SamlSettings::default()
    };
    let settings = CheckedSettings::check(settings, &SamlSettings::default(), world.clock_now()).unwrap();
    let configure = connection::Configure { settings: Some(settings), ..Default::default() };
    world.change_connection(&acme, connection::Command::Configure(configure)).await;
    world.settle().await;
    let transient = |name: &str| Subject::transient(name).with("employeeNumber", ["4711"]);
    let first = world.begin_session(&acme, &transient("_one")).await;
    let second = world.begin_session(&acme, &transient("_two")).await;
    assert_eq!(first.identity.sub, second.identity.sub);
    let unknown = heard(world.logout(asks(&acme, &transient("_three"), &world.logout_terms(&acme))).await);
    assert!(!unknown.signed_out);
    let known = heard(world.logout(asks(&acme, &transient("_one"), &world.logout_terms(&acme))).await);
    assert!(known.signed_out && world.is_signed_out(&acme, &first.identity).await);
}

#[tokio::test]
async fn a_session_is_remembered_for_thirty_days_a_name_for_ever() {
    let world = World::start().await;
    let acme = world.acme().await;
    let SignedIn { session_index, .. } = world.begin_session(&acme, &ada()).await;
    world.clock.advance(Duration::from_hours(30 * 24));
    let of_session = world.logout_terms(&acme).of_session(session_index);
    assert!(!heard(world.logout(asks(&acme, &ada(), &of_session)).await).signed_out);
    assert!(heard(world.logout(asks(&acme, &ada(), &world.logout_terms(&acme))).await).signed_out);
}

#[tokio::test]
async fn who_may_not_sign_in_may_be_signed_out() {
    let world = World::start().await;
    let acme = world.acme().await;
    let SignedIn { identity, .. } = world.begin_session(&acme, &ada()).await;
    let note = Note::parse("test").unwrap();
    world.change_connection(&acme, connection::Command::Disable { note: note.clone() }).await;
    world.change_organization(acme.organization, organization::Command::Suspend { note }).await;
    world.settle().await;
    assert!(heard(world.logout(asks(&acme, &ada(), &world.logout_terms(&acme))).await).signed_out);
    assert!(world.is_signed_out(&acme, &identity).await);
    assert!(world.create_logout(&acme, &identity.session).await.unwrap().binding.is_some());
}

#[tokio::test]
async fn nobody_but_the_identity_provider_signs_anybody_out() {
    let world = World::start().await;
    let acme = world.acme().await;
    let SignedIn { identity, session_index } = world.begin_session(&acme, &ada()).await;
    let written = world.events().await.len();
    let terms = world.logout_terms(&acme).of_session(session_index);
    let xml = acme.idp.logout_request(&ada(), &terms);
    let genuine = acme.idp.logout_query(LogoutKind::Request, &xml, None).unwrap();
    let stranger = vestibule_saml_idp::IdentityProvider::new(acme.idp.entity_id(), acme.idp.sso_url(), signing_key());
    let forged = stranger.logout_query(LogoutKind::Request, &xml, None).unwrap();
    let unsigned = genuine.split_once("&SigAlg=").unwrap().0.to_owned();
    let mut elsewhere = terms.clone();
    elsewhere.destination = Some("https://login.vestibule.test/saml/other/slo".to_owned());
    let elsewhere = acme.idp.logout_request(&ada(), &elsewhere);
    let elsewhere = acme.idp.logout_query(LogoutKind::Request, &elsewhere, None).unwrap();
    let signed = acme.idp.sign_logout(&xml, &terms).unwrap();
    let changed = saml_response_value(&signed.replace("a1b2c3-Ada", "a1b2c3-Bob"));
    for (message_, reason) in [
        (Message::Query(unsigned), "SIGNATURE_MISSING"),
        (Message::Query(forged), "SIGNATURE_INVALID"),
        (Message::Query(elsewhere), "DESTINATION_MISMATCH"),
        (Message::Query(genuine.replace("SAMLRequest=", "SAMLRequest=x&SAMLRequest=")), "QUERY_MALFORMED"),
        (Message::Query(String::new()), "QUERY_MALFORMED"),
        (Message::SamlRequest(saml_response_value(&xml)), "SIGNATURE_MISSING"),
        (Message::SamlRequest(changed), "SIGNATURE_INVALID"),
        (Message::SamlResponse(saml_response_value(&signed)), "NOT_A_LOGOUT_MESSAGE"),
    ] {
        assert_eq!(refused(world.logout(message(&acme, message_)).await).reason, reason);
    }
    let nothing = ValidateLogoutRequest { connection: acme.connection.to_string(), ..Default::default() };
    let status = world.saml().validate_logout(nothing).await.unwrap_err();
    assert_eq!(reason_of(&status).as_deref(), Some("LOGOUT_MESSAGE_MISSING"));
    assert_eq!(world.events().await.len(), written);
    assert!(!world.is_signed_out(&acme, &identity).await);
}

#[tokio::test]
async fn a_sign_in_leaves_a_session_that_only_we_can_read_and_end() {
    let world = World::start().await;
    let acme = world.acme().await;
    let SignedIn { identity, session_index } = world.begin_session(&acme, &ada()).await;
    assert!(!identity.session.is_empty() && identity.session.len() <= 3_600);
    let created = world.create_logout(&acme, &identity.session).await.unwrap();
    assert!(created.organization.ends_with(&acme.organization.to_string()));
    let Some(create_logout_request_response::Binding::RedirectUrl(url)) = created.binding else {
        panic!("by redirect")
    };
    let (address, query) = url.split_once('?').unwrap();
    let received = acme.idp.read_logout_redirect(query).unwrap();
    received.require_signed_by(&world.known_service_provider(&acme).await).unwrap();
    assert_eq!((address, received.kind), (AT_IDP, LogoutKind::Request));
    assert_eq!((received.id.as_str(), received.relay_state.as_deref()), (created.request_id.as_str(), Some("handle")));
    assert_eq!((received.name_id.as_deref(), received.name_id_format), (Some("a1b2c3-Ada"), ada().name_id_format));
    assert_eq!(received.session_indexes, [session_index]);
    assert!(!world.is_signed_out(&acme, &identity).await, "the person is signed out of this browser only");
    assert_eq!(world.count("person.signed_out").await, 0);
}

#[tokio::test]
async fn a_session_counts_for_its_connection_and_pool_and_not_for_ever() {
    let world = World::start().await;
    let acme = world.acme().await;
    let globex = world.customer("globex", "globex.test").await;
    let SignedIn { identity, .. } = world.begin_session(&acme, &ada()).await;
    let session = identity.session;
    let mut changed = session.clone();
    changed.replace_range(40..41, if &session[40..41] == "A" { "B" } else { "A" });
    let other_pool = CreateLogoutRequestRequest {
        connection: acme.connection.to_string(),
        session: session.clone(),
        user_pool: "userPools/01890a5d-ac96-774b-bcce-b302099a8058".to_owned(),
        relay_state: String::new(),
    };
    let mut attempts = vec![world.saml().create_logout_request(other_pool).await.map(|_| ())];
    attempts.push(world.create_logout(&globex, &session).await.map(|_| ()));
    for session in [&changed, "", "x", &"A".repeat(3_600), &"A".repeat(10_000)] {
        attempts.push(world.create_logout(&acme, session).await.map(|_| ()));
    }
    world.clock.advance(Duration::from_hours(30 * 24));
    attempts.push(world.create_logout(&acme, &session).await.map(|_| ()));
    for attempt in attempts {
        let status = attempt.unwrap_err();
        assert_eq!((status.code(), reason_of(&status).as_deref()), (Code::InvalidArgument, Some("SESSION_UNREADABLE")));
    }
}

#[tokio::test]
async fn sessions_outlive_the_key_that_sealed_them_as_long_as_they_last() {
    let world = World::start().await;
    let acme = world.acme().await;
    let SignedIn { identity, .. } = world.begin_session(&acme, &ada()).await;
    world.clock.advance(Duration::from_hours(29 * 24));
    let old = world.begin_session(&acme, &ada()).await.identity.session;
    world.clock.advance(Duration::from_hours(2 * 24));
    let new = world.begin_session(&acme, &ada()).await.identity.session;
    assert_ne!(old[..21], new[..21], "another key seals");
    vestibule_saml_service::destroy_old_keys(&world.resources).await.unwrap();
    world.create_logout(&acme, &old).await.unwrap();
    world.create_logout(&acme, &new).await.unwrap();
    world.create_logout(&acme, &identity.session).await.unwrap_err();
}

#[tokio::test]
async fn without_an_endpoint_there_is_no_session_and_no_request() {
    let world = World::start().await;
    let globex = world.customer("globex", "globex.test").await;
    assert_eq!(world.begin_session(&globex, &ada()).await.identity.session, "");
    let acme = world.acme().await;
    let SignedIn { identity, .. } = world.begin_session(&acme, &ada()).await;
    let mut without = metadata(&acme.idp);
    without.identity_provider.single_logout.clear();
    let configure = connection::Configure { metadata: Some(without), ..Default::default() };
    world.change_connection(&acme, connection::Command::Configure(configure)).await;
    world.settle().await;
    let created = world.create_logout(&acme, &identity.session).await.unwrap();
    assert_eq!((created.binding, created.request_id.as_str()), (None, ""));
    // Nor is there anywhere to answer to; the person is signed out all the same.
    let heard = heard(world.logout(asks(&acme, &ada(), &world.logout_terms(&acme))).await);
    assert!(heard.signed_out && heard.binding.is_none());
}

#[tokio::test]
async fn answers_go_where_the_metadata_says_and_by_form_where_there_is_no_redirect() {
    let world = World::start().await;
    let acme = world.acme().await;
    let mut other = metadata(&acme.idp);
    other.identity_provider.single_logout.retain(|endpoint| endpoint.binding == connection::Binding::HttpPost);
    other.identity_provider.single_logout[0].response_location = Some("https://idp.acme.test/slo/done".to_owned());
    let configure = connection::Configure { metadata: Some(other), ..Default::default() };
    world.change_connection(&acme, connection::Command::Configure(configure)).await;
    world.settle().await;
    let SignedIn { identity, .. } = world.begin_session(&acme, &ada()).await;
    let known = world.known_service_provider(&acme).await;
    let created = world.create_logout(&acme, &identity.session).await.unwrap();
    let Some(create_logout_request_response::Binding::PostForm(form)) = created.binding else { panic!("by form") };
    assert_eq!((form.action.as_str(), form.saml_response.as_str()), (AT_IDP, ""));
    let body = format!("SAMLRequest={}", encoded(&form.saml_request));
    acme.idp.read_logout_post(&body).unwrap().require_signed_by(&known).unwrap();

    let heard = heard(world.logout(asks(&acme, &ada(), &world.logout_terms(&acme))).await);
    let Some(logout_heard::Binding::PostForm(form)) = heard.binding else { panic!("by form") };
    assert_eq!((form.action.as_str(), form.saml_request.as_str()), ("https://idp.acme.test/slo/done", ""));
    assert_eq!(form.relay_state, "opaque");
    let received = acme.idp.read_logout_post(&format!("SAMLResponse={}", encoded(&form.saml_response))).unwrap();
    received.require_signed_by(&known).unwrap();
    assert_eq!(received.destination.as_deref(), Some("https://idp.acme.test/slo/done"));
}

fn encoded(value: &str) -> String {
    value.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

#[tokio::test]
async fn an_answer_counts_for_the_request_that_waits_for_it() {
    let world = World::start().await;
    let acme = world.acme().await;
    let written = world.events().await.len();
    let answer = |in_response_to: &str, code: &str, detail: Option<&str>| {
        let terms = world.logout_terms(&acme).answering(in_response_to).with_status(code, detail);
        let xml = acme.idp.logout_response(&terms);
        let query = acme.idp.logout_query(LogoutKind::Response, &xml, Some("handle")).unwrap();
        ValidateLogoutRequest { request_id: "_ours".to_owned(), ..message(&acme, Message::Query(query)) }
    };
    for (code, detail, expected) in [
        ("Success", None, logout_answered::Outcome::Success),
        ("Responder", Some("PartialLogout"), logout_answered::Outcome::Partial),
        ("Requester", Some("UnknownPrincipal"), logout_answered::Outcome::Refused),
    ] {
        let outcome = world.logout(answer("_ours", code, detail)).await.outcome.unwrap();
        assert!(matches!(outcome, Outcome::Answered(answered) if answered.outcome() == expected), "{code}");
    }
    assert_eq!(refused(world.logout(answer("_other", "Success", None)).await).reason, "IN_RESPONSE_TO_MISMATCH");
    let unasked = ValidateLogoutRequest { request_id: String::new(), ..answer("_ours", "Success", None) };
    assert_eq!(refused(world.logout(unasked).await).reason, "IN_RESPONSE_TO_MISMATCH");
    assert_eq!(world.events().await.len(), written);
}

#[tokio::test]
async fn a_name_too_long_for_a_cookie_leaves_no_session() {
    let world = World::start().await;
    let acme = world.acme().await;
    let long = Subject::persistent("é".repeat(1_000)).with("email", ["ada@acme.test"]);
    let signed_in = world.begin_session(&acme, &long).await;
    assert!(signed_in.identity.session.is_empty() || signed_in.identity.session.len() <= 3_600);
    let longest = Subject::persistent("\u{10348}".repeat(1_024)).with("email", ["ada@acme.test"]);
    assert_eq!(world.begin_session(&acme, &longest).await.identity.session, "");
}
