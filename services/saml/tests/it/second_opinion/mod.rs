//! The second opinion: with the real program where there is one, and with programs that do what they should not.

mod fake;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use vestibule_rpc::saml::v1::{
    Check, ExplainResponseRequest, ExplainResponseResponse, ValidateResponseResponse, check::Status,
    refusal::Responsible, validate_response_response::Outcome,
};
use vestibule_saml_idp::{Forger, Forgery, ResponseTerms, Signed, Subject, saml_response_value};
use vestibule_saml_service::{Config, SecondOpinionMode as Mode, StartError};
use vestibule_second_opinion_protocol::{Answer, Attribute, Confirmation, Hello, NameId, Obstacle, Reading, VERSION};

use self::fake::{Fake, say};
use crate::world::{Customer, World, accepted, ada, refused, signing_key};

/// The real program.
const PROGRAM: &str = "VESTIBULE_TEST_SECOND_OPINION";

/// What an honest engine reads in a Response about Ada with these terms.
fn reading(customer: &Customer, terms: &ResponseTerms) -> Reading {
    let attribute = |name: &str, values: &[&str]| Attribute {
        name: name.to_owned(),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    };
    let confirmation = Confirmation {
        method: Some("urn:oasis:names:tc:SAML:2.0:cm:bearer".to_owned()),
        recipient: Some(terms.acs_url.clone()),
        in_response_to: terms.in_response_to.clone(),
    };
    Reading {
        assertion_id: terms.assertion_id.clone(),
        issuer: customer.idp.entity_id().to_owned(),
        issue_instant: terms.now.unix_millis(),
        name_id: Some(NameId {
            value: "a1b2c3-Ada".to_owned(),
            format: Some("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".to_owned()),
        }),
        confirmations: vec![confirmation],
        audiences: vec![vec![terms.audience.clone()]],
        authn_instant: Some(terms.now.unix_millis()),
        session_index: Some(terms.session_index.clone()),
        authn_context: Some(terms.authn_context.clone()),
        attributes: vec![
            attribute("email", &["ada@acme.test"]),
            attribute("displayName", &["Ada Lovelace"]),
            attribute("givenName", &["Ada"]),
            attribute("sn", &["Lovelace"]),
            attribute("groups", &["staff", "admins"]),
        ],
    }
}

fn check(checks: &[Check]) -> Option<&Check> {
    checks.iter().find(|check| check.name == "second_opinion")
}

/// Waits until the service says that it is ready, as whoever sends people to it does.
async fn ready(world: &World) {
    while !world.troubles().is_empty() {
        tokio::task::yield_now().await;
    }
}

/// A sign-in of Ada's, and what the program makes of it.
async fn sign_in(world: &World, customer: &Customer, prepare: impl FnOnce(&ResponseTerms)) -> ValidateResponseResponse {
    let request_id = world.request(customer).await;
    let terms = world.terms(customer, &request_id);
    prepare(&terms);
    let response = saml_response_value(&customer.idp.respond(&ada(), &terms).unwrap());
    world.validate(customer, &response, &request_id).await.unwrap()
}

async fn explain(world: &World, customer: &Customer, saml_response: &str, request_id: &str) -> ExplainResponseResponse {
    let request = ExplainResponseRequest {
        connection: customer.connection.to_string(),
        saml_response: saml_response.to_owned(),
        request_id: request_id.to_owned(),
        ..Default::default()
    };
    world.saml().explain_response(request).await.unwrap().into_inner()
}

