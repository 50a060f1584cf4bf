//! What the settings of a connection make of what an identity provider sends.

use prost_types::FieldMask;
use tonic::Code;
use vestibule_rpc::{
    field_violations, proto_timestamp, reason_of,
    registry::v1 as registry,
    saml::v1::{
        ExplainResponseRequest, PreviewMappingRequest, PreviewMappingResponse, ValidateResponseResponse, check::Status,
    },
};
use vestibule_saml_idp::{ContentCipher, SignatureProfile, Signed, Subject, SubjectAttribute, saml_response_value};
use vestibule_tenancy::connection::{
    self, AttributeRule, CheckedSettings, ClaimName, RoleRule, SamlSettings, SubjectSource,
};

use crate::world::{Customer, World, accepted, ada, now, signing_key};

const UID: &str = "urn:test:uid";

fn settings(change: impl FnOnce(&mut SamlSettings)) -> SamlSettings {
    let mut settings = SamlSettings::default();
    change(&mut settings);
    settings
}

fn by_uid() -> SamlSettings {
    settings(|settings| settings.subject = SubjectSource::Attribute { name: UID.to_owned() })
}

async fn configure(world: &World, customer: &Customer, settings: SamlSettings) {
    let checked = CheckedSettings::check(settings, &SamlSettings::default(), now()).unwrap();
    let configure = connection::Configure { settings: Some(checked), ..connection::Configure::default() };
    world.change_connection(customer, connection::Command::Configure(configure)).await;
    world.settle().await;
}

async fn answer(world: &World, customer: &Customer, subject: &Subject) -> ValidateResponseResponse {
    let request_id = world.request(customer).await;
    let response = world.response(customer, subject, &request_id);
    world.validate(customer, &response, &request_id).await.unwrap()
}

fn found<'a>(answer: &'a ValidateResponseResponse, name: &str) -> (Status, &'a str) {
    let check = answer.checks.iter().find(|check| check.name == name).unwrap();
    (check.status(), &check.found)
}

#[tokio::test]
async fn a_person_is_recognised_by_an_attribute_whatever_their_name_id() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    configure(&world, &acme, by_uid()).await;
    let first = world.sign_in(&acme, &Subject::transient("_1").with(UID, ["4711"])).await;
    let second = world.sign_in(&acme, &Subject::email("ada@acme.test").with(UID, ["4711"])).await;
    assert_eq!((first.sub == second.sub, second.first_seen), (true, false));
    // Exactly this value: neither another spelling nor white space around it is the same person.
    for other in ["4712", " 4711", "4711 ", "4711\u{200B}"] {
        let other = world.sign_in(&acme, &Subject::persistent("p").with(UID, [other])).await;
        assert!(other.first_seen && other.sub != first.sub);
    }
}

#[tokio::test]
async fn the_same_value_from_another_source_is_somebody_else() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let everywhere = Subject::persistent("4711").with(UID, ["4711"]).with("urn:test:other", ["4711"]);
    let by_name_id = world.sign_in(&acme, &everywhere).await;
    configure(&world, &acme, by_uid()).await;
    let by_attribute = world.sign_in(&acme, &everywhere).await;
    let other = SubjectSource::Attribute { name: "urn:test:other".to_owned() };
    configure(&world, &acme, settings(|settings| settings.subject = other)).await;
    let by_other = world.sign_in(&acme, &everywhere).await;
    assert!(by_attribute.first_seen && by_other.first_seen);
    assert!(by_name_id.sub != by_attribute.sub && by_attribute.sub != by_other.sub && by_name_id.sub != by_other.sub);
    // Back to where it was, they are who they were.
    configure(&world, &acme, SamlSettings::default()).await;
    assert_eq!(world.sign_in(&acme, &everywhere).await.sub, by_name_id.sub);
}

