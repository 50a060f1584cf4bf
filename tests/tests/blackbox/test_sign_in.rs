//! The honest way to a live connection: what is missing is told, somebody tries, and only then people sign in.

use anyhow::{Context, Result};
use url::Url;
use vestibule_sandbox::check::Browser;
use vestibule_tests::{Launch, Vestibule, until};

use crate::{
    cognito::Pool,
    customer::{Customer, to_identity_provider},
    provider::Provider,
};

const CONNECTION: &str = "Single sign-on";

/// The link of a test, as an operator gives it to the customer's IT admin.
fn link(vestibule: &Vestibule) -> Result<(Url, String)> {
    let made = vestibule.run(["connection", "test", "acme", CONNECTION, "--no-wait", "--json"])?.json()?;
    let name = made["test_sign_in"]["name"].as_str().context("a name")?.to_owned();
    Ok((made["url"].as_str().context("a link")?.parse()?, name))
}

/// What is approved is what is shown.
fn review(vestibule: &Vestibule) -> Result<()> {
    let review = ["onboarding", "review-mapping", "acme", CONNECTION];
    let shown = vestibule.run(review)?;
    let told = shown.refused(1)?;
    let (_, etag) = told.split_once("--etag ").context("an etag")?;
    let stale = vestibule.run(review.into_iter().chain(["--etag", "1"]))?;
    assert!(stale.refused(1)?.contains("ETAG_MISMATCH"), "{stale}");
    vestibule.run(review.into_iter().chain(["--etag", etag.trim()]))?.ok()?;
    Ok(())
}

fn open_steps(vestibule: &Vestibule) -> Result<Vec<String>> {
    let shown = vestibule.run(["onboarding", "show", "acme", CONNECTION, "--json"])?.json()?;
    let steps = shown["steps"].as_array().context("steps")?.iter();
    let open = steps.filter(|step| step["state"] == "STATE_OPEN").filter_map(|step| step["step"].as_str());
    Ok(open.map(str::to_owned).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_is_tried_before_people_sign_in_and_nobody_is_signed_in_by_it() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let pool = Pool::start(&vestibule).await?;
    let provider = Provider::new("acme")?;
    let metadata = provider.metadata_file(&vestibule)?;
    let made = vestibule.run(["org", "create", "acme", "--pool", &pool.client.name, "--json"])?.json()?;
    let before = vestibule.run(["onboarding", "show", "acme"])?;
    // Each step with who has to act, and how.
    for words in [
        "the application: Say which domain",
        "the customer's IT admin: Hand over the metadata",
        "the customer's IT admin: Hand over metadata with a signing certificate",
        "you, the operator: Look at what the identity provider's attributes become",
        "the customer's IT admin: Open the link of a test sign-in",
        "you, the operator: Enable the connection",
    ] {
        assert!(before.ok()?.contains(words), "{words}\n{before}");
    }
    vestibule.run(["domain", "create", "acme", "acme.test", "--attest", "contract 4711"])?.ok()?;
    vestibule.run(["connection", "create", "acme", "--metadata", &metadata.to_string_lossy()])?.ok()?;

    let refused = vestibule.run(["connection", "enable", "acme", CONNECTION])?;
    for words in
        ["ONBOARDING_INCOMPLETE", "mapping_reviewed (the operator", "test_sign_in_passed (the customer's IT admin"]
    {
        assert!(refused.refused(1)?.contains(words), "{refused}");
    }
    let at_once = vestibule.run(["connection", "create", "acme", "--metadata", "x", "--enable"])?;
    assert!(at_once.refused(2)?.contains("--override-note"), "{at_once}");

    // A wrong answer uses nothing up; the right one passes with the same link, and counts once.
    let (link, name) = link(&vestibule)?;
    let mut browser = Browser::new()?;
    let at_provider = to_identity_provider(&mut browser, &link).await?;
    let wrong =
        provider.bent(&at_provider, "ada@acme.test", |terms| terms.signed(vestibule_saml_idp::Signed::Nothing))?;
    let page = browser.submit(&wrong, None).await?;
    assert!(page.body.contains("SIGNATURE_MISSING") && page.body.contains("Try again"), "{}", page.body);
    let at_provider = to_identity_provider(&mut browser, &link).await?;
    let right = provider.answer(&at_provider, "ada@acme.test")?;
    let page = browser.submit(&right, None).await?;
    assert_eq!((page.status.as_u16(), &page.location), (200, &None), "it never goes on to Cognito");
    for words in ["The test sign-in passed", "ada@acme.test", "id-of-ada", "signature"] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    let again = browser.get(&link).await?;
    assert!(again.body.contains("This test has passed already"), "{}", again.body);
    let people = vestibule.run(["person", "list", "acme", "--json"])?.json()?;
    assert!(people["persons"].as_array().is_none_or(Vec::is_empty), "{people:#}");
    let traced = vestibule.run(["sign-ins", "list", "--org", "acme", "--reason", "SIGNATURE_MISSING"])?;
    assert!(traced.ok()?.contains("test"), "{traced}");
    assert_eq!(open_steps(&vestibule)?, ["STEP_MAPPING_REVIEWED", "STEP_ROUTING_ENABLED"], "{name}");

    review(&vestibule)?;
    vestibule.run(["connection", "enable", "acme", CONNECTION])?.ok()?;
    let shown = vestibule.run(["onboarding", "show", "acme"])?;
    assert!(shown.ok()?.contains("complete") && !shown.ok()?.contains("open  "), "{shown}");
    until("nothing to be missing", async || {
        let list = vestibule.run(["onboarding", "list"])?;
        Ok(list.ok()?.contains("Nothing is missing anywhere").then_some(()))
    })
    .await?;

    let organization = made["name"].as_str().context("a name")?.trim_start_matches("organizations/").to_owned();
    let customer = Customer { provider, organization, email: "ada@acme.test".to_owned() };
    let tokens = until("the first sign-in", async || Ok(pool.sign_in(&customer).await.ok())).await?;
    assert_eq!(tokens.id["email"], "ada@acme.test");
    // The Response of the test signs nobody in now that people may.
    let page = browser.submit(&right, None).await?;
    assert!(page.status.is_client_error(), "{}", page.problem());
    let live = vestibule.run(["connection", "test", "acme", CONNECTION, "--no-wait"])?;
    assert!(live.refused(1)?.contains("CONNECTION_ENABLED"), "{live}");
    Ok(())
}
