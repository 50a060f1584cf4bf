//! People in a SCIM service of others, `scim2-server`: the events on NATS, the program that consumes them, and what it finds when
//! it was away.

mod killed;
mod program;
mod telemetry;

use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use vestibule_sandbox::check::Browser;
use vestibule_tests::{Fleet, Launch, Nats, Process, free_port, http_client, until};

use self::program::{Scim, Start, TOKEN};
use crate::customer::{Client, Customer};

#[tokio::test]
async fn whoever_signs_in_becomes_a_user_who_is_active_as_long_as_they_may_sign_in() -> Result<()> {
    let (Some(mut nats), Some(scim)) = (Nats::start()?, Scim::start().await?) else { return Ok(()) };
    let launch = Launch::serve("all")?.set("nats.url", nats.url());
    let token = launch.directory().join("people.token");
    fs::write(&token, "a-token-that-reads-people-and-nothing-else\n")?;
    let vestibule = launch.set("grpc.people_token_file", token.to_string_lossy()).start().await?;
    let client = Client::register(&vestibule, "eu-west-1_AbCd12345", &[])?;
    let acme = Customer::onboard(&vestibule, &client, "acme").await?;
    let start = Start {
        registry: &vestibule.addresses.grpc,
        token: &token,
        authority: None,
        nats: &nats,
        scim: scim.address(),
        requests_per_second: 100,
        user_name: "person",
        collector: None,
    };
    let running = start.start(vestibule.directory())?;
    running.is_ready(&vestibule).await?;

    let code = client.code(&mut Browser::new()?, &acme).await?;
    let sub = client.redeem(&code).await?.id_token["sub"].as_str().context("a sub")?.to_owned();
    let user = scim.comes(&sub, &running, |user| user["active"] == true).await?;
    assert_eq!((&user["userName"], &user["name"]["givenName"]), (&json!(sub), &json!("Ada")));
    assert_eq!(user["emails"][0]["value"], acme.email.as_str());
    let extension = &user["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"];
    assert_eq!(extension["organization"], acme.organization.as_str());

    nats.restart()?;
    vestibule.run(["person", "deactivate", "acme", &sub, "--note", "left"])?.ok()?;
    scim.comes(&sub, &running, |user| user["active"] == false).await?;
    vestibule.run(["person", "reactivate", "acme", &sub])?.ok()?;
    scim.comes(&sub, &running, |user| user["active"] == true).await?;
    vestibule.run(["org", "suspend", "acme", "--note", "unpaid"])?.ok()?;
    scim.comes(&sub, &running, |user| user["active"] == false).await?;
    vestibule.run(["org", "reinstate", "acme"])?.ok()?;
    scim.comes(&sub, &running, |user| user["active"] == true).await?;
    vestibule.run(["connection", "disable", "acme", "Single sign-on", "--note", "incident", "--last"])?.ok()?;
    let last = scim.comes(&sub, &running, |user| user["active"] == false).await?;
    assert_eq!(last["id"], user["id"], "the same user all along");

    let mut running = running;
    assert!(running.process.terminate().await?.success());
    let printed = running.process.stderr();
    for secret in [acme.email.as_str(), TOKEN, "Ada", "a-token-that-reads"] {
        assert!(!printed.contains(secret), "{secret} is nothing for a log: {printed}");
    }

    // What its token opens is people, and nothing that somebody could do harm with.
    let token = token.to_string_lossy().into_owned();
    let as_provisioner = |arguments: &[&str]| vestibule.run(arguments.iter().chain(&["--token-file", token.as_str()]));
    assert!(as_provisioner(&["person", "show", "acme", &sub])?.ok()?.contains("Ada"));
    as_provisioner(&["org", "show", "acme"])?.ok()?;
    let connection = acme.organization.as_str();
    for refused in [
        &["org", "create", "globex"][..],
        &["org", "suspend", "acme", "--note", "mine"],
        &["person", "reactivate", "acme", &sub],
        &["connection", "enable", "acme", "Single sign-on"],
        &["onboarding", "list"],
        &["pool", "list"],
        &["events", "list"],
        &["sign-ins", "list"],
        &["saml", "keys", "--connection", connection],
        &["certificates", "list"],
    ] {
        let answer = as_provisioner(refused)?;
        assert!(answer.code != Some(0) && answer.to_string().contains("PEOPLE_TOKEN_ONLY"), "{answer}");
    }
    Ok(())
}

