//! Test sign-ins: judged like any other, and nothing of them signs anybody in.

use std::time::Duration;

use tonic::{Code, Status};
use uuid::Uuid;
use vestibule_kernel::IdSource as _;
use vestibule_rpc::{
    reason_of,
    saml::v1::{
        CreateTestAuthnRequestRequest, TestIdentity, ValidateTestResponseRequest, ValidateTestResponseResponse,
        ValidateUnsolicitedResponseRequest, check::Status as Checked, validate_test_response_response::Outcome,
    },
};
use vestibule_saml_idp::{Forger, Forgery, Subject, saml_response_value};
use vestibule_storage::{TestSignIns, TestTicket};
use vestibule_tenancy::{
    Note,
    connection::{self, CheckedSettings, ClaimName, SamlSettings},
    organization,
};

use crate::world::{Customer, World, accepted, ada, now, refused, signing_key};

fn note() -> Note {
    Note::parse("test").unwrap()
}

impl World {
    /// A customer whose connection is not live.
    pub(crate) async fn newcomer(&self) -> Customer {
        let acme = self.customer("acme", "acme.test").await;
        self.change_connection(&acme, connection::Command::Disable { note: note() }).await;
        self.settle().await;
        acme
    }

    pub(crate) async fn ticket_of(&self, customer: &Customer, change: impl FnOnce(&mut TestTicket)) -> (Uuid, String) {
        let mut ticket = TestTicket {
            id: self.ids.uuid_v4(),
            organization: customer.organization,
            connection: customer.connection,
            email_required: false,
            expires_at: self.clock_now().plus(Duration::from_hours(1)),
        };
        change(&mut ticket);
        TestSignIns::new(self.resources.expiring.clone()).begin(&ticket).await.unwrap();
        (ticket.id, ticket.sign(&self.keys, self.clock_now()).await.unwrap())
    }

    pub(crate) async fn ticket(&self, customer: &Customer) -> String {
        self.ticket_of(customer, |_| {}).await.1
    }

    pub(crate) async fn test_request(&self, ticket: &str) -> Result<Sent, Status> {
        let relay_state = "handle".to_owned();
        let request = CreateTestAuthnRequestRequest { ticket: ticket.to_owned(), relay_state };
        let made = self.saml().create_test_authn_request(request).await?.into_inner();
        Ok(Sent { request_id: made.request_id, tried: made.tried })
    }

    pub(crate) async fn validate_test(
        &self,
        customer: &Customer,
        ticket: &str,
        saml_response: &str,
        sent: &Sent,
    ) -> Result<ValidateTestResponseResponse, Status> {
        let request = sent.answered(customer, ticket, saml_response);
        self.saml().validate_test_response(request).await.map(tonic::Response::into_inner)
    }

    /// A whole test sign-in.
    async fn test(&self, customer: &Customer, ticket: &str, subject: &Subject) -> ValidateTestResponseResponse {
        let sent = self.test_request(ticket).await.unwrap();
        let response = self.response(customer, subject, &sent.request_id);
        self.validate_test(customer, ticket, &response, &sent).await.unwrap()
    }
}

/// What a browser carries while it is at the identity provider.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) request_id: String,
    pub(crate) tried: String,
}

impl Sent {
    pub(crate) fn answered(
        &self,
        customer: &Customer,
        ticket: &str,
        saml_response: &str,
    ) -> ValidateTestResponseRequest {
        ValidateTestResponseRequest {
            ticket: ticket.to_owned(),
            connection: customer.connection.to_string(),
            saml_response: saml_response.to_owned(),
            request_id: self.request_id.clone(),
            tried: self.tried.clone(),
        }
    }
}

pub(crate) fn passed(answer: &ValidateTestResponseResponse) -> &TestIdentity {
    match answer.outcome.as_ref().unwrap() {
        Outcome::Passed(identity) => identity,
        Outcome::Refused(refusal) => panic!("refused: {refusal:?}"),
    }
}

pub(crate) fn refusal(answer: &ValidateTestResponseResponse) -> &str {
    match answer.outcome.as_ref().unwrap() {
        Outcome::Refused(refusal) => &refusal.reason,
        Outcome::Passed(identity) => panic!("passed: {identity:?}"),
    }
}

#[track_caller]
fn assert_refused<T: std::fmt::Debug>(outcome: Result<T, Status>, code: Code, reason: &str) {
    let status = outcome.expect_err("must be refused");
    assert_eq!((status.code(), reason_of(&status).as_deref()), (code, Some(reason)), "{status:?}");
}

