//! Which address Cognito gets: none but one of a domain that the organization has proven to own.

use anyhow::Result;
use serde_json::{Value, json};
use vestibule_sandbox::check::Browser;
use vestibule_tests::{Launch, Vestibule, http_client};

use crate::{
    customer::{Client, Customer},
    refusal,
};

/// Signs Ada in with whatever address her identity provider gives her; the claims of the ID token and of userinfo.
async fn signed_in(vestibule: &Vestibule, client: &Client, customer: &Customer, email: &str) -> Result<(Value, Value)> {
    let mut browser = Browser::new()?;
    let location = client.authorize(&mut browser, customer).await?;
    let answer = browser.submit(&customer.provider.answer(&location, email)?, None).await?;
    let tokens = client.redeem(&client.code_of(&answer)?).await?;
    let userinfo = http_client()?.get(vestibule.gateway("/oauth2/userinfo")?).bearer_auth(&tokens.access_token);
    Ok((tokens.id_token, userinfo.send().await?.error_for_status()?.json().await?))
}

#[tokio::test]
async fn an_address_outside_of_the_verified_domain_is_blanked_and_the_person_stays_the_same() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let client = Client::register(&vestibule, "eu-west-1_Released1", &[])?;
    let customer = Customer::onboard(&vestibule, &client, "acme").await?;
    let (own, _) = signed_in(&vestibule, &client, &customer, "ada@acme.test").await?;
    assert_eq!((&own["email"], &own["email_verified"]), (&json!("ada@acme.test"), &json!(true)));
    for foreign in ["ada@globex.test", "ada@acme.test.evil.test", "ada@sub.acme.test", "ada@acme.test@evil.test"] {
        let (id_token, userinfo) = signed_in(&vestibule, &client, &customer, foreign).await?;
        for claims in [&id_token, &userinfo] {
            // A claim that is missing would leave the address of the last sign-in in Cognito.
            assert_eq!(
                (&claims["email"], &claims["email_verified"]),
                (&json!(""), &json!(false)),
                "{foreign}: {claims}"
            );
        }
        assert_eq!(id_token["sub"], own["sub"], "{foreign}");
    }
    // With the subdomains verified, one of them is released.
    vestibule.run(["domain", "attest", "acme", "acme.test", "--note", "all of it", "--include-subdomains"])?.ok()?;
    let released = vestibule_tests::until("the subdomain to be released", async || {
        let (claims, _) = signed_in(&vestibule, &client, &customer, "ada@sub.acme.test").await?;
        Ok((claims["email_verified"] == true).then_some(claims))
    });
    assert_eq!(released.await?["email"], "ada@sub.acme.test");
    Ok(())
}

#[tokio::test]
async fn a_pool_that_needs_an_address_refuses_who_has_none() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let client = Client::register(&vestibule, "eu-west-1_Released1", &["--requires-email"])?;
    let customer = Customer::onboard(&vestibule, &client, "acme").await?;
    let events = vestibule.events()?;
    let mut browser = Browser::new()?;
    let location = client.authorize(&mut browser, &customer).await?;
    let answer = browser.submit(&customer.provider.answer(&location, "ada@globex.test")?, None).await?;
    let sign_in = refusal::traced_page(&vestibule, &answer.problem())?;
    assert_eq!(sign_in["reason"], "EMAIL_NOT_RELEASABLE", "{sign_in:#}");
    assert!(!sign_in.to_string().contains("globex.test"), "the trace holds no address: {sign_in:#}");
    assert_eq!(vestibule.events()?, events);
    let (claims, _) = signed_in(&vestibule, &client, &customer, "ada@acme.test").await?;
    assert_eq!(claims["email"], "ada@acme.test");
    Ok(())
}