/// What a program may do with a question, the reason that the sign-in is refused for, and what the checklist says.
fn misbehaviour(customer: &Customer, terms: &ResponseTerms) -> Vec<(String, &'static str, &'static str)> {
    let honest = reading(customer, terms);
    let mut other_person = honest.clone();
    other_person.name_id.as_mut().unwrap().value = "eve".to_owned();
    let mut more_groups = honest.clone();
    more_groups.attributes[4].values.push("owners".to_owned());
    let verified = |reading: Reading| say(&Answer::Verified { reading: Box::new(reading) });
    let cannot = say(&Answer::CannotProcess { obstacle: Obstacle::Algorithm });
    let (disagrees, unavailable) = ("SECOND_OPINION_DISAGREES", "SECOND_OPINION_UNAVAILABLE");
    let honest = verified(honest);
    vec![
        (verified(other_person), disagrees, "it reads otherwise: name id"),
        (verified(more_groups), disagrees, "it reads otherwise: attributes"),
        (say(&Answer::Rejected), disagrees, "it does not verify the signature"),
        (cannot, "SECOND_OPINION_CANNOT_PROCESS", "it has not the signature or digest algorithm"),
        (String::new(), unavailable, "did not answer as it should"),
        ("kill -SEGV $$".to_owned(), unavailable, "did not answer as it should"),
        ("printf 'HTTP/1.1 200 OK'".to_owned(), unavailable, "did not answer as it should"),
        ("printf '\\377\\377\\377\\377'".to_owned(), unavailable, "did not answer as it should"),
        ("printf '\\000\\000\\000\\002{}'".to_owned(), unavailable, "did not answer as it should"),
        ("exec cat /dev/zero".to_owned(), unavailable, "did not answer as it should"),
        // Doubles until there is no more memory.
        ("x=x; while :; do x=$x$x; done".to_owned(), unavailable, "did not answer as it should"),
        (format!("{honest}; {honest}"), unavailable, "did not answer as it should"),
        (format!("{honest}; exit 3"), unavailable, "ended with an error"),
        (format!("{honest}; kill -SEGV $$"), unavailable, "ended with an error"),
        // The processor time is used up, or the time, whichever is first.
        ("while :; do :; done".to_owned(), unavailable, "did not answer"),
    ]
}

#[tokio::test]
async fn where_it_is_required_only_agreement_lets_people_in() {
    let fake = Fake::new();
    let world = World::start_with(&fake.config(Mode::Require)).await;
    ready(&world).await;
    let acme = world.customer("acme", "acme.test").await;
    let cases = misbehaviour(&acme, &world.terms(&acme, "")).len();
    let head = world.log.head().await.unwrap();
    for case in 0..cases {
        let (mut reason, mut found) = ("", "");
        let answer = sign_in(&world, &acme, |terms| {
            let script;
            (script, reason, found) = misbehaviour(&acme, terms).swap_remove(case);
            fake.then(&script);
        })
        .await;
        let made = check(&answer.checks).unwrap().clone();
        assert_eq!(made.status(), Status::Failed, "{case}");
        assert!(made.found.contains(found), "{case}: {} {found}", made.found);
        let refusal = refused(answer);
        assert_eq!((refusal.reason.as_str(), refusal.responsible()), (reason, Responsible::Operator), "{case}");
    }
    assert_eq!(world.log.head().await.unwrap(), head, "a refusal leaves nothing behind");
    let answer = sign_in(&world, &acme, |terms| {
        fake.then(&say(&Answer::Verified { reading: Box::new(reading(&acme, terms)) }));
    })
    .await;
    assert_eq!(check(&answer.checks).unwrap().status(), Status::Passed);
    accepted(answer);
}

#[tokio::test]
async fn where_it_is_observed_everybody_gets_in_and_the_checklist_tells() {
    let fake = Fake::new();
    let world = World::start_with(&fake.config(Mode::Observe)).await;
    let acme = world.customer("acme", "acme.test").await;
    let cases = misbehaviour(&acme, &world.terms(&acme, "")).len();
    for case in 0..cases {
        let mut found = "";
        let answer = sign_in(&world, &acme, |terms| {
            let script;
            (script, _, found) = misbehaviour(&acme, terms).swap_remove(case);
            fake.then(&script);
        })
        .await;
        let made = check(&answer.checks).unwrap().clone();
        assert_eq!(made.status(), Status::Warning, "{case}");
        assert!(made.found.contains(found), "{case}: {} {found}", made.found);
        accepted(answer);
    }
}

#[tokio::test]
async fn one_that_never_answers_is_waited_for_only_so_long() {
    let fake = Fake::new();
    fake.then("exec sleep 1000");
    let config = |mode| Config { second_opinion_wait_milliseconds: 100, ..fake.config(mode) };
    let world = World::start_with(&config(Mode::Require)).await;
    ready(&world).await;
    let acme = world.customer("acme", "acme.test").await;
    // More often than there are processes: each one that was waited for has made room.
    for _ in 0..10 {
        let answer = sign_in(&world, &acme, |_| {}).await;
        assert_eq!(check(&answer.checks).unwrap().found, "it did not answer in time");
        assert_eq!(refused(answer).reason, "SECOND_OPINION_UNAVAILABLE");
    }
    let world = World::start_with(&config(Mode::Observe)).await;
    let acme = world.customer("acme", "acme.test").await;
    accepted(sign_in(&world, &acme, |_| {}).await);
}