#[tokio::test]
async fn a_test_passes_and_is_all_that_is_recorded() {
    let world = World::start().await;
    let acme = world.newcomer().await;
    let before = world.events().await.len();
    let (id, ticket) = world.ticket_of(&acme, |_| {}).await;
    let answer = world.test(&acme, &ticket, &ada()).await;
    let identity = passed(&answer);
    assert_eq!((&*identity.email, identity.email_verified, &*identity.name), ("ada@acme.test", true, "Ada Lovelace"));
    assert_eq!((&*identity.subject, identity.groups.len()), ("a1b2c3-Ada", 2));
    let warned: Vec<&str> =
        answer.checks.iter().filter(|check| check.status() != Checked::Passed).map(|check| &*check.name).collect();
    assert_eq!(warned, ["connection.enabled"]);
    let events = world.events().await;
    let names: Vec<&str> = events[before..].iter().map(|event| &*event.name).collect();
    assert_eq!(names, ["connection.tested"], "neither a person nor an assertion");
    assert!(!events[before].data.contains("ada"), "nothing of whoever tested");
    let known = TestSignIns::new(world.resources.expiring.clone()).find(id, now()).await.unwrap().unwrap();
    let outcome = known.1.unwrap();
    assert_eq!((outcome.refused, outcome.checks.len()), (None, answer.checks.len()));
    assert_eq!(outcome.claims, ["email", "name", "given_name", "family_name", "groups"]);
}

#[tokio::test]
async fn a_ticket_counts_once() {
    let world = World::start().await;
    let acme = world.newcomer().await;
    let ticket = world.ticket(&acme).await;
    let requests = [world.test_request(&ticket).await.unwrap(), world.test_request(&ticket).await.unwrap()];
    let answers = requests.clone().map(|sent| world.response(&acme, &ada(), &sent.request_id));
    passed(&world.validate_test(&acme, &ticket, &answers[0], &requests[0]).await.unwrap());
    for (answer, sent) in answers.iter().zip(&requests) {
        let again = world.validate_test(&acme, &ticket, answer, sent).await;
        assert_refused(again, Code::FailedPrecondition, "TEST_TICKET_USED");
    }
    assert_refused(world.test_request(&ticket).await, Code::FailedPrecondition, "TEST_TICKET_USED");
    assert_eq!(world.count("connection.tested").await, 1);
    passed(&world.test(&acme, &world.ticket(&acme).await, &ada()).await);
    assert_eq!(world.count("connection.tested").await, 2);
}

#[tokio::test]
async fn of_eight_who_bring_the_same_ticket_at_once_one_counts() {
    let world = World::start().await;
    let acme = world.newcomer().await;
    let ticket = world.ticket(&acme).await;
    let mut requests = Vec::new();
    for _ in 0..8 {
        requests.push(world.test_request(&ticket).await.unwrap());
    }
    let mut attempts = Vec::new();
    // All have begun before the first one ends: a ticket that was used begins nothing.
    for sent in requests {
        let request = sent.answered(&acme, &ticket, &world.response(&acme, &ada(), &sent.request_id));
        let mut saml = world.saml();
        attempts.push(tokio::spawn(async move { saml.validate_test_response(request).await }));
    }
    let mut counted = 0;
    for attempt in attempts {
        match attempt.await.unwrap() {
            Ok(_) => counted += 1,
            lost => assert_refused(lost, Code::FailedPrecondition, "TEST_TICKET_USED"),
        }
    }
    assert_eq!((counted, world.count("connection.tested").await), (1, 1));
}

#[tokio::test]
async fn a_response_to_a_test_signs_nobody_in() {
    let world = World::start().await;
    let acme = world.newcomer().await;
    let ticket = world.ticket(&acme).await;
    let of_test = world.test_request(&ticket).await.unwrap().request_id;
    let response = world.response(&acme, &ada(), &of_test);
    world.change_connection(&acme, connection::Command::Enable).await;
    world.settle().await;
    let real = world.request(&acme).await;
    let as_itself = world.validate(&acme, &response, &of_test).await;
    assert_refused(as_itself, Code::InvalidArgument, "REQUEST_ID_INVALID");
    assert_eq!(refused(world.validate(&acme, &response, &real).await.unwrap()).reason, "IN_RESPONSE_TO_MISMATCH");
    let request =
        ValidateUnsolicitedResponseRequest { connection: acme.connection.to_string(), saml_response: response };
    let unasked = world.saml().validate_unsolicited_response(request).await.unwrap().into_inner();
    assert!(unasked.refused.is_some());
    assert_eq!((world.count("assertion.accepted").await, world.count("person.first_seen").await), (0, 0));
}

