//! A suspension reaches people who are signed in already.

use anyhow::Result;
use vestibule_sandbox::check::Browser;
use vestibule_tests::{Launch, until};

use crate::{cognito::Pool, customer::Customer, refusal};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspended_organization_gets_no_sign_in_and_no_refresh_until_it_is_reinstated() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let pool = Pool::start(&vestibule).await?;
    let customer = Customer::onboard(&vestibule, &pool.client, "acme").await?;
    let tokens = pool.sign_in(&customer).await?;
    let (status, refreshed) = pool.refresh(&tokens.refresh).await?;
    assert_eq!(status, 200, "{refreshed}");

    vestibule.run(["org", "suspend", "acme", "--note", "unpaid"])?.ok()?;
    let told = until("the refresh to be refused", async || {
        let (status, answer) = pool.refresh(&tokens.refresh).await?;
        Ok((status == 400).then_some(answer))
    });
    let told = told.await?.to_string();
    assert!(told.to_lowercase().contains("suspended"), "{told}");

    let mut browser = Browser::new()?;
    let page = until("the sign-in to be refused", async || {
        let answer = browser.get(&pool.client.authorize_url(&customer.email)?).await?;
        Ok(answer.location.is_none().then(|| answer.problem()))
    });
    let page = page.await?;
    let sign_in = refusal::traced_page(&vestibule, &page)?;
    assert_eq!(sign_in["reason"], "ORGANIZATION_SUSPENDED", "{sign_in:#}");
    // The way back to the application is Cognito's, with the state that it sent.
    let back = page.way_back.expect("a way back");
    assert!(back.as_str().starts_with(&pool.client.redirect_uri), "{back}");
    let parameters = crate::provider::parameters(&back);
    assert_eq!(parameters["error"], "access_denied");

    vestibule.run(["org", "reinstate", "acme"])?.ok()?;
    until("the refresh to work again", async || Ok((pool.refresh(&tokens.refresh).await?.0 == 200).then_some(())))
        .await?;
    until("the sign-in to begin again", async || Ok(pool.client.authorize(&mut browser, &customer).await.ok())).await?;
    assert_eq!(pool.sign_in(&customer).await?.id["sub"], tokens.id["sub"]);
    Ok(())
}
