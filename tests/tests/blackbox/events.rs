//! What is published, over gRPC by the command line and on NATS: the same, in the same order, across restarts.

use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;
use vestibule_tests::{Launch, Nats, Process, Vestibule, until};

use crate::cognito::POOL_ID;

/// Events as `vestibule events list` prints them.
fn listed(vestibule: &Vestibule, arguments: &[&str]) -> Result<Vec<Value>> {
    let ran = vestibule.run(["events", "list", "--limit", "1000", "--json"].iter().chain(arguments))?;
    lines(ran.ok()?)
}

fn lines(printed: &str) -> Result<Vec<Value>> {
    printed.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

fn tail(vestibule: &Vestibule, arguments: &[&str]) -> Result<Process> {
    let mut command = vestibule.cli()?.command()?;
    command.args(["events", "tail", "--json"]).args(arguments);
    Process::start(&mut command)
}

/// What a process that tails has printed, as soon as it is so many lines.
async fn printed(tail: &Process, count: usize) -> Result<Vec<Value>> {
    let told = until("events to be told", async || {
        let told = tail.stdout();
        // A line that is not whole yet does not count.
        let whole = told.rfind('\n').map_or("", |end| told.get(..=end).unwrap_or_default());
        Ok((whole.lines().count() >= count).then(|| whole.to_owned()))
    });
    lines(&told.await.with_context(|| tail.stderr())?)
}

fn field<'a>(events: &'a [Value], name: &str) -> Vec<&'a str> {
    events.iter().filter_map(|event| event[name].as_str()).collect()
}

fn work(vestibule: &Vestibule) -> Result<()> {
    let pool = ["pool", "create", POOL_ID, "--domain", "login.acme.test", "--app-client", "1example23456789"];
    vestibule.run(pool)?.ok()?;
    for organization in ["acme", "globex"] {
        vestibule.run(["org", "create", organization])?.ok()?;
        let domain = format!("{organization}.test");
        vestibule.run(["domain", "create", organization, &domain, "--attest", "not for everybody's eyes"])?.ok()?;
    }
    vestibule.run(["org", "suspend", "acme", "--note", "unpaid"])?.ok()?;
    Ok(())
}

#[tokio::test]
async fn events_are_the_same_on_nats_and_over_grpc() -> Result<()> {
    let Some(mut nats) = Nats::start()? else { return Ok(()) };
    let vestibule = Launch::serve("all")?.set("nats.url", nats.url()).start().await?;
    work(&vestibule)?;
    let events = listed(&vestibule, &[])?;
    assert!(events.len() >= 8, "{events:?}");
    nats.restart()?;
    // Lanes do not wait for each other, so what is compared is the order within each.
    let mut messages = until("everything to be published", async || {
        let messages = nats.messages("vestibule").await.unwrap_or_default();
        Ok((messages.len() >= events.len()).then_some(messages))
    })
    .await?;
    messages.sort_by_key(|message| message.header("ce-cursor").and_then(position));
    assert_eq!(messages.len(), events.len());
    for (event, message) in events.iter().zip(&messages) {
        for name in ["id", "source", "type", "subject", "time", "cursor", "organization", "traceparent"] {
            assert_eq!(event[name].as_str(), message.header(&format!("ce-{name}")), "{name} of {event}");
        }
        assert_eq!(event["data"], serde_json::from_str::<Value>(&message.body)?);
        assert!(!event.to_string().contains("everybody's eyes"), "{event}");
    }
    for lane in messages.chunk_by(|one, other| one.header("ce-organization") == other.header("ce-organization")) {
        assert!(lane.is_sorted_by_key(|message| message.sequence), "in the order of the log");
    }

    // What is declared is what the relay has made; the rest is made once.
    let vestibule_nats = |arguments: &[&str]| {
        let cli = vestibule.cli()?.with("VESTIBULE__NATS__URL", nats.url());
        cli.run(["nats", "apply"].iter().chain(arguments))
    };
    let planned = vestibule_nats(&["--dry-run"])?;
    assert!(planned.ok()?.contains("consumer cognito-sign-out of vestibule: is not there"), "{planned}");
    let applied = vestibule_nats(&[])?;
    assert!(applied.ok()?.ends_with("everything is as declared now\n"), "{applied}");
    assert_eq!(vestibule_nats(&[])?.ok()?, "everything is as declared\n");
    let shorter =
        vestibule.run(["nats", "declaration"])?.ok()?.replace("retention_hours = 720", "retention_hours = 24");
    fs::write(vestibule.directory().join("shorter.toml"), shorter)?;
    let refused = vestibule_nats(&["--file", "shorter.toml"])?;
    assert!(refused.code == Some(1) && refused.stderr.contains("--force"), "{refused}");
    vestibule_nats(&["--file", "shorter.toml", "--force"])?.ok()?;
    Ok(())
}

fn position(cursor: &str) -> Option<u64> {
    u64::from_str_radix(cursor.split_once('-')?.1, 16).ok()
}