#[tokio::test]
async fn a_response_to_a_sign_in_is_no_test() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let real = world.request(&acme).await;
    let response = world.response(&acme, &ada(), &real);
    world.change_connection(&acme, connection::Command::Disable { note: note() }).await;
    world.settle().await;
    let ticket = world.ticket(&acme).await;
    let of_test = world.test_request(&ticket).await.unwrap();
    let as_itself = Sent { request_id: real.clone(), ..of_test.clone() };
    let as_itself = world.validate_test(&acme, &ticket, &response, &as_itself).await;
    assert_refused(as_itself, Code::InvalidArgument, "REQUEST_ID_INVALID");
    let answer = world.validate_test(&acme, &ticket, &response, &of_test).await.unwrap();
    assert_eq!(refusal(&answer), "IN_RESPONSE_TO_MISMATCH");
    // Nothing of it was used up: it signs in when people may.
    world.change_connection(&acme, connection::Command::Enable).await;
    world.settle().await;
    accepted(world.validate(&acme, &response, &real).await.unwrap());
    assert_eq!(world.count("connection.tested").await, 0);
}

#[tokio::test]
async fn every_forgery_is_refused_and_nothing_of_it_counts() {
    let world = World::start().await;
    let acme = world.newcomer().await;
    let ticket = world.ticket(&acme).await;
    let before = world.events().await.len();
    let sent = world.test_request(&ticket).await.unwrap();
    let (terms, subject, stranger) = (world.terms(&acme, &sent.request_id), ada(), signing_key());
    let forger =
        Forger { provider: &acme.idp, stranger: &stranger, subject: &subject, terms: &terms, victim: "somebody-else" };
    for forgery in Forgery::ALL {
        let value = saml_response_value(&forger.forge(*forgery).unwrap());
        let answer = world.validate_test(&acme, &ticket, &value, &sent).await.unwrap();
        assert_eq!(refusal(&answer), forgery.reason(), "{}", forgery.name());
    }
    assert_eq!(world.events().await.len(), before);
    // The link is as good as before.
    passed(&world.test(&acme, &ticket, &ada()).await);
}

#[tokio::test]
async fn tickets_that_are_none_open_nothing() {
    let world = World::start().await;
    let acme = world.newcomer().await;
    let good = world.ticket(&acme).await;
    let mut changed: Vec<String> = (0..good.len())
        .map(|place| {
            let other = if good.as_bytes()[place] == b'A' { "B" } else { "A" };
            format!("{}{other}{}", &good[..place], &good[place + 1..])
        })
        .collect();
    changed.extend(["", "vts1.", "vt1.AAAA", &good[..good.len() - 1], &format!("{good}A")].map(str::to_owned));
    for ticket in changed {
        let outcome = world.test_request(&ticket).await;
        assert_refused(outcome, Code::InvalidArgument, "TEST_TICKET_INVALID");
    }
    world.clock.advance(Duration::from_hours(1));
    assert_refused(world.test_request(&good).await, Code::InvalidArgument, "TEST_TICKET_EXPIRED");
    let sent = Sent { request_id: "_test-0123456789abcdef0123456789abcdef".to_owned(), tried: String::new() };
    let answer = world.validate_test(&acme, &good, "x", &sent).await;
    assert_refused(answer, Code::InvalidArgument, "TEST_TICKET_EXPIRED");
}

#[tokio::test]
async fn the_ticket_of_one_connection_is_none_of_another() {
    let world = World::start().await;
    let acme = world.newcomer().await;
    let globex = world.customer("globex", "globex.test").await;
    world.change_connection(&globex, connection::Command::Disable { note: note() }).await;
    world.settle().await;
    let ticket = world.ticket(&acme).await;
    let sent = world.test_request(&ticket).await.unwrap();
    let response = world.response(&globex, &ada(), &sent.request_id);
    let outcome = world.validate_test(&globex, &ticket, &response, &sent).await;
    assert_refused(outcome, Code::InvalidArgument, "TEST_TICKET_INVALID");
    // A connection that moved to nobody's organization is not what was signed for either.
    let (_, mixed) = world.ticket_of(&acme, |ticket| ticket.organization = globex.organization).await;
    assert_refused(world.test_request(&mixed).await, Code::InvalidArgument, "TEST_TICKET_INVALID");
}

