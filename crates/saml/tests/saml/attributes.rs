use vestibule_saml::{Claim, Mapping, NormalisedIdentity, SubjectFault, limit, normalise};
use vestibule_saml_idp::{Subject, SubjectAttribute};

use crate::support::{ADA, RSA, accept, judge, provider, terms};

fn normalised(subject: &Subject) -> NormalisedIdentity {
    normalise(&accept(judge(&provider(&RSA).respond(subject, &terms()).unwrap())), &Mapping::default())
}

#[test]
fn identity_providers_call_the_same_facts_by_many_names() {
    let claims = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims";
    let entra = Subject::persistent("p1")
        .with(format!("{claims}/emailaddress"), [ADA])
        .with(format!("{claims}/givenname"), ["Ada"])
        .with(format!("{claims}/surname"), ["Lovelace"])
        .with(format!("{claims}/name"), ["ada_upn@acme.test"])
        .with("http://schemas.microsoft.com/identity/claims/displayname", ["Ada Lovelace"])
        .with("http://schemas.microsoft.com/ws/2008/06/identity/claims/groups", ["staff", "admins", "staff"])
        .with("http://schemas.microsoft.com/identity/claims/tenantid", ["t"]);
    let okta = Subject::persistent("p1")
        .with("email", [ADA])
        .with("firstName", ["Ada"])
        .with("lastName", ["Lovelace"])
        .with("displayName", ["Ada Lovelace"])
        .with("groups", ["staff", "admins"]);
    let mut shibboleth = Subject::persistent("p1")
        .with("urn:oid:0.9.2342.19200300.100.1.3", [ADA])
        .with("urn:oid:2.5.4.42", ["Ada"])
        .with("urn:oid:2.5.4.4", ["Lovelace"])
        .with("urn:oid:2.16.840.1.113730.3.1.241", ["Ada Lovelace"]);
    shibboleth.attributes.push(SubjectAttribute {
        name: "urn:mace:local:membership".to_owned(),
        name_format: Some("urn:oasis:names:tc:SAML:2.0:attrname-format:uri".to_owned()),
        friendly_name: Some("isMemberOf".to_owned()),
        values: vec!["staff".to_owned(), "admins".to_owned()],
    });
    for (subject, unmapped) in [(entra, 1), (okta, 0), (shibboleth, 0)] {
        let identity = normalised(&subject);
        assert_eq!(identity.email.as_deref(), Some(ADA));
        assert_eq!(identity.given_name.as_deref(), Some("Ada"));
        assert_eq!(identity.family_name.as_deref(), Some("Lovelace"));
        assert_eq!(identity.name.as_deref(), Some("Ada Lovelace"));
        assert_eq!(identity.groups, ["staff", "admins"]);
        assert_eq!(identity.unmapped.len(), unmapped, "{:?}", identity.unmapped);
        assert!(identity.ambiguous.is_empty() && identity.oversized.is_empty() && identity.subject.is_ok());
        assert!(!format!("{identity:?}").contains("Ada"));
    }
}

#[test]
fn a_friendly_name_does_not_override_a_name() {
    let mut subject = Subject::persistent("p1").with("email", [ADA]);
    subject.attributes.insert(
        0,
        SubjectAttribute {
            name: "sn".to_owned(),
            name_format: None,
            friendly_name: Some("email".to_owned()),
            values: vec!["eve@evil.example".to_owned()],
        },
    );
    let identity = normalised(&subject);
    assert_eq!(identity.email.as_deref(), Some(ADA));
    assert_eq!(identity.family_name.as_deref(), Some("eve@evil.example"));
}

#[test]
fn an_address_comes_from_the_name_id_only_when_it_is_one() {
    assert_eq!(normalised(&Subject::email(ADA)).email.as_deref(), Some(ADA));
    assert_eq!(normalised(&Subject::persistent(ADA)).email, None);
    let transient = normalised(&Subject::transient("_t"));
    assert_eq!((transient.subject, transient.email), (Err(SubjectFault::Transient), None));
}

#[test]
fn several_values_of_a_single_claim_are_none() {
    let identity =
        normalised(&Subject::email(ADA).with("mail", [ADA, "eve@evil.example"]).with("name", ["Ada", " Ada "]));
    assert_eq!((identity.email, identity.name.as_deref()), (None, Some("Ada")));
    assert_eq!(identity.ambiguous, [Claim::Email]);
}

#[test]
fn values_and_groups_have_limits() {
    let fits = "x".repeat(limit::CLAIM_CHARS_MAX);
    let identity = normalised(&Subject::persistent("p").with("name", [fits.clone()]).with("sn", [format!("{fits}x")]));
    assert_eq!((identity.name, identity.family_name), (Some(fits), None));
    assert_eq!(identity.oversized, [Claim::FamilyName]);
    let groups = (0..=limit::GROUPS_MAX).map(|at| format!("g{at}"));
    let identity = normalised(&Subject::persistent("p").with("groups", groups));
    assert_eq!((identity.groups.len(), identity.groups_truncated), (limit::GROUPS_MAX, true));
}
