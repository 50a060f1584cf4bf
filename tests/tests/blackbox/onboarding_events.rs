//! An onboarding as those see it who listen on NATS: every step, in its order, with who has to act, and nothing else.

use std::collections::HashSet;

use anyhow::{Context, Result};
use serde_json::Value;
use vestibule_sandbox::check::Browser;
use vestibule_tests::{Launch, Nats, StoredMessage, Vestibule, until};

use crate::{cognito::POOL_ID, customer::to_identity_provider, provider::Provider};

const CONNECTION: &str = "Single sign-on";
/// What only operators read.
const NOTE: &str = "their IT tried it in a call";

/// Somebody who listens for what happens to one organization.
struct Listener<'a> {
    nats: &'a Nats,
    /// The organization's id.
    organization: String,
    told: usize,
}

impl Listener<'_> {
    /// Waits until so much more has been told of the connection's way, and answers it: the fact, the step, who acts.
    async fn hear(&mut self, count: usize) -> Result<Vec<String>> {
        let wanted = self.told + count;
        let messages = until("the onboarding to be told", async || {
            let messages = self.nats.messages("vestibule").await.unwrap_or_default();
            let mine: Vec<StoredMessage> = messages.into_iter().filter(|message| self.is_heard(message)).collect();
            Ok((mine.len() >= wanted).then_some(mine))
        })
        .await?;
        let news = messages.get(self.told..).context("news")?;
        self.told = messages.len();
        news.iter().map(summary).collect()
    }

    /// What this organization's CRM would be interested in.
    fn is_heard(&self, message: &StoredMessage) -> bool {
        let fact = ["onboarding.", "connection.tested", "connection.enabled"];
        // `vestibule.{environment}.{organization}.{noun}.{fact}`
        let mut parts = message.subject.splitn(4, '.').skip(2);
        let is_mine = parts.next() == Some(&self.organization);
        is_mine && parts.next().is_some_and(|told| fact.iter().any(|fact| told.starts_with(fact)))
    }
}

fn summary(message: &StoredMessage) -> Result<String> {
    let body: Value = serde_json::from_str(&message.body)?;
    assert!(!message.body.contains(NOTE), "notes are for operators: {body}");
    let fact = message.subject.splitn(4, '.').nth(3).context("a fact")?;
    assert_eq!(message.header("ce-type"), Some(&*format!("vestibule.{fact}")));
    assert!(message.header("ce-subject").is_some_and(|subject| subject.contains("/connections/")), "{body}");
    let text = |name: &str| body[name].as_str().map(|text| format!(" {text}")).unwrap_or_default();
    let steps: Vec<&str> = body["steps"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let steps = if steps.is_empty() { String::new() } else { format!(" {}", steps.join(",")) };
    Ok(format!("{fact}{}{steps}{}", text("step"), text("actor")))
}

fn organization(vestibule: &Vestibule, slug: &str) -> Result<String> {
    let made = vestibule.run(["org", "create", slug, "--json"])?.json()?;
    Ok(made["name"].as_str().context("a name")?.trim_start_matches("organizations/").to_owned())
}

async fn pass_the_test(vestibule: &Vestibule, provider: &Provider) -> Result<()> {
    let made = vestibule.run(["connection", "test", "acme", CONNECTION, "--no-wait", "--json"])?.json()?;
    let mut browser = Browser::new()?;
    let at_provider = to_identity_provider(&mut browser, &made["url"].as_str().context("a link")?.parse()?).await?;
    let page = browser.submit(&provider.answer(&at_provider, "ada@acme.test")?, None).await?;
    assert!(page.body.contains("The test sign-in passed"), "{}", page.body);
    Ok(())
}

fn review(vestibule: &Vestibule) -> Result<()> {
    let shown = vestibule.run(["connection", "show", "acme", CONNECTION, "--json"])?.json()?;
    let etag = shown["etag"].as_str().context("an etag")?;
    vestibule.run(["onboarding", "review-mapping", "acme", CONNECTION, "--etag", etag])?.ok()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_listens_hears_every_step_in_its_order() -> Result<()> {
    let Some(nats) = Nats::start()? else { return Ok(()) };
    let vestibule = Launch::serve("all")?.set("nats.url", nats.url()).start().await?;
    let pool = ["pool", "create", POOL_ID, "--domain", "login.acme.test", "--app-client", "1example23456789"];
    vestibule.run(pool)?.ok()?;
    let mut acme = Listener { nats: &nats, organization: organization(&vestibule, "acme")?, told: 0 };
    let provider = Provider::new("acme")?;
    let metadata = provider.metadata_file(&vestibule)?;
    let metadata = metadata.to_string_lossy();

    vestibule.run(["connection", "create", "acme", "--metadata", &metadata])?.ok()?;
    let begun = [
        "onboarding.started",
        "onboarding.step_completed metadata_imported it_admin",
        "onboarding.step_completed certificate_checked it_admin",
    ];
    assert_eq!(acme.hear(3).await?, begun);
    vestibule.run(["domain", "create", "acme", "acme.test", "--attest", "contract 4711"])?.ok()?;
    assert_eq!(acme.hear(1).await?, ["onboarding.step_completed domain_verified application"]);
    review(&vestibule)?;
    assert_eq!(acme.hear(1).await?, ["onboarding.step_completed mapping_reviewed operator"]);
    pass_the_test(&vestibule, &provider).await?;
    let tested = ["connection.tested", "onboarding.step_completed test_sign_in_passed it_admin"];
    assert_eq!(acme.hear(2).await?, tested);
    // What changes makes steps that are done missing again; done again, they are told again.
    vestibule.run(["connection", "configure", "acme", CONNECTION, "--map", "email=mail,email"])?.ok()?;
    let reopened =
        ["onboarding.step_reopened mapping_reviewed operator", "onboarding.step_reopened test_sign_in_passed it_admin"];
    assert_eq!(acme.hear(2).await?, reopened);
    review(&vestibule)?;
    pass_the_test(&vestibule, &provider).await?;
    let again = [
        "onboarding.step_completed mapping_reviewed operator",
        "connection.tested",
        "onboarding.step_completed test_sign_in_passed it_admin",
    ];
    assert_eq!(acme.hear(3).await?, again);
    vestibule.run(["connection", "enable", "acme", CONNECTION])?.ok()?;
    let live = ["connection.enabled", "onboarding.step_completed routing_enabled operator", "onboarding.completed"];
    assert_eq!(acme.hear(3).await?, live);

    // Whoever goes live without steps says so, and that is told; why is in the log.
    let mut globex = Listener { nats: &nats, organization: organization(&vestibule, "globex")?, told: 0 };
    let create = ["connection", "create", "globex", "--metadata", &metadata, "--enable", "--override-note", NOTE];
    vestibule.run(create)?.ok()?;
    let mut heard = globex.hear(7).await?;
    // The process that follows the log, and whoever enables, record whichever comes first; so the sets are compared.
    heard.sort();
    let expected = [
        "connection.enabled",
        "onboarding.completed",
        "onboarding.overridden domain_verified,mapping_reviewed,test_sign_in_passed",
        "onboarding.started",
        "onboarding.step_completed certificate_checked it_admin",
        "onboarding.step_completed metadata_imported it_admin",
        "onboarding.step_completed routing_enabled operator",
    ];
    assert_eq!(heard, expected);

    let messages = nats.messages("vestibule").await?;
    let ids: HashSet<Option<&str>> = messages.iter().map(|message| message.header("ce-id")).collect();
    assert_eq!(ids.len(), messages.len(), "nothing is told twice");
    assert!(!ids.contains(&None));
    Ok(())
}
