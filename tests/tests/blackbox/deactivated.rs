//! A person who is shut out, and the same human over two names.

use anyhow::{Context, Result};
use serde_json::Value;
use vestibule_sandbox::check::Browser;
use vestibule_tests::{Launch, Vestibule, until};

use crate::{cognito::Pool, customer::Customer, refusal};

/// The people of an organization, as the command line lists them.
fn people(vestibule: &Vestibule, slug: &str) -> Result<Vec<Value>> {
    let listed = vestibule.run(["person", "list", slug, "--json"])?.json()?;
    Ok(listed["persons"].as_array().context("a list of persons")?.clone())
}

fn sub(person: &Value) -> Result<String> {
    let name = person["name"].as_str().context("a name")?;
    Ok(name.rsplit('/').next().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deactivated_person_gets_no_sign_in_and_no_refresh_until_they_are_reactivated() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let pool = Pool::start(&vestibule).await?;
    let customer = Customer::onboard(&vestibule, &pool.client, "acme").await?;
    assert!(people(&vestibule, "acme")?.is_empty());
    let tokens = pool.sign_in(&customer).await?;
    let [ada] = <[Value; 1]>::try_from(people(&vestibule, "acme")?).map_err(|found| anyhow::anyhow!("{found:?}"))?;
    let sub = sub(&ada)?;
    assert_eq!((&ada["state"], &ada["profile"]["email"]), (&"STATE_ACTIVE".into(), &customer.email.as_str().into()));
    let shown = vestibule.run(["person", "show", "acme", &sub])?;
    assert!(shown.ok()?.contains(&customer.email), "{shown}");

    vestibule.run(["person", "deactivate", "acme", &sub, "--note", "ticket 4711"])?.ok()?;
    until("the refresh to be refused", async || Ok((pool.refresh(&tokens.refresh).await?.0 == 400).then_some(())))
        .await?;
    let mut browser = Browser::new()?;
    let location = pool.client.authorize(&mut browser, &customer).await?;
    let answer = browser.submit(&customer.provider.answer(&location, &customer.email)?, None).await?;
    assert!(answer.location.is_none(), "signed in although deactivated");
    let sign_in = refusal::traced_page(&vestibule, &answer.problem())?;
    assert_eq!(
        (&sign_in["reason"], &sign_in["responsible"]),
        (&"PERSON_DEACTIVATED".into(), &"RESPONSIBLE_OPERATOR".into())
    );

    vestibule.run(["person", "reactivate", "acme", &sub])?.ok()?;
    until("the refresh to work again", async || Ok((pool.refresh(&tokens.refresh).await?.0 == 200).then_some(())))
        .await?;
    assert_eq!(pool.sign_in(&customer).await?.id["sub"], tokens.id["sub"]);
    assert_eq!(people(&vestibule, "acme")?.len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_relinked_by_the_command_line_and_the_duplicate_gets_no_tokens() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let pool = Pool::start(&vestibule).await?;
    let customer = Customer::onboard(&vestibule, &pool.client, "acme").await?;
    let before = pool.sign_in(&customer).await?;
    let survivor = sub(&people(&vestibule, "acme")?[0])?;

    // The identity provider names its people anew.
    let renamed = Customer { email: "countess@acme.test".to_owned(), ..customer };
    let duplicate_tokens = pool.sign_in(&renamed).await?;
    assert_ne!(duplicate_tokens.id["sub"], before.id["sub"]);
    let everybody = people(&vestibule, "acme")?;
    let found = everybody.iter().map(sub).collect::<Result<Vec<_>>>()?;
    let duplicate = found.iter().find(|sub| **sub != survivor).context("two persons until re-linked")?;

    vestibule.run(["person", "relink", "acme", &survivor, "--duplicate", duplicate])?.ok()?;
    until("the duplicate's refresh to be refused", async || {
        Ok((pool.refresh(&duplicate_tokens.refresh).await?.0 == 400).then_some(()))
    })
    .await?;
    let gone = vestibule.run(["person", "show", "acme", duplicate])?;
    assert!(gone.ok()?.contains("superseded") && gone.ok()?.contains(&survivor), "{gone}");
    let merged = pool.sign_in(&renamed).await?;
    assert_eq!(merged.id["sub"], before.id["sub"], "the `sub` survives");

    let refused = vestibule.run(["person", "reactivate", "acme", duplicate])?;
    assert!(refused.refused(1)?.contains("PERSON_SUPERSEDED"), "{refused}");
    Ok(())
}
