//! A value is read whole or not at all.

use vestibule_saml::{CheckName, Refusal};
use vestibule_saml_idp::{Signed, Subject};

use super::{Case, Class, cases};
use crate::support::{ADA, IDP, RSA, SP, genuine, provider, replace, signed_after, terms};

const DUO: &str = "CVE-2017-11427, CVE-2018-0489";

pub(super) fn all() -> Vec<Case> {
    [truncated(), nested(), name_ids(), too_long()].into_iter().flatten().collect()
}

/// Comments are not signed, so the signature holds; a reader that stops at one sees a shorter value.
fn truncated() -> Vec<Case> {
    let hostile = |inside: &str| {
        // The attacker has the account `ada@acme.test.evil.example` at the same identity provider.
        let eve = Subject::email("ada@acme.test.evil.example");
        let xml = provider(&RSA).respond(&eve, &terms()).unwrap();
        replace(&xml, ">ada@acme.test.evil.example<", inside)
    };
    let xml = genuine(Signed::Both);
    let issuer = format!("<saml:Issuer>{IDP}</saml:Issuer>");
    let forbidden = Refusal::ValueForbiddenContent;
    let class = "<saml:AuthnContextClassRef>urn";
    let mut all = cases(
        Class::Truncation,
        DUO,
        (CheckName::SubjectNameId, forbidden),
        [
            ("comment cuts the NameID", hostile(">ada@acme.test<!---->.evil.example<")),
            ("comment before the NameID", hostile("><!-- -->ada@acme.test.evil.example<")),
            ("comment in CDATA's company", hostile("><![CDATA[ada@acme.test]]><!-- -->.evil.example<")),
        ],
    );
    for (check, name, odd) in [
        (CheckName::Attributes, "comment in an attribute value", replace(&xml, ">staff<", ">st<!-- x -->aff<")),
        (
            CheckName::AuthnStatement,
            "comment in the context class",
            replace(&xml, class, "<saml:AuthnContextClassRef><!-- -->urn"),
        ),
        (
            CheckName::ResponseIssuer,
            "comment in the Issuer",
            xml.replace(&issuer, &format!("<saml:Issuer>{IDP}<!-- --></saml:Issuer>")),
        ),
        (
            CheckName::ConditionsAudience,
            "comment in the Audience",
            replace(&xml, &format!("{SP}</saml:Audience>"), &format!("{SP}<!-- --></saml:Audience>")),
        ),
    ] {
        all.extend(cases(Class::Truncation, DUO, (check, forbidden), [(name, odd)]));
    }
    all
}

/// What the identity provider itself has signed.
fn nested() -> Vec<Case> {
    let mut all = Vec::new();
    for (what, inside) in [
        ("instruction", "ada@<?x y?>acme.test"),
        ("element", "ada@<b/>acme.test"),
        ("NameID", "<saml:NameID>ada@acme.test</saml:NameID>"),
    ] {
        let name_id = signed_after(Signed::Assertion, |xml| {
            xml.replacen(&format!(">{ADA}</saml:NameID>"), &format!(">{inside}</saml:NameID>"), 1)
        });
        let value = signed_after(Signed::Response, |xml| xml.replacen(">staff<", &format!(">{inside}<"), 1));
        let forbidden = Refusal::ValueForbiddenContent;
        let named = |place: &str| format!("{what} inside of {place}");
        all.extend(cases(
            Class::Truncation,
            "",
            (CheckName::SubjectNameId, forbidden),
            [(named("the NameID"), name_id)],
        ));
        // A NameID in a value is no trick: eduPersonTargetedID is one.
        if what != "NameID" {
            all.extend(cases(Class::Truncation, "", (CheckName::Attributes, forbidden), [(named("a value"), value)]));
        }
    }
    all
}

fn name_ids() -> Vec<Case> {
    let name_id =
        format!("<saml:NameID Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\">{ADA}</saml:NameID>");
    let messages = [
        ("no NameID", String::new()),
        ("two NameIDs", format!("{name_id}{name_id}")),
        ("empty NameID", "<saml:NameID></saml:NameID>".to_owned()),
        ("blank NameID", "<saml:NameID> \n </saml:NameID>".to_owned()),
        ("BaseID", "<saml:BaseID/>".to_owned()),
        ("NameID in another namespace", name_id.replace("saml:NameID", "samlp:NameID")),
    ]
    .map(|(name, new)| (name, signed_after(Signed::Assertion, |xml| replace(&xml, &name_id, &new))));
    cases(Class::Subject, "", (CheckName::SubjectNameId, Refusal::NameIdMissing), messages)
}

fn too_long() -> Vec<Case> {
    let long =
        signed_after(Signed::Assertion, |xml| xml.replacen(&format!(">{ADA}<"), &format!(">{}<", "a".repeat(1025)), 1));
    let name = format!("Name=\"{}\"", "n".repeat(1025));
    let named = signed_after(Signed::Assertion, |xml| replace(&xml, "Name=\"given_name\"", &name));
    let limit = Refusal::LimitExceeded;
    let mut all = cases(Class::Bomb, "", (CheckName::SubjectNameId, limit), [("NameID of 1,025 characters", long)]);
    all.extend(cases(Class::Bomb, "", (CheckName::Attributes, limit), [("attribute name of 1,025 characters", named)]));
    all
}
