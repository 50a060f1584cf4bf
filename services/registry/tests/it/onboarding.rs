//! Onboardings: what is missing is known at once, is recorded by a process that follows the log, and keeps people from going
//! live unless somebody says why not.

use std::time::Duration;

use prost_types::FieldMask;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Code, Status};
use vestibule_eventlog::{Filter, Metadata, StreamId};
use vestibule_host::{Resources, Service};
use vestibule_registry_service::Config;
use vestibule_rpc::registry::v1::{
    AttestDomainRequest, Connection, CreateTestSignInRequest, DeleteDomainRequest, DisableConnectionRequest,
    EnableConnectionRequest, GetConnectionRequest, GetOnboardingRequest, GetTestSignInRequest, ListOnboardingsRequest,
    Onboarding, OnboardingStep, ReviewMappingRequest, SamlIdentityProvider, SamlSettings, UpdateConnectionRequest,
    connection::IdentityProvider,
    onboarding::State,
    onboarding_service_client::OnboardingServiceClient,
    onboarding_step::{Actor, State as StepState, Step},
    test_sign_in::State as TestState,
};
use vestibule_storage::{TestOutcome, TestRefusal, TestSignIns, TestTicket};
use vestibule_tenancy::connection::{self as domain_connection, NoteTest};

use crate::registry::{Registry, assert_field, assert_refused, identity_provider, now, saml_connection, saml_of};

impl Registry {
    fn onboardings(&self) -> OnboardingServiceClient<vestibule_rpc::Channel> {
        OnboardingServiceClient::new(self.channel.clone())
    }

    pub(crate) async fn onboarding(&self, name: &str) -> Result<Onboarding, Status> {
        let request = GetOnboardingRequest { name: name.to_owned() };
        Ok(self.onboardings().get_onboarding(request).await?.into_inner().onboarding.unwrap())
    }

    pub(crate) async fn review(&self, name: &str, etag: &str) -> Result<Onboarding, Status> {
        let request = ReviewMappingRequest { name: name.to_owned(), etag: etag.to_owned() };
        Ok(self.onboardings().review_mapping(request).await?.into_inner().onboarding.unwrap())
    }

    /// Looks at the connection as it is, and says that its mapping is right.
    pub(crate) async fn look_and_review(&self, name: &str) {
        let request = GetConnectionRequest { name: name.to_owned() };
        let seen = self.connections().get_connection(request).await.unwrap().into_inner().connection.unwrap();
        self.review(name, &seen.etag).await.unwrap();
    }

    pub(crate) async fn enable(&self, name: &str, override_note: &str) -> Result<Connection, Status> {
        let (name, override_note) = (name.to_owned(), override_note.to_owned());
        let request = EnableConnectionRequest { name, etag: String::new(), override_note };
        Ok(self.connections().enable_connection(request).await?.into_inner().connection.unwrap())
    }

    pub(crate) async fn disable(&self, name: &str) {
        let name = name.to_owned();
        let request = DisableConnectionRequest { name, leave_without_sign_in: true, ..Default::default() };
        self.connections().disable_connection(request).await.unwrap();
    }

    pub(crate) async fn own(&self, organization: &str, domain: &str) -> String {
        let name = self.create_domain(organization, domain).await.unwrap().name;
        let request = AttestDomainRequest { name: name.clone(), note: "contract".to_owned(), ..Default::default() };
        self.domains().attest_domain(request).await.unwrap();
        name
    }

    /// What the SAML service records when a test passes.
    pub(crate) async fn tested(&self, connection: &Connection, test: &str) {
        let (organization, id) = vestibule_rpc::resource::connection("name", &connection.name).unwrap();
        let stream = StreamId::of_id(domain_connection::CATEGORY, Some(organization), id.uuid());
        let state = self.log.load::<domain_connection::Connection>(&stream).await.unwrap().state;
        let tried = state.trust().unwrap().tried();
        let certificate_fingerprint = saml_of(connection).certificates[0].sha256_fingerprint.clone();
        let note = NoteTest { test: test.to_owned(), tried, certificate_fingerprint, now: now() };
        let command = domain_connection::Command::NoteTest(note);
        self.log.execute::<domain_connection::Connection>(&stream, None, Metadata::default(), &command).await.unwrap();
    }