#[tokio::test]
async fn nothing_that_the_first_engine_refuses_is_handed_over() {
    let fake = Fake::new();
    fake.notes_questions();
    let world = World::start_with(&fake.config(Mode::Require)).await;
    ready(&world).await;
    let acme = world.customer("acme", "acme.test").await;
    let request_id = world.request(&acme).await;
    let (terms, stranger, subject) = (world.terms(&acme, &request_id), signing_key(), ada());
    let forger = Forger { provider: &acme.idp, stranger: &stranger, subject: &subject, terms: &terms, victim: "eve" };
    for forgery in Forgery::ALL {
        let value = saml_response_value(&forger.forge(*forgery).unwrap());
        let answer = world.validate(&acme, &value, &request_id).await.unwrap();
        assert_eq!(check(&answer.checks).unwrap().status(), Status::NotReached, "{forgery:?}");
        assert!(refused(answer).reason.as_str() != "SECOND_OPINION_UNAVAILABLE", "{forgery:?}");
        let explained = explain(&world, &acme, &value, &request_id).await;
        assert_eq!(check(&explained.checks).unwrap().status(), Status::NotReached, "{forgery:?}");
    }
    // Neither is what is genuine and refused for another reason.
    let transient = Subject::transient("x");
    assert_eq!(world.refused_sign_in(&acme, &transient).await.reason, "SUBJECT_NOT_STABLE");
    assert!(!fake.was_asked());
    sign_in(&world, &acme, |_| {}).await;
    assert!(fake.was_asked());
}

#[tokio::test]
async fn where_nobody_asks_for_it_the_checklist_does_not_speak_of_it() {
    let fake = Fake::new();
    fake.notes_questions();
    let world = World::start_with(&fake.config(Mode::Off)).await;
    let acme = world.customer("acme", "acme.test").await;
    let answer = sign_in(&world, &acme, |_| {}).await;
    assert_eq!(check(&answer.checks), None);
    accepted(answer);
    assert!(!fake.was_asked());
}

#[tokio::test]
async fn a_connection_that_asks_too_often_is_not_asked_about() {
    let fake = Fake::new();
    let config = Config { second_opinion_per_connection_second_max: 1, ..fake.config(Mode::Observe) };
    let world = World::start_with(&config).await;
    let (acme, globex) = (world.customer("acme", "acme.test").await, world.customer("globex", "globex.test").await);
    let mut asked = Vec::new();
    for _ in 0..6 {
        let answer = sign_in(&world, &acme, |_| fake.then(&say(&Answer::Rejected))).await;
        asked.push(!check(&answer.checks).unwrap().found.contains("more often than it may"));
        accepted(answer);
    }
    assert_eq!(asked, [true, true, true, false, false, false]);
    let answer = sign_in(&world, &globex, |_| {}).await;
    assert_eq!(check(&answer.checks).unwrap().found, "it does not verify the signature");
    world.clock.advance(Duration::from_secs(1));
    let answer = sign_in(&world, &acme, |_| {}).await;
    assert_eq!(check(&answer.checks).unwrap().found, "it does not verify the signature");
}

