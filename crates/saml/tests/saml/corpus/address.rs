//! From whom, for whom, in answer to what: one deviation each, signed by the identity provider itself.

use vestibule_saml::{CheckName, Refusal};
use vestibule_saml_idp::{Deviation, Deviations, Signed};

use super::{Case, Caught, Class, cases};
use crate::support::{ACS, IDP, RSA, SP, ada, genuine, provider, replace, signed_after, terms};

type Row = (Class, &'static str, fn(&mut Deviations), Caught);

const FOREIGN: &str = "https://sign-in.example/saml/other";
const REQUEST: Caught = (CheckName::ResponseInResponseTo, Refusal::InResponseToMismatch);
const AUDIENCE: Caught = (CheckName::ConditionsAudience, Refusal::AudienceMismatch);

const ROWS: &[Row] = &[
    (
        Class::Shape,
        "Version 1.1",
        |odd| odd.version = Deviation::instead("1.1"),
        (CheckName::ResponseShape, Refusal::NotAResponse),
    ),
    (
        Class::Shape,
        "no Version",
        |odd| odd.version = Deviation::Omit,
        (CheckName::ResponseShape, Refusal::NotAResponse),
    ),
    (
        Class::Status,
        "another StatusCode",
        |odd| odd.status = Deviation::instead("urn:oasis:names:tc:SAML:2.0:status:Responder"),
        (CheckName::ResponseStatus, Refusal::StatusNotSuccess),
    ),
    (
        Class::Status,
        "no Status",
        |odd| odd.status = Deviation::Omit,
        (CheckName::ResponseStatus, Refusal::StatusNotSuccess),
    ),
    (
        Class::Issuer,
        "Issuer of the Response",
        |odd| odd.response_issuer = Deviation::instead(FOREIGN),
        (CheckName::ResponseIssuer, Refusal::IssuerMismatch),
    ),
    (
        Class::Issuer,
        "Issuer of the Assertion",
        |odd| odd.assertion_issuer = Deviation::instead(FOREIGN),
        (CheckName::AssertionIssuer, Refusal::IssuerMismatch),
    ),
    (
        Class::Issuer,
        "no Issuer of the Assertion",
        |odd| odd.assertion_issuer = Deviation::Omit,
        (CheckName::AssertionIssuer, Refusal::IssuerMissing),
    ),
    (
        Class::Destination,
        "another Destination",
        |odd| odd.destination = Deviation::instead(FOREIGN),
        (CheckName::ResponseDestination, Refusal::DestinationMismatch),
    ),
    (
        Class::Destination,
        "Destination with a slash",
        |odd| odd.destination = Deviation::instead(format!("{ACS}/")),
        (CheckName::ResponseDestination, Refusal::DestinationMismatch),
    ),
    (
        Class::Destination,
        "empty Destination",
        |odd| odd.destination = Deviation::instead(""),
        (CheckName::ResponseDestination, Refusal::DestinationMismatch),
    ),
    (
        Class::InResponseTo,
        "Response to another request",
        |odd| odd.response_in_response_to = Deviation::instead("_other"),
        REQUEST,
    ),
    (
        Class::InResponseTo,
        "unsolicited Response",
        |odd| odd.response_in_response_to = Deviation::Omit,
        (CheckName::ResponseInResponseTo, Refusal::InResponseToMissing),
    ),
    (
        Class::InResponseTo,
        "confirmation for another request",
        |odd| odd.confirmation_in_response_to = Deviation::instead("_other"),
        (CheckName::ConfirmationInResponseTo, Refusal::InResponseToMismatch),
    ),
    (
        Class::InResponseTo,
        "unsolicited confirmation",
        |odd| odd.confirmation_in_response_to = Deviation::Omit,
        (CheckName::ConfirmationInResponseTo, Refusal::InResponseToMissing),
    ),
    (
        Class::Recipient,
        "another Recipient",
        |odd| odd.recipient = Deviation::instead(FOREIGN),
        (CheckName::ConfirmationRecipient, Refusal::RecipientMismatch),
    ),
    (
        Class::Recipient,
        "no Recipient",
        |odd| odd.recipient = Deviation::Omit,
        (CheckName::ConfirmationRecipient, Refusal::RecipientMismatch),
    ),
    (
        Class::Recipient,
        "holder of key",
        |odd| odd.confirmation_method = Deviation::instead("urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"),
        (CheckName::ConfirmationMethod, Refusal::ConfirmationMissing),
    ),
    (
        Class::Recipient,
        "no confirmation method",
        |odd| odd.confirmation_method = Deviation::Omit,
        (CheckName::ConfirmationMethod, Refusal::ConfirmationMissing),
    ),
    (Class::Audience, "another Audience", |odd| odd.audience = Deviation::instead(FOREIGN), AUDIENCE),
    (
        Class::Audience,
        "Audience as a prefix",
        |odd| odd.audience = Deviation::instead(format!("{SP}.evil.example")),
        AUDIENCE,
    ),
    (
        Class::Audience,
        "no Audience",
        |odd| odd.audience = Deviation::Omit,
        (CheckName::ConditionsAudience, Refusal::AudienceMissing),
    ),
    (
        Class::Audience,
        "no Conditions",
        |odd| odd.conditions = Deviation::Omit,
        (CheckName::ConditionsNotBefore, Refusal::ConditionsMissing),
    ),
    (
        Class::Subject,
        "nobody was authenticated",
        |odd| odd.authn_instant = Deviation::Omit,
        (CheckName::AuthnStatement, Refusal::AuthnStatementMissing),
    ),
];

/// Only a signed Response must name them.
const OF_SIGNED_RESPONSE: &[Row] = &[
    (
        Class::Issuer,
        "signed Response without Issuer",
        |odd| odd.response_issuer = Deviation::Omit,
        (CheckName::ResponseIssuer, Refusal::IssuerMissing),
    ),
    (
        Class::Destination,
        "signed Response without Destination",
        |odd| odd.destination = Deviation::Omit,
        (CheckName::ResponseDestination, Refusal::DestinationMissing),
    ),
];

pub(super) fn all() -> Vec<Case> {
    let mut all = Vec::new();
    for signed in [Signed::Assertion, Signed::Response, Signed::Both] {
        for row in ROWS {
            all.extend(deviating(row, signed));
        }
    }
    for row in OF_SIGNED_RESPONSE {
        all.extend(deviating(row, Signed::Response));
    }
    all.extend(unsigned_shell());
    all.extend(conditions());
    all
}

fn deviating((class, name, deviate, caught): &Row, signed: Signed) -> Vec<Case> {
    let xml = provider(&RSA).respond(&ada(), &terms().signed(signed).deviating(*deviate)).unwrap();
    cases(*class, "", *caught, [(format!("{name}, {signed:?} signed"), xml)])
}

/// Where only the Assertion is signed, the shell around it proves nothing, and can still refuse.
fn unsigned_shell() -> Vec<Case> {
    let xml = genuine(Signed::Assertion);
    let (shell, rest) = xml.split_at(xml.find("<saml:Issuer>").unwrap());
    let status = replace(&xml, "2.0:status:Success", "2.0:status:Requester");
    let destination = replace(&xml, &format!("Destination=\"{ACS}\""), "Destination=\"https://elsewhere.example/acs\"");
    let issuer = xml.replacen(&format!("<saml:Issuer>{IDP}"), "<saml:Issuer>https://evil.example", 1);
    let request = format!("{}{rest}", replace(shell, crate::support::REQUEST, "_another"));
    let rows = [
        (Class::Status, "shell with another Status", status, (CheckName::ResponseStatus, Refusal::StatusNotSuccess)),
        (
            Class::Destination,
            "shell with another Destination",
            destination,
            (CheckName::ResponseDestination, Refusal::DestinationMismatch),
        ),
        (Class::Issuer, "shell with another Issuer", issuer, (CheckName::ResponseIssuer, Refusal::IssuerMismatch)),
        (Class::InResponseTo, "shell for another request", request, REQUEST),
    ];
    rows.into_iter().flat_map(|(class, name, xml, caught)| cases(class, "", caught, [(name, xml)])).collect()
}

/// All restrictions must hold, unknown conditions forbid, and `x:Recipient` is no Recipient.
fn conditions() -> Vec<Case> {
    let restriction = |audience: &str| {
        format!("<saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction>")
    };
    let ours = restriction(SP);
    let with = |conditions: &str| signed_after(Signed::Assertion, |xml| replace(&xml, &ours, conditions));
    let restrictions = [
        ("one restriction of two", with(&format!("{ours}{}", restriction(FOREIGN)))),
        ("an empty restriction beside ours", with(&format!("{ours}<saml:AudienceRestriction/>"))),
        ("audiences run together", with(&restriction(&format!("{SP} {FOREIGN}")))),
    ];
    let unknown = [("a condition nobody knows", with(&format!("{ours}<saml:Condition/>")))];
    let recipient = format!("Recipient=\"{ACS}\"");
    let prefixed = signed_after(Signed::Assertion, |xml| {
        replace(&xml, &recipient, &format!("xmlns:x=\"urn:x\" x:{recipient} Recipient=\"{FOREIGN}\""))
    });
    let mut all = cases(Class::Audience, "", AUDIENCE, restrictions);
    all.extend(cases(Class::Audience, "", (CheckName::ConditionsAudience, Refusal::ConditionUnknown), unknown));
    let caught = (CheckName::ConfirmationRecipient, Refusal::RecipientMismatch);
    all.extend(cases(Class::Recipient, "", caught, [("Recipient in another namespace", prefixed)]));
    all
}
