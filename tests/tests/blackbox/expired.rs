//! Assertions of another time, from an identity provider that signs whatever it is told to.

use std::time::Duration;

use anyhow::Result;
use vestibule_kernel::Timestamp;
use vestibule_saml_idp::{Deviation, ResponseTerms, Signed};
use vestibule_sandbox::check::Browser;
use vestibule_tests::Launch;

use crate::{
    customer::{Client, Customer},
    refusal,
};

/// A way to bend the terms, and the one reason for which the Response is refused.
type Bent = (&'static str, fn(ResponseTerms) -> ResponseTerms);

const BENT: [Bent; 8] = [
    ("ASSERTION_TOO_OLD", |terms| issued(terms, |now| now.minus(Duration::from_hours(26)))),
    ("ASSERTION_EXPIRED", |terms| issued(terms, |now| now.minus(Duration::from_hours(1)))),
    ("ASSERTION_NOT_YET_VALID", |terms| issued(terms, |now| now.plus(Duration::from_hours(1)))),
    ("AUDIENCE_MISMATCH", |terms| {
        terms.deviating(|bent| bent.audience = Deviation::instead("https://another.test/saml"))
    }),
    ("RECIPIENT_MISMATCH", |terms| {
        terms.deviating(|bent| bent.recipient = Deviation::instead("https://another.test/acs"))
    }),
    ("IN_RESPONSE_TO_MISMATCH", |terms| terms.answering("_0123456789abcdef0123456789abcdef")),
    ("SIGNATURE_MISSING", |terms| terms.signed(Signed::Nothing)),
    ("ISSUER_MISMATCH", |terms| {
        terms.deviating(|bent| bent.assertion_issuer = Deviation::instead("https://idp.globex.test/saml"))
    }),
];

fn issued(mut terms: ResponseTerms, when: impl FnOnce(Timestamp) -> Timestamp) -> ResponseTerms {
    terms.now = when(terms.now);
    terms
}

#[tokio::test]
async fn a_well_signed_response_of_another_time_or_for_somebody_else_is_refused() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let client = Client::register(&vestibule, "eu-west-1_Expired01", &[])?;
    let customer = Customer::onboard(&vestibule, &client, "acme").await?;
    let browser = Browser::new()?;
    let events = vestibule.events()?;
    for (reason, bend) in BENT {
        let mut browser = browser.another();
        let location = client.authorize(&mut browser, &customer).await?;
        let form = customer.provider.bent(&location, &customer.email, bend)?;
        let answer = browser.submit(&form, None).await?;
        assert_eq!(answer.location, None, "{reason}");
        let sign_in = refusal::traced_page(&vestibule, &answer.problem())?;
        assert_eq!(sign_in["reason"], reason, "{sign_in:#}");
        // Another Issuer may also mean that the wrong metadata was imported: that is for the operator to look at.
        let whose = if reason == "ISSUER_MISMATCH" { "RESPONSIBLE_OPERATOR" } else { "RESPONSIBLE_IDENTITY_PROVIDER" };
        assert_eq!((&sign_in["stage"], &sign_in["responsible"]), (&"acs".into(), &whose.into()), "{reason}");
        let failed =
            sign_in["checks"].as_array().into_iter().flatten().filter(|check| check["status"] == "STATUS_FAILED");
        assert_eq!(failed.count(), 1, "the check that failed, with what it expected and found\n{sign_in:#}");
    }
    assert_eq!(vestibule.events()?, events, "no refusal is in the log");
    // The same person, without bending anything.
    client.code(&mut browser.another(), &customer).await?;
    assert!(vestibule.events()? > events);
    Ok(())
}