    pub(crate) async fn configure(&self, name: &str, settings: SamlSettings, field: &str) {
        let saml = SamlIdentityProvider { settings: Some(settings), ..SamlIdentityProvider::default() };
        let connection = Connection {
            name: name.to_owned(),
            identity_provider: Some(IdentityProvider::Saml(saml)),
            ..Connection::default()
        };
        let update_mask = Some(FieldMask { paths: vec![format!("saml.settings.{field}")] });
        let request = UpdateConnectionRequest { connection: Some(connection), update_mask };
        self.connections().update_connection(request).await.unwrap();
    }

    /// Everything that was recorded of onboardings: name, step, actor.
    pub(crate) async fn recorded(&self) -> Vec<(String, String)> {
        let events = self.log.read_all(self.log.start(), &Filter::default(), 1_000).await.unwrap().events;
        let told = events.iter().filter(|event| event.name.starts_with("onboarding."));
        told.map(|event| {
            let data: serde_json::Value = serde_json::from_str(&event.data).unwrap();
            let step = data.get("step").or(data.get("steps")).map(ToString::to_string).unwrap_or_default();
            (event.name.strip_prefix("onboarding.").unwrap().to_owned(), step.replace('"', ""))
        })
        .collect()
    }

    /// Waits until the process has recorded that many events.
    async fn recorded_up_to(&self, count: usize) -> Vec<(String, String)> {
        tokio::time::timeout(Duration::from_secs(20), async {
            loop {
                let recorded = self.recorded().await;
                if recorded.len() >= count {
                    return recorded;
                }
                tokio::task::yield_now().await;
            }
        })
        .await
        .expect("the process follows the log")
    }

    /// Ends everything that follows the log; requests are answered all the same.
    fn stop(&self) {
        self.resources.stop.cancel();
    }

    /// Another process on the same store.
    async fn start_again(&self) -> (Service, DropGuard) {
        let stop = CancellationToken::new();
        let resources = Resources { stop: stop.clone(), ..self.resources.clone() };
        let service = vestibule_registry_service::start(&resources, &Config::default()).await.unwrap();
        (service, stop.drop_guard())
    }

    pub(crate) async fn newcomer(&self) -> (String, Connection) {
        let acme = self.create_organization("acme").await.name;
        let connection = self.create_connection(&acme, &identity_provider().metadata_xml()).await.unwrap();
        (acme, connection)
    }
}

pub(crate) fn open(onboarding: &Onboarding) -> Vec<Step> {
    let steps = onboarding.steps.iter().filter(|step| step.state() == StepState::Open);
    steps.map(vestibule_rpc::registry::v1::OnboardingStep::step).collect()
}

pub(crate) const TEST: &str = "5b0b4b0e-6f0e-4e0a-9d3c-2b1a4e5f6a7d";

#[tokio::test]
async fn what_is_missing_and_who_has_to_act_is_known_at_every_moment() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await.name;
    let nothing = registry.onboarding(&acme).await.unwrap();
    assert_eq!((&*nothing.connection, &*nothing.organization, nothing.state()), ("", &*acme, State::Incomplete));
    assert_eq!(open(&nothing).len(), 6, "of an organization without a connection everything is missing");
    let asked: Vec<(Step, Actor)> = nothing.steps.iter().map(|step| (step.step(), step.actor())).collect();
    let expected = [
        (Step::DomainVerified, Actor::Application),
        (Step::MetadataImported, Actor::ItAdmin),
        (Step::CertificateChecked, Actor::ItAdmin),
        (Step::MappingReviewed, Actor::Operator),
        (Step::TestSignInPassed, Actor::ItAdmin),
        (Step::RoutingEnabled, Actor::Operator),
    ];
    assert_eq!(asked, expected);
    assert!(nothing.steps.iter().all(|step| step.instruction.ends_with('.')), "each says what is to be done");
    registry.own(&acme, "acme.test").await;
    assert!(!open(&registry.onboarding(&acme).await.unwrap()).contains(&Step::DomainVerified));

    let connection = registry.create_connection(&acme, &identity_provider().metadata_xml()).await.unwrap();
    let begun = registry.onboarding(&connection.name).await.unwrap();
    assert_eq!(open(&begun), [Step::MappingReviewed, Step::TestSignInPassed, Step::RoutingEnabled]);
    let actors: Vec<Actor> =
        begun.steps.iter().filter(|step| !step.instruction.is_empty()).map(OnboardingStep::actor).collect();
    assert_eq!(actors, [Actor::Operator, Actor::ItAdmin, Actor::Operator]);

    registry.review(&connection.name, &connection.etag).await.unwrap();
    registry.tested(&connection, TEST).await;
    assert_eq!(open(&registry.onboarding(&connection.name).await.unwrap()), [Step::RoutingEnabled]);
    registry.enable(&connection.name, "").await.unwrap();
    let done = registry.onboarding(&acme).await.unwrap();
    assert_eq!((done.state(), done.connection), (State::Complete, connection.name));
}

