//! What the identity provider sends: requests of its own, and answers to ours.

use std::time::Duration;

use vestibule_eventlog::StreamId;
use vestibule_rpc::{
    reason_of,
    saml::v1::{
        ValidateLogoutRequest, create_logout_request_response, logout_answered, logout_heard,
        validate_logout_request::Message, validate_logout_response::Outcome,
    },
};
use vestibule_saml_idp::{LogoutKind, Subject, saml_response_value};
use vestibule_tenancy::{
    Note,
    connection::{self, CheckedSettings, SamlSettings, SubjectSource},
    organization,
    person::{self, Person},
};

use super::{AT_IDP, SignedIn, asks, heard, message, read, refused};
use crate::world::{World, ada, metadata, signing_key};

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
async fn who_turned_out_to_be_another_is_signed_out_as_that_one_however_often() {
    let world = World::start().await;
    let acme = world.acme().await;
    let SignedIn { identity, session_index } = world.begin_session(&acme, &ada()).await;
    let between = world.begin_session(&acme, &Subject::persistent("between")).await.identity;
    let last = world.begin_session(&acme, &Subject::persistent("last")).await.identity;
    for (duplicate, survivor) in [(&identity, &between), (&between, &last)] {
        let duplicate = StreamId::of_id(person::CATEGORY, Some(acme.organization), duplicate.sub.parse().unwrap());
        let supersede = person::Command::Supersede { by: survivor.sub.parse().unwrap() };
        world.execute::<Person>(&duplicate, &supersede).await;
    }
    let request = asks(&acme, &ada(), &world.logout_terms(&acme).of_session(session_index));
    assert!(heard(world.logout(request.clone()).await).signed_out);
    assert!(world.is_signed_out(&acme, &last).await);
    assert_eq!(refused(world.logout(request).await).reason, "LOGOUT_REQUEST_REPLAYED");
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

/// For a form's body.
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
