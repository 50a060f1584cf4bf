use std::time::Duration;

use tonic::Code;
use vestibule_rpc::{
    proto_timestamp, reason_of,
    saml::v1::{ExplainResponseRequest, ExplainResponseResponse, check::Status, refusal::Responsible},
};
use vestibule_saml_idp::{Deviation, IdentityProvider, Subject, saml_response_value};

use crate::world::{Customer, World, accepted, ada, now, signing_key};

/// Everything about Ada that must not be shown.
const PERSONAL: [&str; 6] = ["a1b2c3", "ada@acme", "Lovelace", "Ada", "staff", "admins"];

async fn explain(world: &World, customer: &Customer, saml_response: &str) -> ExplainResponseResponse {
    let request = ExplainResponseRequest {
        connection: customer.connection.to_string(),
        saml_response: saml_response.to_owned(),
        ..Default::default()
    };
    world.saml().explain_response(request).await.unwrap().into_inner()
}

fn reason(answer: &ExplainResponseResponse) -> (&str, Responsible) {
    answer.refused.as_ref().map_or(("", Responsible::Unspecified), |refused| (&refused.reason, refused.responsible()))
}

fn difference<'a>(answer: &'a ExplainResponseResponse, subject: &str) -> Option<(&'a str, &'a str)> {
    let found = answer.differences.iter().find(|one| one.subject == subject)?;
    Some((&found.expected, &found.found))
}

#[tokio::test]
async fn explaining_never_consumes() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let request_id = world.request(&acme).await;
    let response = world.response(&acme, &ada(), &request_id);
    let head = world.log.head().await.unwrap();
    for _ in 0..3 {
        let answer = explain(&world, &acme, &response).await;
        assert_eq!(answer.refused, None);
        assert!(answer.checks.iter().all(|check| check.status() == Status::Passed), "{:?}", answer.checks);
        assert_eq!((answer.differences.len(), answer.advice.as_str()), (0, ""));
        assert_eq!(answer.clock_offset.unwrap(), prost_types::Duration::default());
    }
    assert_eq!(world.log.head().await.unwrap(), head);
    accepted(world.validate(&acme, &response, &request_id).await.unwrap());

    // Explained after it signed somebody in, it says so, and is still no mistake.
    let head = world.log.head().await.unwrap();
    let answer = explain(&world, &acme, &response).await;
    assert_eq!(answer.refused, None);
    let warned = |check: &&vestibule_rpc::saml::v1::Check| check.status() == Status::Warning;
    let warned: Vec<&str> = answer.checks.iter().filter(warned).map(|check| check.name.as_str()).collect();
    assert_eq!(warned, ["assertion.unused", "request.unanswered"]);
    assert_eq!(world.log.head().await.unwrap(), head);
}

#[tokio::test]
async fn the_document_is_shown_without_the_person() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let request_id = world.request(&acme).await;
    let xml = acme.idp.respond(&ada(), &world.terms(&acme, &request_id)).unwrap();
    let value = saml_response_value(&xml);
    let encoded = value.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    // As the browser sends it, as it is, and as developer tools show it.
    for pasted in [value, format!("\n{xml}\n"), format!("RelayState=x&SAMLResponse={encoded}")] {
        let answer = explain(&world, &acme, &pasted).await;
        assert_eq!(answer.refused, None);
        let document = &answer.document;
        for personal in PERSONAL {
            assert!(!format!("{answer:?}").contains(personal), "{personal} in {document}");
        }
        for plain in ["<saml:NameID Format=", "Name=\"email\"", "(13 characters)", acme.idp.entity_id(), &request_id] {
            assert!(document.contains(plain), "{plain} not in {document}");
        }
    }
    // Nor where nobody expects it.
    let odd = xml.replace("<samlp:Status>", "<samlp:Status Ada=\"Ada\"><!--Ada--><Ada/>Ada");
    let document = explain(&world, &acme, &odd).await.document;
    assert!(document.contains("<!--(3 characters)-->") && !document.contains(">Ada"), "{document}");
    assert!(document.contains("Ada=\"(3 characters)\""), "{document}");
}

#[tokio::test]
async fn everything_that_differs_is_named_at_once_with_who_mends_it() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let request_id = world.request(&acme).await;
    let ours = format!("https://login.vestibule.test/saml/{}", acme.connection);
    let stranger = IdentityProvider::new("https://idp.other.test/saml", acme.idp.sso_url(), signing_key());
    let mut terms = world.terms(&acme, &request_id).deviating(|odd| {
        odd.audience = Deviation::instead("https://other.example/sp");
        odd.recipient = Deviation::instead("https://other.example/acs");
        odd.destination = Deviation::instead("https://other.example/acs");
    });
    terms.now = now().plus(Duration::from_mins(5));
    let answer = explain(&world, &acme, &saml_response_value(&stranger.respond(&ada(), &terms).unwrap())).await;
    assert_eq!(reason(&answer), ("CERTIFICATE_NOT_TRUSTED", Responsible::Operator));
    let (trusted, seen) = difference(&answer, "certificate").unwrap();
    let fingerprint = |idp: &IdentityProvider| vestibule_saml::Fingerprint::of(idp.signing_key().certificate_der());
    assert_eq!((trusted, seen), (&*fingerprint(&acme.idp).to_string(), &*fingerprint(&stranger).to_string()));
    assert!(answer.advice.contains(seen), "{}", answer.advice);
    let other = "https://other.example/acs";
    assert_eq!(difference(&answer, "audience"), Some((ours.as_str(), "https://other.example/sp")));
    assert_eq!(difference(&answer, "recipient"), Some((format!("{ours}/acs").as_str(), other)));
    assert_eq!(difference(&answer, "destination"), Some((format!("{ours}/acs").as_str(), other)));
    assert_eq!(difference(&answer, "issuer"), Some((acme.idp.entity_id(), "https://idp.other.test/saml")));
    assert!(difference(&answer, "clock").unwrap().1.contains("at least 300 seconds ahead"));
    assert_eq!(answer.clock_offset.unwrap().seconds, 300);
    assert_eq!(difference(&answer, "request"), None);
}