#[tokio::test]
async fn each_step_is_recorded_in_order_and_once() {
    let registry = Registry::start().await;
    let (acme, connection) = registry.newcomer().await;
    registry.recorded_up_to(3).await;
    registry.own(&acme, "acme.test").await;
    registry.recorded_up_to(4).await;
    registry.look_and_review(&connection.name).await;
    registry.look_and_review(&connection.name).await;
    registry.tested(&connection, TEST).await;
    registry.recorded_up_to(6).await;
    registry.enable(&connection.name, "").await.unwrap();
    let recorded = registry.recorded_up_to(8).await;
    let expected = [
        ("started", ""),
        ("step_completed", "metadata_imported"),
        ("step_completed", "certificate_checked"),
        ("step_completed", "domain_verified"),
        ("step_completed", "mapping_reviewed"),
        ("step_completed", "test_sign_in_passed"),
        ("step_completed", "routing_enabled"),
        ("completed", ""),
    ];
    assert_eq!(recorded, expected.map(|(name, step)| (name.to_owned(), step.to_owned())));
    let request = ListOnboardingsRequest { parent: acme, ..ListOnboardingsRequest::default() };
    let listed = registry.onboardings().list_onboardings(request).await.unwrap().into_inner().onboardings;
    assert_eq!((listed.len(), listed[0].state(), &*listed[0].connection), (1, State::Complete, &*connection.name));
}

#[tokio::test]
async fn what_is_gone_is_missing_again() {
    let registry = Registry::start().await;
    let (acme, connection) = registry.newcomer().await;
    let domain = registry.own(&acme, "acme.test").await;
    registry.look_and_review(&connection.name).await;
    registry.tested(&connection, TEST).await;
    let open_now = async || open(&registry.onboarding(&connection.name).await.unwrap());
    assert_eq!(open_now().await, [Step::RoutingEnabled]);
    // Roles make another mapping, and other settings have to be tested.
    let role = vestibule_rpc::registry::v1::RoleRule { group: "Admins".to_owned(), role: "admin".to_owned() };
    let settings = SamlSettings { roles: vec![role], ..SamlSettings::default() };
    registry.configure(&connection.name, settings, "roles").await;
    assert_eq!(open_now().await, [Step::MappingReviewed, Step::TestSignInPassed, Step::RoutingEnabled]);
    let stale = registry.review(&connection.name, &connection.etag).await;
    assert_refused(stale, Code::Aborted, "ETAG_MISMATCH");
    registry.look_and_review(&connection.name).await;
    // What has nothing to do with the mapping leaves the review.
    let settings = SamlSettings { force_authn: true, ..SamlSettings::default() };
    registry.configure(&connection.name, settings, "force_authn").await;
    assert_eq!(open_now().await, [Step::TestSignInPassed, Step::RoutingEnabled]);
    registry.domains().delete_domain(DeleteDomainRequest { name: domain, ..Default::default() }).await.unwrap();
    assert_eq!(open_now().await, [Step::DomainVerified, Step::TestSignInPassed, Step::RoutingEnabled]);
    registry.clock.advance(Duration::from_hours(24 * 365 * 3));
    assert!(open_now().await.contains(&Step::CertificateChecked), "its validity is over");
}