#[tokio::test]
async fn what_the_service_refuses_for_good_is_a_dead_letter_and_the_next_one_gets_its_turn() -> Result<()> {
    let (Some(nats), Some(scim)) = (Nats::start()?, Scim::start().await?) else { return Ok(()) };
    let vestibule = Launch::serve("all")?.set("nats.url", nats.url()).start().await?;
    let client = Client::register(&vestibule, "eu-west-1_AbCd12345", &[])?;
    let acme = Customer::onboard(&vestibule, &client, "acme").await?;
    // Somebody of the service's own has the name already.
    let schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"];
    let theirs = json!({ "schemas": schemas, "userName": acme.email, "active": true });
    let made = http_client()?.post(format!("{}/Users", scim.address())).bearer_auth(TOKEN).json(&theirs).send().await?;
    assert_eq!(made.status().as_u16(), 201);
    let token = vestibule.directory().join("vestibule-data/registry.token");
    let start = Start {
        registry: &vestibule.addresses.grpc,
        token: &token,
        authority: None,
        nats: &nats,
        scim: scim.address(),
        requests_per_second: 100,
        user_name: "email",
        collector: None,
    };
    let running = start.start(vestibule.directory())?;
    running.is_ready(&vestibule).await?;

    let code = client.code(&mut Browser::new()?, &acme).await?;
    let ada = client.redeem(&code).await?.id_token["sub"].as_str().context("a sub")?.to_owned();
    let alan = Customer { email: "alan@acme.test".to_owned(), ..acme };
    let code = client.code(&mut Browser::new()?, &alan).await?;
    let sub = client.redeem(&code).await?.id_token["sub"].as_str().context("a sub")?.to_owned();
    let user = scim.comes(&sub, &running, |user| user["active"] == true).await?;
    assert_eq!(user["userName"], "alan@acme.test");
    let letters = nats.messages("vestibule-dead-letters").await?;
    assert!(!letters.is_empty(), "{}", running.process.stderr());
    for letter in &letters {
        let reason = letter.header("vestibule-dead-letter-reason").context("a reason")?;
        assert!(reason.contains("belongs to a resource that was not made by us") && !reason.contains('@'), "{reason}");
        assert_eq!(letter.header("ce-organization"), Some(alan.organization.as_str()));
    }
    let users = scim.users().await?;
    let others: Vec<&Value> = users.iter().filter(|user| user["userName"] == "ada@acme.test").collect();
    assert!(
        matches!(others.as_slice(), [one] if one["active"] == true && one.get("externalId").is_none_or(Value::is_null))
    );

    // Whoever looks after it sees whom to help, and gives them another turn once the name is free.
    let dead_letters = |arguments: &[&str]| {
        let cli = vestibule.cli()?.with("VESTIBULE__NATS__URL", nats.url());
        cli.run(["nats", "dead-letters"].iter().chain(arguments))
    };
    let shown = dead_letters(&["list"])?;
    for said in ["provisioner-crm", "vestibule.person.", &ada, "belongs to a resource that was not made by us"] {
        assert!(shown.ok()?.contains(said), "{said}: {shown}");
    }
    assert!(!shown.stdout.contains('@'), "{shown}");
    let nobodys = dead_letters(&["list", "--consumer", "somebody-else"])?;
    assert_eq!(nobodys.ok()?, "nothing waits for a person\n");
    let listed = dead_letters(&["list", "--json"])?;
    let waiting: Vec<Value> = listed.ok()?.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    assert!(waiting.iter().all(|one| one["subject"].as_str().is_some_and(|about| about.ends_with(&ada))), "{listed}");
    let id = others.first().and_then(|one| one["id"].as_str()).context("an id")?;
    let freed = http_client()?.delete(format!("{}/Users/{id}", scim.address())).bearer_auth(TOKEN).send().await?;
    assert_eq!(freed.status().as_u16(), 204);
    let unknown = dead_letters(&["redrive", "provisioner-crm", "--sequence", "4711"])?;
    assert!(unknown.code == Some(1) && unknown.stderr.contains("no dead letter 4711"), "{unknown}");
    assert!(dead_letters(&["redrive", "provisioner-crm"])?.ok()?.contains("given to provisioner-crm again"));
    let user = scim.comes(&ada, &running, |user| user["active"] == true).await?;
    assert_eq!(user["userName"], "ada@acme.test");
    assert_eq!(dead_letters(&["list"])?.ok()?, "nothing waits for a person\n");
    assert_eq!(dead_letters(&["redrive", "provisioner-crm"])?.ok()?, "provisioner-crm has set nothing aside\n");
    Ok(())
}