#[tokio::test]
async fn the_moment_and_the_request_may_be_named() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let (request_id, another) = (world.request(&acme).await, world.request(&acme).await);
    let response = world.response(&acme, &ada(), &request_id);
    let mut request = ExplainResponseRequest {
        connection: acme.connection.to_string(),
        saml_response: response,
        time: Some(proto_timestamp(now().plus(Duration::from_mins(30)))),
        ..Default::default()
    };
    let late = world.saml().explain_response(request.clone()).await.unwrap().into_inner();
    assert_eq!(reason(&late), ("ASSERTION_EXPIRED", Responsible::IdentityProvider));
    assert!(late.advice.contains("NTP") && late.advice.contains(acme.idp.entity_id()), "{}", late.advice);
    assert_eq!(late.clock_offset.unwrap().seconds, -1800);
    request.time = Some(proto_timestamp(now().plus(Duration::from_secs(30))));
    assert_eq!(world.saml().explain_response(request.clone()).await.unwrap().into_inner().refused, None);
    request.request_id.clone_from(&another);
    let wrong = world.saml().explain_response(request.clone()).await.unwrap().into_inner();
    assert_eq!(reason(&wrong).0, "IN_RESPONSE_TO_MISMATCH");
    assert_eq!(difference(&wrong, "request"), Some((another.as_str(), request_id.as_str())));

    request.request_id = "mine".to_owned();
    let status = world.saml().explain_response(request.clone()).await.unwrap_err();
    assert_eq!((status.code(), reason_of(&status).as_deref()), (Code::InvalidArgument, Some("REQUEST_ID_INVALID")));
    request.request_id.clear();
    request.time = Some(prost_types::Timestamp { seconds: -1, nanos: 0 });
    let status = world.saml().explain_response(request.clone()).await.unwrap_err();
    assert_eq!((status.code(), reason_of(&status).as_deref()), (Code::InvalidArgument, Some("TIME_INVALID")));
    request.connection = "01890a5d-ac96-774b-bcce-b302099a8057".to_owned();
    request.time = None;
    let status = world.saml().explain_response(request).await.unwrap_err();
    assert_eq!((status.code(), reason_of(&status).as_deref()), (Code::NotFound, Some("CONNECTION_NOT_FOUND")));
}

#[tokio::test]
async fn every_refusal_comes_with_a_sentence_for_whoever_has_to_act() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let request_id = world.request(&acme).await;
    let terms = || world.terms(&acme, &request_id);
    let sign = |terms| saml_response_value(&acme.idp.respond(&ada(), &terms).unwrap());
    let transient = acme.idp.respond(&Subject::transient("x"), &terms()).unwrap();
    let unsolicited = terms().deviating(|odd| odd.response_in_response_to = Deviation::Omit);
    let audience = terms().deviating(|odd| odd.audience = Deviation::instead("https://other.example/sp"));
    for (response, expected, said) in [
        ("nonsense!".to_owned(), "MESSAGE_ENCODING_INVALID", "Base64"),
        ("<a>".to_owned(), "XML_MALFORMED", "well-formed"),
        (sign(audience), "AUDIENCE_MISMATCH", "https://other.example/sp"),
        (sign(unsolicited), "IN_RESPONSE_TO_MISSING", "begin at the application"),
        (sign(terms().signed(vestibule_saml_idp::Signed::Nothing)), "SIGNATURE_MISSING", "please sign"),
        (saml_response_value(&transient), "SUBJECT_NOT_STABLE", "persistent"),
    ] {
        let answer = explain(&world, &acme, &response).await;
        assert_eq!(reason(&answer).0, expected);
        assert!(answer.advice.contains(acme.idp.entity_id()) && answer.advice.contains(said), "{}", answer.advice);
        assert_eq!(answer.checks.iter().filter(|check| check.status() == Status::Failed).count(), 1);
    }
    let mut foreign = ExplainResponseRequest {
        connection: acme.connection.to_string(),
        saml_response: world.response(&acme, &Subject::persistent("x").with("email", ["eve@evil.test"]), &request_id),
        email_required: true,
        ..Default::default()
    };
    let answer = world.saml().explain_response(foreign.clone()).await.unwrap().into_inner();
    assert_eq!(reason(&answer), ("EMAIL_NOT_RELEASABLE", Responsible::Operator));
    assert!(answer.advice.contains("verify its domain") && !format!("{answer:?}").contains("evil"), "{answer:?}");
    foreign.email_required = false;
    assert_eq!(world.saml().explain_response(foreign).await.unwrap().into_inner().refused, None);
}