#[tokio::test]
async fn a_test_with_a_key_that_is_trusted_no_more_has_to_be_repeated() {
    let registry = Registry::start().await;
    let (acme, connection) = registry.newcomer().await;
    registry.own(&acme, "acme.test").await;
    registry.look_and_review(&connection.name).await;
    registry.tested(&connection, TEST).await;
    registry.recorded_up_to(6).await;
    // Nothing changes but the key.
    let renewed = saml_connection("", &identity_provider().metadata_xml());
    let update_mask = Some(FieldMask { paths: vec!["saml.metadata_xml".to_owned()] });
    let connection = Some(Connection { name: connection.name.clone(), ..renewed });
    let request = UpdateConnectionRequest { connection, update_mask };
    let renewed = registry.connections().update_connection(request).await.unwrap().into_inner().connection.unwrap();
    let open_now = open(&registry.onboarding(&renewed.name).await.unwrap());
    assert_eq!(open_now, [Step::TestSignInPassed, Step::RoutingEnabled]);
    let reopened = ("step_reopened".to_owned(), "test_sign_in_passed".to_owned());
    assert_eq!(registry.recorded_up_to(7).await.last(), Some(&reopened));
    assert_refused(registry.enable(&renewed.name, "").await, Code::FailedPrecondition, "ONBOARDING_INCOMPLETE");
    registry.tested(&renewed, "0c1d2e3f-6f0e-4e0a-9d3c-2b1a4e5f6a7d").await;
    registry.enable(&renewed.name, "").await.unwrap();
}

#[tokio::test]
async fn a_process_that_was_away_catches_up_and_two_of_them_record_once() {
    let registry = Registry::start().await;
    let (acme, connection) = registry.newcomer().await;
    registry.recorded_up_to(3).await;
    registry.stop();
    let domain = registry.own(&acme, "acme.test").await;
    registry.tested(&connection, TEST).await;
    assert_eq!(registry.recorded().await.len(), 3, "nobody follows the log");
    let _two = (registry.start_again().await, registry.start_again().await);
    registry.recorded_up_to(5).await;
    registry.domains().delete_domain(DeleteDomainRequest { name: domain, ..Default::default() }).await.unwrap();
    registry.recorded_up_to(6).await;
    let id = registry.create_domain(&acme, "other.test").await.unwrap().name;
    let request = AttestDomainRequest { name: id, note: "contract".to_owned(), ..Default::default() };
    registry.domains().attest_domain(request).await.unwrap();
    let steps: Vec<String> = registry.recorded_up_to(7).await.split_off(3).into_iter().map(|(_, step)| step).collect();
    assert_eq!(steps, ["domain_verified", "test_sign_in_passed", "domain_verified", "domain_verified"]);
}

#[tokio::test]
async fn all_onboardings_are_listed_and_those_that_are_incomplete() {
    let registry = Registry::start().await;
    let mut names = Vec::new();
    for slug in ["acme", "globex", "initech"] {
        let organization = registry.create_organization(slug).await.name;
        names.push(registry.create_connection(&organization, &identity_provider().metadata_xml()).await.unwrap().name);
    }
    registry.recorded_up_to(9).await;
    registry.enable(&names[1], "as agreed").await.unwrap();
    let list = async |parent: &str, incomplete_only, page_size, page_token: String| {
        let request = ListOnboardingsRequest { parent: parent.to_owned(), page_size, page_token, incomplete_only };
        registry.onboardings().list_onboardings(request).await.map(tonic::Response::into_inner)
    };
    let connections = |onboardings: &[Onboarding]| -> Vec<String> {
        onboardings.iter().map(|onboarding| onboarding.connection.clone()).collect()
    };
    let all = list("organizations/-", false, 0, String::new()).await.unwrap();
    let mut sorted = names.clone();
    sorted.sort();
    assert_eq!(connections(&all.onboardings), sorted);
    let incomplete = list("organizations/-", true, 0, String::new()).await.unwrap();
    assert_eq!(incomplete.onboardings.len(), 2);
    assert!(!connections(&incomplete.onboardings).contains(&names[1]));
    let first = list("organizations/-", false, 2, String::new()).await.unwrap();
    let second = list("organizations/-", false, 2, first.next_page_token).await.unwrap();
    assert_eq!((first.onboardings.len(), second.onboardings.len()), (2, 1));
    let one = list(names[2].split_once("/connections").unwrap().0, false, 0, String::new()).await.unwrap();
    assert_eq!(connections(&one.onboardings), [names[2].clone()]);
    let unknown = "organizations/01890a5d-ac96-774b-bcce-b302099a8057";
    assert_refused(list(unknown, false, 0, String::new()).await, Code::NotFound, "ORGANIZATION_NOT_FOUND");
    assert_field(list("acme", false, 0, String::new()).await, "RESOURCE_NAME_INVALID", "parent");
}