/// Every service apart, with TLS and tokens, on PostgreSQL; people by way of a user pool of their own.
#[tokio::test]
async fn killed_in_the_middle_it_finds_everybody_once_and_a_service_that_forgot_all_is_filled_again() -> Result<()> {
    const PEOPLE: usize = 12;
    let (Some(nats), Some(mut scim)) = (Nats::start()?, Scim::start().await?) else { return Ok(()) };
    let Some(fleet) = Fleet::registry_with(&[("nats.url", nats.url().into())]).await? else { return Ok(()) };
    let registry = fleet.service("registry");
    let pool =
        ["pool", "create", "eu-west-1_AbCd12345", "--domain", "auth.acme.test", "--app-client", "1example23456789"];
    let made = registry.run(pool.iter().chain(&["--json"]))?.json()?;
    let pool = made["user_pool"]["name"].as_str().context("a pool")?;
    registry.run(["org", "create", "acme", "--pool", pool])?.ok()?;
    let link = |number: usize| -> Result<String> {
        let native = format!("{number:08x}-0000-4000-8000-000000000000");
        let linked = registry.run(["person", "link-native", "acme", &native, "--json"])?.json()?;
        let name = linked["name"].as_str().or_else(|| linked["person"]["name"].as_str());
        Ok(name.and_then(|name| name.rsplit('/').next()).context("a person")?.to_owned())
    };
    let people = (1..=PEOPLE).map(link).collect::<Result<Vec<String>>>()?;

    let (token, authority) = (fleet.path().join("tls/registry.token"), fleet.path().join("tls/authority.pem"));
    let mut start = Start {
        registry: &registry.addresses.grpc,
        token: &token,
        authority: Some(&authority),
        nats: &nats,
        scim: scim.address(),
        requests_per_second: 5,
        user_name: "person",
        collector: None,
    };
    let mut first = start.start(fleet.path())?;
    until("some of the users", async || Ok((scim.users().await?.len() >= 3).then_some(())))
        .await
        .with_context(|| first.process.stderr())?;
    first.process.kill()?;
    assert!(scim.users().await?.len() < PEOPLE, "it was not killed in the middle");
    registry.run(["person", "deactivate", "acme", &people[0], "--note", "left"])?.ok()?;
    let late = link(PEOPLE + 1)?;

    start.requests_per_second = 1_000;
    let second = start.start(fleet.path())?;
    second.is_ready(registry).await?;
    for person in people.iter().skip(1).chain([&late]) {
        scim.comes(person, &second, |user| user["active"] == true).await?;
    }
    let left = scim.users().await?.into_iter().filter(|user| user["externalId"] == people[0].as_str());
    assert!(left.into_iter().all(|user| user["active"] == false));

    // The service is another one, and nobody tells.
    drop(second);
    scim.replace().await?;
    let mut once = Process::start(start.command(fleet.path(), free_port()?)?.arg("--once"))?;
    let ended = until("the reconciliation to end", async || once.ended()).await?;
    assert!(ended.success(), "{}", once.stderr());
    let users = scim.users().await?;
    assert_eq!(users.len(), PEOPLE, "all but the one who left: {users:#?}");
    assert!(users.iter().all(|user| user["active"] == true && user["externalId"] != people[0].as_str()));
    Ok(())
}