#[tokio::test]
async fn events_are_tailed_across_a_restart_of_the_server() -> Result<()> {
    let launch = Launch::serve("all")?;
    let mut vestibule = launch.start().await?;
    work(&vestibule)?;
    let everything = tail(&vestibule, &["--from", "start"])?;
    let acme = tail(&vestibule, &["--org", "acme", "--type", "organization.*", "--from", "start"])?;
    let before = listed(&vestibule, &[])?;
    assert_eq!(printed(&everything, before.len()).await?, before);
    let names = ["vestibule.organization.created", "vestibule.organization.suspended"];
    assert_eq!(field(&printed(&acme, 2).await?, "type"), names);

    vestibule.process.kill()?;
    let vestibule = vestibule.launch().clone().start().await?;
    vestibule.run(["org", "reinstate", "acme"])?.ok()?;
    vestibule.run(["org", "suspend", "globex", "--note", "unpaid"])?.ok()?;
    let after = listed(&vestibule, &[])?;
    assert_eq!(after.len(), before.len() + 2);
    assert_eq!(printed(&everything, after.len()).await?, after, "nothing is missing, and nothing there twice");
    assert_eq!(field(&printed(&acme, 3).await?, "type").last(), Some(&"vestibule.organization.reinstated"));

    // From a place on, and of one type.
    let place = before.last().and_then(|event| event["cursor"].as_str()).context("a cursor")?;
    assert_eq!(listed(&vestibule, &["--from", place])?, after.get(before.len()..).unwrap_or_default());
    let suspended = listed(&vestibule, &["--type", "organization.suspended"])?;
    assert_eq!(suspended.len(), 2);
    let refused = vestibule.run(["events", "list", "--type", "organization.suspend"])?;
    assert!(refused.to_string().contains("EVENT_TYPE_UNKNOWN"), "{refused}");
    Ok(())
}

#[tokio::test]
async fn events_take_a_token_of_their_own() -> Result<()> {
    let launch = Launch::serve("all")?;
    let token = launch.directory().join("events.token");
    fs::write(&token, "0123456789abcdef0123456789abcdef\n")?;
    let file = token.to_string_lossy().into_owned();
    let vestibule = launch.set("grpc.events_token_file", file.clone()).start().await?;
    work(&vestibule)?;
    let listed = vestibule.run(["events", "list", "--token-file", &file])?;
    assert!(listed.ok()?.contains("organization.created"), "{listed}");
    let denied = vestibule.run(["org", "list", "--token-file", &file])?;
    assert!(denied.to_string().contains("EVENTS_TOKEN_ONLY"), "{denied}");
    // Where reading is open, events are not.
    fs::remove_file(vestibule.directory().join("vestibule-data/registry.token"))?;
    vestibule.run(["org", "list"])?.ok()?;
    let denied = vestibule.run(["events", "list"])?;
    assert!(denied.to_string().contains("TOKEN_MISSING"), "{denied}");
    Ok(())
}

#[tokio::test]
async fn one_organizations_token_opens_its_events_only() -> Result<()> {
    let launch = Launch::serve("all")?;
    let mut vestibule = launch.start().await?;
    work(&vestibule)?;
    let id = |slug: &str| -> Result<String> {
        let name = vestibule.run(["org", "show", slug, "--json"])?.json()?["name"].as_str().map(str::to_owned);
        Ok(name.context("a name")?.replace("organizations/", ""))
    };
    let (acme, globex) = (id("acme")?, id("globex")?);
    let file = vestibule.directory().join("acme-events.token").to_string_lossy().into_owned();
    fs::write(&file, "0123456789abcdef0123456789abcdef\n")?;
    vestibule.process.kill()?;
    let tokens = serde_json::json!([{ "organization": acme, "token_file": file }]);
    let vestibule = vestibule.launch().clone().set("grpc.events_tokens", tokens).start().await?;
    let token = ["--token-file", &file];
    let own = listed(&vestibule, &[&["--org", &acme], &token[..]].concat())?;
    assert!(field(&own, "type").contains(&"vestibule.organization.suspended"), "{own:?}");
    assert!(field(&own, "organization").iter().all(|organization| *organization == acme), "{own:?}");
    for elsewhere in [vec![], vec!["--org", &*globex]] {
        let refused = vestibule.run([&["events", "list"], &elsewhere[..], &token[..]].concat())?;
        assert!(refused.to_string().contains("EVENTS_TOKEN_CONFINED"), "{refused}");
        let refused = vestibule.run([&["events", "tail"], &elsewhere[..], &token[..]].concat())?;
        assert!(refused.to_string().contains("EVENTS_TOKEN_CONFINED"), "{refused}");
    }
    let refused = vestibule.run([&["org", "list"], &token[..]].concat())?;
    assert!(refused.to_string().contains("EVENTS_TOKEN_ONLY"), "{refused}");
    Ok(())
}