#[tokio::test]
async fn a_test_has_a_link_and_what_came_of_it_is_told() {
    let registry = Registry::start().await;
    let (_, connection) = registry.newcomer().await;
    let create = async |lifetime: Option<i64>| {
        let lifetime = lifetime.map(|seconds| prost_types::Duration { seconds, nanos: 0 });
        let request = CreateTestSignInRequest { connection: connection.name.clone(), lifetime };
        registry.onboardings().create_test_sign_in(request).await.map(tonic::Response::into_inner)
    };
    for lifetime in [-1, 0, 59, 86_401] {
        assert_field(create(Some(lifetime)).await, "LIFETIME_INVALID", "lifetime");
    }
    let made = create(None).await.unwrap();
    let test = made.test_sign_in.unwrap();
    let (_, sealed) = made.url.split_once("https://login.vestibule.test/test-sign-in?ticket=").expect("a link of ours");
    let ticket = TestTicket::verify(sealed, &registry.keys, now()).await.unwrap();
    assert_eq!(test.name, format!("{}/testSignIns/{}", connection.name, ticket.id));
    assert_eq!(test.expire_time.unwrap().seconds, now().unix_seconds() + 3600);
    let get = async |name: &str| {
        let request = GetTestSignInRequest { name: name.to_owned() };
        let answer = registry.onboardings().get_test_sign_in(request).await;
        answer.map(|answer| answer.into_inner().test_sign_in.unwrap())
    };
    assert_eq!(get(&test.name).await.unwrap().state(), TestState::Waiting);
    let tests = TestSignIns::new(registry.resources.expiring.clone());
    let refused = TestRefusal { reason: "SIGNATURE_MISSING".to_owned(), responsible: 1, message: "no".to_owned() };
    let outcome = TestOutcome { at: now(), refused: Some(refused), checks: Vec::new(), claims: Vec::new() };
    tests.conclude(&ticket, &outcome).await.unwrap();
    let told = get(&test.name).await.unwrap();
    assert_eq!((told.state(), told.refused.unwrap().reason.as_str()), (TestState::Refused, "SIGNATURE_MISSING"));
    // Whoever recorded that it passed may have been killed before they noted what came of it.
    registry.tested(&connection, &ticket.id.to_string()).await;
    let told = get(&test.name).await.unwrap();
    assert_eq!((told.state(), told.refused, told.end_time), (TestState::Passed, None, None));
    let passed = TestOutcome { refused: None, claims: vec!["email".to_owned()], ..outcome.clone() };
    tests.conclude(&ticket, &passed).await.unwrap();
    // Another attempt with the same link ends after it.
    tests.conclude(&ticket, &outcome).await.unwrap();
    let told = get(&test.name).await.unwrap();
    assert_eq!((told.state(), told.claims.as_slice()), (TestState::Passed, ["email".to_owned()].as_slice()));
    // Under another connection there is no such test, and an hour after its link expired there is none at all.
    let (organization, metadata) =
        (connection.name.split_once("/connections").unwrap().0, identity_provider().metadata_xml());
    let other = registry.create_connection(organization, &metadata).await.unwrap();
    let elsewhere = format!("{}/testSignIns/{}", other.name, ticket.id);
    assert_refused(get(&elsewhere).await, Code::NotFound, "TEST_SIGN_IN_NOT_FOUND");
    assert_field(get("x/testSignIns/1").await, "RESOURCE_NAME_INVALID", "name");
    let unused = create(None).await.unwrap().test_sign_in.unwrap().name;
    registry.clock.advance(Duration::from_mins(61));
    assert_eq!(get(&unused).await.unwrap().state(), TestState::Expired);
    registry.clock.advance(Duration::from_hours(1));
    assert_refused(get(&unused).await, Code::NotFound, "TEST_SIGN_IN_NOT_FOUND");
    registry.enable(&connection.name, "x").await.unwrap();
    assert_refused(create(None).await, Code::FailedPrecondition, "CONNECTION_ENABLED");
}