#[tokio::test]
async fn where_it_is_required_the_service_is_not_ready_without_its_program() {
    let fake = Fake::new();
    fake.write("exit 1");
    let world = World::start_with(&fake.config(Mode::Require)).await;
    let acme = world.customer("acme", "acme.test").await;
    while world.troubles() == ["second opinion: its program has not started yet"] {
        tokio::task::yield_now().await;
    }
    let [trouble] = &world.troubles()[..] else { panic!("{:?}", world.troubles()) };
    assert!(trouble.contains("does not say that it is ready"), "{trouble}");
    let answer = sign_in(&world, &acme, |_| {}).await;
    assert_eq!(check(&answer.checks).unwrap().found, "its program does not start");
    assert_eq!(refused(answer).reason, "SECOND_OPINION_UNAVAILABLE");
    // Mended, it is found without anybody's doing.
    fake.write(&format!("{}\nread -r question\n", say(&Hello { version: VERSION, engine: "new".to_owned() })));
    ready(&world).await;

    fake.write("exit 1");
    let world = World::start_with(&fake.config(Mode::Observe)).await;
    assert_eq!(world.troubles(), [""; 0], "what is only observed keeps nobody out");
    let other = Fake::greeting(&Hello { version: VERSION + 1, engine: "of another release".to_owned() });
    let world = World::start_with(&other.config(Mode::Require)).await;
    while world.troubles() == ["second opinion: its program has not started yet"] {
        tokio::task::yield_now().await;
    }
    assert!(world.troubles()[0].contains("speaks version 2 of the protocol"), "{:?}", world.troubles());
}

#[tokio::test]
async fn a_deployment_without_the_program_does_not_start() {
    let fake = Fake::new();
    let resources = World::start().await;
    let mut plain = fake.folder.path().join("plain");
    fs::write(&plain, "no program").unwrap();
    let mut refused = Vec::new();
    for program in [None, Some("vestibule-second-opinion".into()), Some("/nowhere/program".into()), Some(plain.clone())]
    {
        let config = Config { second_opinion_program: program, ..fake.config(Mode::Observe) };
        refused.push(resources.start_again(&config).await.map(drop).err().unwrap().to_string());
    }
    for (refused, why) in refused.iter().zip(["name the program", "absolute", "cannot be found", "is not a program"]) {
        assert!(refused.contains(why), "{refused}");
    }
    let good = fake.config(Mode::Observe);
    for config in [
        Config { second_opinion_children_max: 1, ..good.clone() },
        Config { second_opinion_children_max: 65, ..good.clone() },
        Config { second_opinion_wait_milliseconds: 2_501, ..good.clone() },
        Config { second_opinion_per_connection_second_max: 0, ..good.clone() },
    ] {
        assert!(matches!(resources.start_again(&config).await, Err(StartError::Config(_))), "{config:?}");
    }
    plain = PathBuf::from("/nowhere/program");
    let config = Config { second_opinion_program: Some(plain), ..fake.config(Mode::Off) };
    assert!(resources.start_again(&config).await.is_ok());
}

fn real_program(test: &str) -> Option<PathBuf> {
    let found = std::env::var_os(PROGRAM).map(PathBuf::from);
    if found.is_none() {
        let may_skip = std::env::var("VESTIBULE_TEST_REQUIRE_ALL").as_deref() != Ok("1");
        assert!(may_skip, "{test} needs the program of the second opinion: set {PROGRAM}");
        println!("skipped: {test} needs the program of the second opinion: set {PROGRAM}");
    }
    found
}

fn with_program(program: &Path, mode: Mode) -> Config {
    Config {
        second_opinion: mode,
        second_opinion_program: Some(program.to_owned()),
        second_opinion_wait_milliseconds: 2_500,
        ..Config::default()
    }
}

#[tokio::test]
async fn the_real_program_agrees_about_what_is_genuine() {
    let Some(program) = real_program("the_real_program_agrees_about_what_is_genuine") else { return };
    for mode in [Mode::Observe, Mode::Require] {
        let world = World::start_with(&with_program(&program, mode)).await;
        ready(&world).await;
        let acme = world.customer("acme", "acme.test").await;
        for signed in [Signed::Assertion, Signed::Response, Signed::Both] {
            let request_id = world.request(&acme).await;
            let terms = world.terms(&acme, &request_id).signed(signed);
            let response = saml_response_value(&acme.idp.respond(&ada(), &terms).unwrap());
            let explained = explain(&world, &acme, &response, &request_id).await;
            assert_eq!(check(&explained.checks).unwrap().status(), Status::Passed, "{:?}", explained.checks);
            let answer = world.validate(&acme, &response, &request_id).await.unwrap();
            assert_eq!(check(&answer.checks).unwrap().status(), Status::Passed, "{:?}", answer.checks);
            assert!(matches!(answer.outcome, Some(Outcome::Accepted(_))));
        }
    }
}