#[tokio::test]
async fn an_attribute_that_recognises_nobody_is_refused() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    configure(&world, &acme, by_uid()).await;
    let mut friendly = ada();
    friendly.attributes.push(SubjectAttribute {
        name: "urn:test:x".to_owned(),
        name_format: None,
        friendly_name: Some(UID.to_owned()),
        values: vec!["4711".to_owned()],
    });
    let long = "x".repeat(1025);
    for (subject, reason) in [
        (ada(), "SUBJECT_ATTRIBUTE_MISSING"),
        (ada().with(UID, [""]), "SUBJECT_ATTRIBUTE_MISSING"),
        (ada().with(UID, [" \n"]), "SUBJECT_ATTRIBUTE_MISSING"),
        (ada().with(UID, Vec::<String>::new()), "SUBJECT_ATTRIBUTE_MISSING"),
        (ada().with("URN:TEST:UID", ["4711"]), "SUBJECT_ATTRIBUTE_MISSING"),
        (friendly, "SUBJECT_ATTRIBUTE_MISSING"),
        (ada().with(UID, ["4711", "4712"]), "SUBJECT_ATTRIBUTE_NOT_SINGLE"),
        (ada().with(UID, ["4711", "4711"]), "SUBJECT_ATTRIBUTE_NOT_SINGLE"),
        (ada().with(UID, ["4711", ""]), "SUBJECT_ATTRIBUTE_NOT_SINGLE"),
        (ada().with(UID, ["4711"]).with(UID, ["4712"]), "SUBJECT_ATTRIBUTE_NOT_SINGLE"),
        (ada().with(UID, [long]), "SUBJECT_ATTRIBUTE_UNUSABLE"),
    ] {
        let answer = answer(&world, &acme, &subject).await;
        assert_eq!(found(&answer, "subject.stable").0, Status::Failed, "{reason}");
        let seen = found(&answer, "subject.stable").1.to_owned();
        assert!(seen.contains("displayName") && !seen.contains("Lovelace") && !seen.contains("4711"), "{seen}");
        assert_eq!(crate::world::refused(answer).reason, reason);
    }
    assert_eq!(world.count("person.first_seen").await, 0);
}

#[tokio::test]
async fn a_missing_required_claim_is_refused_with_the_names_of_what_arrived() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let required = vec![ClaimName::Email, ClaimName::Name, ClaimName::Groups];
    configure(&world, &acme, settings(|settings| settings.required_claims = required)).await;
    assert!(world.sign_in(&acme, &ada()).await.first_seen);
    let lacking = Subject::persistent("p").with("email", ["ada@acme.test"]).with("Nom", ["Ada L"]).with("Rôles", ["x"]);
    let refused = answer(&world, &acme, &lacking).await;
    assert_eq!(found(&refused, "claims.present"), (Status::Failed, "without name, groups; arrived: email, Nom, Rôles"));
    let refusal = crate::world::refused(refused);
    assert_eq!(refusal.reason, "ATTRIBUTE_REQUIRED_MISSING");
    // What came in several versions did not come.
    let ambiguous = answer(&world, &acme, &ada().with("email", ["eve@acme.test"])).await;
    assert!(found(&ambiguous, "claims.present").1.starts_with("without email;"));
}

#[tokio::test]
async fn what_to_write_to_the_administrator_names_what_is_missing() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let lacking = Subject::persistent("p").with("Nom", ["Ada"]);
    let name = || vec![ClaimName::Name];
    for (settings, word) in [
        (settings(|settings| settings.required_claims = name()), "without name; arrived: Nom"),
        (by_uid(), "please send the attribute `urn:test:uid`"),
    ] {
        configure(&world, &acme, settings).await;
        let sample = sample(&world, &acme, &lacking).await;
        let asked = ExplainResponseRequest {
            connection: acme.connection.to_string(),
            saml_response: sample,
            ..ExplainResponseRequest::default()
        };
        let advice = world.saml().explain_response(asked).await.unwrap().into_inner().advice;
        assert!(advice.starts_with("To the administrator of ") && advice.contains(word), "{advice}");
        assert!(!advice.contains("Ada"));
    }
}