#[tokio::test]
async fn what_is_live_is_not_tested() {
    let world = World::start().await;
    let acme = world.newcomer().await;
    let ticket = world.ticket(&acme).await;
    let sent = world.test_request(&ticket).await.unwrap();
    let response = world.response(&acme, &ada(), &sent.request_id);
    world.change_connection(&acme, connection::Command::Enable).await;
    world.settle().await;
    assert_refused(world.test_request(&ticket).await, Code::FailedPrecondition, "CONNECTION_ENABLED");
    let outcome = world.validate_test(&acme, &ticket, &response, &sent).await;
    assert_refused(outcome, Code::FailedPrecondition, "CONNECTION_ENABLED");
}

#[tokio::test]
async fn nobody_of_a_suspended_organization_tests() {
    let world = World::start().await;
    let acme = world.newcomer().await;
    let ticket = world.ticket(&acme).await;
    world.change_organization(acme.organization, organization::Command::Suspend { note: note() }).await;
    assert_refused(world.test_request(&ticket).await, Code::FailedPrecondition, "ORGANIZATION_SUSPENDED");
}

#[tokio::test]
async fn what_would_keep_people_out_keeps_the_test_from_passing() {
    let world = World::start().await;
    let acme = world.newcomer().await;
    let mallory = Subject::persistent("m").with("email", ["mallory@elsewhere.test"]);
    // Where the pool can do without an address, it is only not released.
    let answer = world.test(&acme, &world.ticket(&acme).await, &mallory).await;
    assert_eq!((passed(&answer).email.as_str(), passed(&answer).email_verified), ("", false));
    let (id, strict) = world.ticket_of(&acme, |ticket| ticket.email_required = true).await;
    assert_eq!(refusal(&world.test(&acme, &strict, &mallory).await), "EMAIL_NOT_RELEASABLE");
    let tests = TestSignIns::new(world.resources.expiring.clone());
    let reason = tests.find(id, now()).await.unwrap().unwrap().1.unwrap().refused.unwrap().reason;
    assert_eq!(reason, "EMAIL_NOT_RELEASABLE");
    // And what the settings ask for.
    let wanted = SamlSettings { required_claims: vec![ClaimName::Groups], ..SamlSettings::default() };
    configure(&world, &acme, wanted).await;
    let nobody = Subject::persistent("n").with("email", ["n@acme.test"]);
    assert_eq!(refusal(&world.test(&acme, &strict, &nobody).await), "ATTRIBUTE_REQUIRED_MISSING");
    // The last attempt is what is told, and mending it makes the same link pass.
    passed(&world.test(&acme, &strict, &ada()).await);
    assert_eq!(tests.find(id, now()).await.unwrap().unwrap().1.unwrap().refused, None);
}

#[tokio::test]
async fn what_an_identity_provider_names_its_attributes_is_told_in_short_and_kept() {
    let world = World::start().await;
    let acme = world.newcomer().await;
    let wanted = SamlSettings { required_claims: vec![ClaimName::Groups], ..SamlSettings::default() };
    configure(&world, &acme, wanted).await;
    let plain = Subject::persistent("n").with("email", ["n@acme.test"]).with("a\u{9b}31m", ["x"]);
    // Together more than a record can hold.
    let long = |index: usize| format!("{index:02}-{}", "x".repeat(900));
    let subject = (0..80).fold(plain, |subject, index| subject.with(long(index), ["x"]));
    let (id, ticket) = world.ticket_of(&acme, |_| {}).await;
    let answer = world.test(&acme, &ticket, &subject).await;
    assert_eq!(refusal(&answer), "ATTRIBUTE_REQUIRED_MISSING");
    let told = answer.checks.iter().find(|check| check.status() == Checked::Failed).unwrap();
    assert!(told.found.contains("arrived: ") && !told.found.contains(char::is_control), "{}", told.found);
    assert!(told.found.chars().count() <= 2048);
    let known = TestSignIns::new(world.resources.expiring.clone()).find(id, now()).await.unwrap().unwrap();
    assert_eq!(known.1.expect("what came of it is kept").refused.unwrap().reason, "ATTRIBUTE_REQUIRED_MISSING");
}

/// Has the settings changed, as an operator does.
pub(crate) async fn configure(world: &World, customer: &Customer, wanted: SamlSettings) {
    let settings = CheckedSettings::check(wanted, &SamlSettings::default(), now()).unwrap();
    let configure = connection::Configure { settings: Some(settings), ..connection::Configure::default() };
    world.change_connection(customer, connection::Command::Configure(configure)).await;
    world.settle().await;
}
