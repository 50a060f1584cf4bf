//! What an operator closes reaches people who are signed in already, and what is opened again works again.

use anyhow::{Context, Result};
use vestibule_tests::{Launch, until};

use crate::{
    cognito::{APP, Pool},
    customer::Customer,
};

/// Waits until a refresh is refused, and with these words.
async fn refused(pool: &Pool, refresh_token: &str, words: &str) -> Result<()> {
    let told = until("the refresh to be refused", async || {
        let (status, answer) = pool.refresh(refresh_token).await?;
        Ok((status == 400).then_some(answer))
    });
    let told = told.await?.to_string();
    assert!(told.contains(words), "{told}");
    Ok(())
}

async fn let_in(pool: &Pool, refresh_token: &str) -> Result<()> {
    until("the refresh to work", async || Ok((pool.refresh(refresh_token).await?.0 == 200).then_some(()))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_connection_domain_or_app_client_ends_the_next_refresh() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let pool = Pool::start(&vestibule).await?;
    let customer = Customer::onboard(&vestibule, &pool.client, "acme").await?;
    let refresh = pool.sign_in(&customer).await?.refresh;
    let_in(&pool, &refresh).await?;

    let listed = vestibule.run(["connection", "list", "acme", "--json"])?.json()?;
    let name = listed["connections"][0]["name"].as_str().context("a connection")?;
    let connection = name.rsplit('/').next().unwrap_or_default();
    vestibule.run(["connection", "disable", "acme", connection, "--note", "replaced", "--last"])?.ok()?;
    refused(&pool, &refresh, "this way to sign in is closed").await?;
    vestibule.run(["connection", "enable", "acme", connection, "--override-note", "it was live before"])?.ok()?;
    let_in(&pool, &refresh).await?;

    // Another domain stays, so it is the address of the session that counts.
    vestibule.run(["domain", "create", "acme", "acme.example", "--attest", "contract 4711"])?.ok()?;
    vestibule.run(["domain", "delete", "acme", "acme.test"])?.ok()?;
    refused(&pool, &refresh, "not in a domain of the organization").await?;
    vestibule.run(["domain", "create", "acme", "acme.test", "--attest", "contract 4712"])?.ok()?;
    let_in(&pool, &refresh).await?;

    assert_eq!(pool.client_token().await?.get("org_id"), None, "the app client is everybody's");
    vestibule.run(["org", "update", "acme", "--own-app-client", "another23456789"])?.ok()?;
    refused(&pool, &refresh, "not available to the organization").await?;
    vestibule.run(["org", "update", "acme", "--own-app-client", APP])?.ok()?;
    let_in(&pool, &refresh).await?;
    let of_client = pool.client_token().await?;
    assert_eq!(of_client["org_id"], customer.organization.as_str(), "it is the organization's own: {of_client}");
    Ok(())
}