#[tokio::test]
async fn an_explicit_rule_is_the_only_source_of_its_claim() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let rule = |claim, names: &[&str]| AttributeRule {
        claim,
        attributes: names.iter().map(|&name| name.to_owned()).collect(),
    };
    let attributes = vec![rule(ClaimName::Email, &["Courriel", "adresse"]), rule(ClaimName::Groups, &["équipe"])];
    configure(&world, &acme, settings(|settings| settings.attributes = attributes)).await;
    let both = world.sign_in(&acme, &ada().with("COURRIEL", ["a.l@acme.test"]).with("équipe", ["R&D", "数学"])).await;
    assert_eq!((both.email.as_str(), both.name.as_str()), ("a.l@acme.test", "Ada Lovelace"));
    assert_eq!(both.groups, ["R&D", "数学"]);
    // Neither the usual names nor the NameID stand in for it.
    let neither = world.sign_in(&acme, &Subject::email("ada@acme.test").with("email", ["ada@acme.test"])).await;
    assert_eq!((neither.email.as_str(), neither.email_verified), ("", false));
    let second = world.sign_in(&acme, &ada().with("adresse", ["ada2@acme.test"])).await;
    assert_eq!(second.email, "ada2@acme.test");
}

#[tokio::test]
async fn hundreds_of_groups_stay_a_list_and_give_roles() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let rule = |group: &str, role: &str| RoleRule { group: group.to_owned(), role: role.to_owned() };
    let roles = vec![rule("g7", "reader"), rule("CN=Admins,DC=acme", "admin"), rule("nobody", "owner")];
    configure(&world, &acme, settings(|settings| settings.roles = roles)).await;
    let groups: Vec<String> = (0..400).map(|at| format!("g{at}")).chain(["CN=Admins,DC=acme".to_owned()]).collect();
    let identity = world.sign_in(&acme, &Subject::persistent("p").with("groups", groups.clone())).await;
    assert_eq!(identity.groups, groups);
    let preview =
        preview(&world, request(&acme, &sample(&world, &acme, &Subject::persistent("p").with("groups", groups)).await))
            .await;
    assert_eq!(preview.roles, ["reader", "admin"]);
    assert!(!preview.groups_truncated);
}

#[tokio::test]
async fn the_connections_own_measure_of_clocks_counts() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    for (own, seconds_late, passes) in
        [(None, 59, true), (None, 60, false), (Some(0), 0, false), (Some(300), 299, true), (Some(300), 300, false)]
    {
        configure(&world, &acme, settings(|settings| settings.clock_skew_seconds = own)).await;
        let request_id = world.request(&acme).await;
        let mut terms = world.terms(&acme, &request_id);
        terms.now = world.clock_now().minus(std::time::Duration::from_secs(300 + seconds_late));
        let response = saml_response_value(&acme.idp.respond(&ada(), &terms).unwrap());
        let answer = world.validate(&acme, &response, &request_id).await.unwrap();
        if passes {
            accepted(answer);
        } else {
            assert_eq!(crate::world::refused(answer).reason, "ASSERTION_EXPIRED", "{own:?} {seconds_late}");
        }
    }
}

#[tokio::test]
async fn sha1_is_taken_until_the_exception_of_the_connection_ends() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let weak = async || {
        let request_id = world.request(&acme).await;
        let mut terms = world.terms(&acme, &request_id);
        let digest_method = "http://www.w3.org/2000/09/xmldsig#sha1".to_owned();
        terms.signature = Some(SignatureProfile { digest_method, ..signing_key().profile() });
        let response = saml_response_value(&acme.idp.respond(&ada(), &terms).unwrap());
        world.validate(&acme, &response, &request_id).await.unwrap()
    };
    assert_eq!(crate::world::refused(weak().await).reason, "SIGNATURE_ALGORITHM_NOT_ALLOWED");
    let until = world.clock_now().plus(std::time::Duration::from_hours(24));
    configure(&world, &acme, settings(|settings| settings.sha1_until = Some(until))).await;
    let answer = weak().await;
    let (status, told) = found(&answer, "signature.algorithm");
    assert!(status == Status::Warning && told.contains(&until.to_string()), "{told}");
    accepted(answer);
    world.clock.set(until);
    assert_eq!(crate::world::refused(weak().await).reason, "SIGNATURE_ALGORITHM_NOT_ALLOWED");
    // What is not weak is not touched by the end.
    world.sign_in(&acme, &ada()).await;
}

#[tokio::test]
async fn certificates_are_held_to_their_validity_where_the_connection_says_so() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    world.clock.set("2028-06-01T00:00:00Z".parse().unwrap());
    world.sign_in(&acme, &ada()).await;
    let enforce = settings(|settings| settings.certificate_validity = connection::CertificateValidity::Enforce);
    configure(&world, &acme, enforce).await;
    assert_eq!(world.refused_sign_in(&acme, &ada()).await.reason, "CERTIFICATE_NOT_VALID");
}

