//! One deviation each, signed by the identity provider itself, over both bindings in turn.

use vestibule_saml::{CheckName, Refusal, limit};
use vestibule_saml_idp::{LogoutKind, LogoutTerms, saml_response_value};

use super::{Caught, Row, SHAPE, Sent, UNSIGNED};
use crate::{
    logout::{SLO, form, query, request, response, terms},
    support::{ACS, ADA, IDP, NOW, days, element, replace},
};

type Deviation = (&'static str, Caught, String);

pub(super) fn all() -> Vec<Row> {
    let deviations = [shapes(), addresses(), times(), names(), sessions()].concat();
    let sent = deviations.into_iter().enumerate().map(|(at, (name, caught, xml))| {
        // What has no usable ID can be signed in a query only.
        let queried = at % 2 == 0 || caught.1 == Refusal::IdInvalid;
        let sent =
            if queried { Sent::Query(query(LogoutKind::Request, &xml, None)) } else { Sent::Request(form(&xml)) };
        (name, caught, sent)
    });
    sent.chain(answers()).collect()
}

fn changed(change: impl FnOnce(&mut LogoutTerms)) -> String {
    let mut terms = terms();
    change(&mut terms);
    request(&terms)
}

fn shapes() -> Vec<Deviation> {
    let (xml, id) = (request(&terms()), terms().id);
    let no_id = (CheckName::LogoutShape, Refusal::IdInvalid);
    vec![
        ("Version 1.1", SHAPE, replace(&xml, "Version=\"2.0\"", "Version=\"1.1\"")),
        ("an ID that is an XPointer", no_id, replace(&xml, &id, "xpointer(/)")),
        ("no ID", no_id, replace(&xml, &format!(" ID=\"{id}\""), "")),
    ]
}

fn addresses() -> Vec<Deviation> {
    let xml = request(&terms());
    let issuer = format!("<saml:Issuer>{IDP}</saml:Issuer>");
    let another = (CheckName::LogoutIssuer, Refusal::IssuerMismatch);
    let forbidden = (CheckName::LogoutIssuer, Refusal::ValueForbiddenContent);
    let mismatch = (CheckName::LogoutDestination, Refusal::DestinationMismatch);
    let destination = |to: &str| changed(|terms| terms.destination = Some(to.to_owned()));
    vec![
        ("another Issuer", another, replace(&xml, IDP, "https://idp.other.test")),
        ("two Issuers", another, replace(&xml, &issuer, &issuer.repeat(2))),
        ("no Issuer", (CheckName::LogoutIssuer, Refusal::IssuerMissing), replace(&xml, &issuer, "")),
        ("a comment in the Issuer", forbidden, replace(&xml, IDP, &format!("{IDP}<!-- -->.eve.test"))),
        ("another Destination", mismatch, destination("https://sign-in.example/saml/other/slo")),
        ("Destination with a slash", mismatch, destination(&format!("{SLO}/"))),
        ("the Destination of sign-ins", mismatch, destination(ACS)),
        (
            "no Destination",
            (CheckName::LogoutDestination, Refusal::DestinationMissing),
            changed(|terms| terms.destination = None),
        ),
    ]
}

fn times() -> Vec<Deviation> {
    let made = |at: &str| changed(|terms| terms.issue_instant = Some(at.to_owned()));
    let ends = |at: &str| changed(|terms| terms.not_on_or_after = Some(at.to_owned()));
    let (past, future) = (NOW.minus(days(1)).to_string(), NOW.plus(days(1)).to_string());
    let issued = |refusal| (CheckName::LogoutIssueInstant, refusal);
    let until = |refusal| (CheckName::LogoutNotOnOrAfter, refusal);
    vec![
        ("made long ago", issued(Refusal::LogoutMessageTooOld), made(&past)),
        ("made in the future", issued(Refusal::LogoutMessageNotYetValid), made(&future)),
        ("no IssueInstant", issued(Refusal::InstantMalformed), changed(|terms| terms.issue_instant = None)),
        ("IssueInstant without a zone", issued(Refusal::InstantMalformed), made("2027-01-15T08:00:00")),
        ("expired", until(Refusal::LogoutRequestExpired), ends(&past)),
        ("NotOnOrAfter that is no moment", until(Refusal::InstantMalformed), ends("tomorrow")),
    ]
}

fn names() -> Vec<Deviation> {
    let xml = request(&terms());
    let name_id = element(&xml, "saml:NameID");
    let two = format!("{name_id}{}", name_id.replace(ADA, "eve@acme.test"));
    let caught = |refusal| (CheckName::SubjectNameId, refusal);
    let (missing, forbidden) = (caught(Refusal::NameIdMissing), caught(Refusal::ValueForbiddenContent));
    vec![
        ("no NameID", missing, replace(&xml, name_id, "")),
        ("two NameIDs", missing, replace(&xml, name_id, &two)),
        ("an empty NameID", missing, replace(&xml, ADA, " ")),
        ("a BaseID", missing, replace(&xml, name_id, "<saml:BaseID/>")),
        (
            "an EncryptedID that holds nothing",
            (CheckName::ResponseEncryption, Refusal::EncryptionProfileViolated),
            replace(&xml, name_id, "<saml:EncryptedID/>"),
        ),
        ("an EncryptedID beside the NameID", missing, replace(&xml, name_id, &format!("{name_id}<saml:EncryptedID/>"))),
        ("a comment in the NameID", forbidden, replace(&xml, ADA, "ada@acme.test<!-- -->.eve.test")),
        ("an element in the NameID", forbidden, replace(&xml, ADA, "<b>ada@acme.test</b>")),
        ("a NameID longer than the limit", caught(Refusal::LimitExceeded), replace(&xml, ADA, &"x".repeat(1025))),
    ]
}

fn sessions() -> Vec<Deviation> {
    let xml = request(&terms());
    let caught = |refusal| (CheckName::LogoutSessionIndex, refusal);
    let long = format!(">{}<", "x".repeat(257));
    let many = vec!["x".to_owned(); limit::SESSION_INDEXES_MAX + 1];
    vec![
        (
            "a comment in a SessionIndex",
            caught(Refusal::ValueForbiddenContent),
            replace(&xml, ">_session<", ">_ses<!-- -->sion<"),
        ),
        ("a SessionIndex longer than the limit", caught(Refusal::LimitExceeded), replace(&xml, ">_session<", &long)),
        (
            "more SessionIndexes than the limit",
            caught(Refusal::LimitExceeded),
            changed(|terms| terms.session_indexes = many),
        ),
    ]
}

/// Answers to requests that nobody made.
fn answers() -> Vec<Row> {
    let name = CheckName::LogoutInResponseTo;
    let answer = |in_response_to: Option<&str>| {
        response(&LogoutTerms { in_response_to: in_response_to.map(str::to_owned), ..terms() })
    };
    let signed = |xml: &str| Sent::Query(query(LogoutKind::Response, xml, Some("r")));
    vec![
        ("answers nothing", (name, Refusal::InResponseToMissing), signed(&answer(None))),
        ("answers another request", (name, Refusal::InResponseToMismatch), signed(&answer(Some("_other")))),
        ("answers nothing, by POST", (name, Refusal::InResponseToMissing), Sent::Response(form(&answer(None)))),
        ("answer by POST not signed", UNSIGNED, Sent::Response(saml_response_value(&response(&terms())))),
        ("a request as a response, by POST", SHAPE, Sent::Response(form(&request(&terms())))),
    ]
}
