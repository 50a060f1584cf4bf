//! What a collector hears of provisioning over OTLP: how often, how well, in which trace; and of whom, nothing.

use std::fs;

use anyhow::{Context, Result, ensure};
use vestibule_sandbox::check::Browser;
use vestibule_tests::{Launch, Nats, http_client, until};

use super::program::{Scim, Start, TOKEN};
use crate::{
    customer::{Client, Customer},
    telemetry::collector::Collector,
};

#[tokio::test]
async fn a_collector_hears_of_requests_changes_waits_and_dead_letters_and_of_nobody_by_name() -> Result<()> {
    let (Some(nats), Some(mut scim)) = (Nats::start()?, Scim::start().await?) else { return Ok(()) };
    let collector = Collector::start().await?;
    let launch = Launch::serve("all")?.set("nats.url", nats.url());
    let token = launch.directory().join("people.token");
    fs::write(&token, "a-token-that-reads-people-and-nothing-else\n")?;
    let launch = launch
        .set("grpc.people_token_file", token.to_string_lossy())
        .set("telemetry.otlp_endpoint", collector.endpoint.clone());
    let mut vestibule = launch.start().await?;
    let client = Client::register(&vestibule, "eu-west-1_AbCd12345", &[])?;
    let acme = Customer::onboard(&vestibule, &client, "acme").await?;

    // The service is away at first.
    scim.process.kill()?;
    let start = Start {
        registry: &vestibule.addresses.grpc,
        token: &token,
        authority: None,
        nats: &nats,
        scim: scim.address(),
        requests_per_second: 100,
        user_name: "email",
        collector: Some(&collector.endpoint),
    };
    let mut running = start.start(vestibule.directory())?;
    let waits = until("the provisioner to wait", async || {
        Ok(running.process.stderr().contains("nothing can be provisioned").then_some(()))
    });
    waits.await.with_context(|| running.process.stderr())?;
    scim.replace().await?;
    running.is_ready(&vestibule).await?;

    let code = client.code(&mut Browser::new()?, &acme).await?;
    let sub = client.redeem(&code).await?.id_token["sub"].as_str().context("a sub")?.to_owned();
    scim.comes(&sub, &running, |user| user["active"] == true).await?;
    // Somebody of the service's own has Alan's name.
    let theirs = serde_json::json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "alan@acme.test",
        "active": true,
    });
    let made = http_client()?.post(format!("{}/Users", scim.address())).bearer_auth(TOKEN).json(&theirs).send().await?;
    ensure!(made.status().as_u16() == 201);
    let alan = Customer { email: "alan@acme.test".to_owned(), ..acme };
    client.code(&mut Browser::new()?, &alan).await?;
    until("a dead letter", async || Ok((!nats.messages("vestibule-dead-letters").await?.is_empty()).then_some(())))
        .await
        .with_context(|| running.process.stderr())?;
    ensure!(running.process.terminate().await?.success(), "it did not end well");
    ensure!(vestibule.process.terminate().await?.success(), "it did not end well");

    let metrics = collector.metrics();
    for name in [
        "vestibule_provisioner_requests",
        "vestibule_provisioner_changes",
        "vestibule_provisioner_waits",
        "vestibule_consumer_handled",
        "vestibule_consumer_dead_letters",
    ] {
        assert!(metrics.iter().any(|known| known == name), "{name} is missing: {metrics:?}");
    }
    // The sign-in and what became of it elsewhere are one trace.
    let spans = collector.spans();
    let provided =
        spans.iter().filter(|(of, span)| of == "vestibule-provisioner" && span.name == "provisioner.provide");
    let traces: Vec<&[u8]> = provided.map(|(_, span)| span.trace_id.as_slice()).collect();
    let accepted = spans.iter().find(|(_, span)| span.name == "saml.validate_response").context("a sign-in")?;
    assert!(traces.contains(&accepted.1.trace_id.as_slice()), "{} spans", traces.len());
    let everything = collector.everything();
    for secret in [alan.email.as_str(), "ada@acme.test", "Lovelace", TOKEN, "a-token-that-reads"] {
        assert!(!everything.contains(secret), "{secret} is nothing for a collector");
    }
    Ok(())
}