async fn sample(world: &World, customer: &Customer, subject: &Subject) -> String {
    let request_id = world.request(customer).await;
    world.response(customer, subject, &request_id)
}

fn request(customer: &Customer, saml_response: &str) -> PreviewMappingRequest {
    PreviewMappingRequest {
        connection: customer.connection.to_string(),
        saml_response: saml_response.to_owned(),
        ..PreviewMappingRequest::default()
    }
}

async fn preview(world: &World, request: PreviewMappingRequest) -> PreviewMappingResponse {
    world.saml().preview_mapping(request).await.unwrap().into_inner()
}

fn claim<'a>(preview: &'a PreviewMappingResponse, name: &str) -> Option<(Vec<&'a str>, &'a str)> {
    let claim = preview.claims.iter().find(|claim| claim.name == name)?;
    Some((claim.values.iter().map(String::as_str).collect(), &claim.attribute))
}

#[tokio::test]
async fn a_preview_shows_what_is_saved_and_changes_nothing() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let subject = ada().with("costCentre", ["42"]).with("sn", ["King"]);
    let sample = sample(&world, &acme, &subject).await;
    let head = world.log.head().await.unwrap();
    for _ in 0..2 {
        let shown = preview(&world, request(&acme, &sample)).await;
        assert_eq!((shown.verified, shown.refused.as_ref()), (true, None));
        let by = shown.subject.as_ref().unwrap();
        assert_eq!((by.attribute.as_str(), by.value.as_str()), ("", "a1b2c3-Ada"));
        assert!(by.format.ends_with("persistent"));
        assert_eq!(claim(&shown, "email"), Some((vec!["ada@acme.test"], "email")));
        assert_eq!(claim(&shown, "groups"), Some((vec!["staff", "admins"], "groups")));
        assert_eq!((claim(&shown, "family_name"), shown.ambiguous.as_slice()), (None, &["family_name".to_owned()][..]));
        assert_eq!(shown.unmapped, ["costCentre"]);
        assert!(shown.missing.is_empty() && shown.settings.is_some());
    }
    assert_eq!(world.log.head().await.unwrap(), head);
    // And the sample still signs in.
    let request_id = world.request(&acme).await;
    let response = world.response(&acme, &subject, &request_id);
    preview(&world, request(&acme, &response)).await;
    accepted(world.validate(&acme, &response, &request_id).await.unwrap());
}

#[tokio::test]
async fn a_preview_tries_what_is_proposed() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    configure(&world, &acme, settings(|settings| settings.required_claims = vec![ClaimName::Email])).await;
    let sample =
        sample(&world, &acme, &Subject::transient("_1").with(UID, ["4711"]).with("eMail2", ["a@acme.test"])).await;
    let saved = preview(&world, request(&acme, &sample)).await;
    assert_eq!((saved.subject.as_ref(), saved.refused.as_ref().unwrap().reason.as_str()), (None, "SUBJECT_NOT_STABLE"));
    assert_eq!((saved.verified, saved.missing.as_slice()), (true, &["email".to_owned()][..]));
    let proposed = registry::SamlSettings {
        subject_attribute: Some(UID.to_owned()),
        attributes: vec![registry::AttributeRule { claim: "email".to_owned(), attributes: vec!["email2".to_owned()] }],
        ..registry::SamlSettings::default()
    };
    let tried =
        preview(&world, PreviewMappingRequest { settings: Some(proposed.clone()), ..request(&acme, &sample) }).await;
    assert_eq!((tried.refused.as_ref(), tried.subject.unwrap().attribute.as_str()), (None, UID));
    assert!(tried.missing.is_empty());
    assert_eq!(tried.claims[0].attribute, "eMail2", "as it was sent");
    assert_eq!(tried.settings.unwrap().required_claims, ["email"], "what is not proposed is as saved");
    // A mask may take back what is saved.
    let mask = FieldMask { paths: vec!["required_claims".to_owned()] };
    let masked = PreviewMappingRequest { settings: Some(proposed), update_mask: Some(mask), ..request(&acme, &sample) };
    let masked = preview(&world, masked).await;
    assert!(masked.settings.unwrap().required_claims.is_empty() && masked.missing.is_empty());
    // Nothing of it was saved.
    assert_eq!(preview(&world, request(&acme, &sample)).await, saved);
}

#[tokio::test]
async fn a_preview_says_when_nobody_vouches_for_the_sample() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let genuine = sample(&world, &acme, &ada()).await;
    let xml = String::from_utf8(base64::Engine::decode(&base64::prelude::BASE64_STANDARD, &genuine).unwrap()).unwrap();
    let forged = xml.replace("ada@acme.test", "eve@acme.test");
    for (sample, time, reason) in
        [(forged, None, "SIGNATURE_INVALID"), (xml.clone(), Some("2026-11-22T10:00:00Z"), "ASSERTION_TOO_OLD")]
    {
        let time = time.map(|time| proto_timestamp(time.parse().unwrap()));
        let shown = preview(&world, PreviewMappingRequest { time, ..request(&acme, &sample) }).await;
        assert_eq!((shown.verified, shown.refused.unwrap().reason.as_str()), (false, reason));
        assert!(shown.claims.iter().any(|claim| claim.name == "email"));
    }
    assert!(preview(&world, request(&acme, &xml)).await.verified, "XML as good as the form value");
}

#[tokio::test]
async fn an_encrypted_sample_is_shown_when_it_verifies_and_not_otherwise() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let certificate = world.known(&acme).await.encryption[0].clone();
    let cipher = ContentCipher::Aes256Gcm;
    let (sample, _) = world.encrypted(&acme, &certificate, Signed::Assertion, cipher).await;
    let shown = preview(&world, request(&acme, &sample)).await;
    assert_eq!((shown.verified, shown.refused.as_ref()), (true, None));
    assert_eq!(claim(&shown, "email"), Some((vec!["ada@acme.test"], "email")));

    let (nobodys, _) = world.encrypted(&acme, &certificate, Signed::Nothing, cipher).await;
    let late = Some(proto_timestamp("2026-11-21T10:30:00Z".parse().unwrap()));
    for (sample, time, reason) in [(sample, late, "ASSERTION_EXPIRED"), (nobodys, None, "SIGNATURE_MISSING")] {
        let shown = preview(&world, PreviewMappingRequest { time, ..request(&acme, &sample) }).await;
        assert_eq!((shown.verified, shown.refused.unwrap().reason.as_str()), (false, reason));
        assert!(shown.claims.is_empty() && shown.subject.is_none() && shown.unmapped.is_empty());
        assert!(!shown.checks.is_empty() && shown.settings.is_some());
    }
}

#[tokio::test]
async fn what_cannot_be_previewed_is_named() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let sample = sample(&world, &acme, &ada()).await;
    let skewed = registry::SamlSettings { clock_skew_seconds: Some(999), ..registry::SamlSettings::default() };
    let mask = FieldMask { paths: vec!["colour".to_owned()] };
    for (asked, reason, field) in [
        (request(&acme, "<html/>"), "NOT_A_RESPONSE", "saml_response"),
        (request(&acme, "!"), "MESSAGE_ENCODING_INVALID", "saml_response"),
        (request(&acme, "<!DOCTYPE x><x/>"), "XML_DOCTYPE_FORBIDDEN", "saml_response"),
        (
            PreviewMappingRequest { settings: Some(skewed), ..request(&acme, &sample) },
            "CLOCK_SKEW_INVALID",
            "settings.clock_skew_seconds",
        ),
        (
            PreviewMappingRequest { update_mask: Some(mask), ..request(&acme, &sample) },
            "UPDATE_MASK_INVALID",
            "update_mask",
        ),
    ] {
        let status = world.saml().preview_mapping(asked).await.unwrap_err();
        assert_eq!((status.code(), reason_of(&status).as_deref()), (Code::InvalidArgument, Some(reason)));
        assert!(field_violations(&status).iter().any(|(at, _)| at == field), "{field}");
    }
    let nowhere = PreviewMappingRequest { connection: "nope".to_owned(), ..request(&acme, &sample) };
    let status = world.saml().preview_mapping(nowhere).await.unwrap_err();
    assert_eq!(reason_of(&status).as_deref(), Some("CONNECTION_NOT_FOUND"));
}
