//! Whoever is shut out loses the sessions that Cognito itself still has: the event on NATS, the program that consumes it, and
//! Cognito's API, as moto has it.

use std::{fs, process::Command};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use vestibule_sandbox::check::Browser;
use vestibule_tests::{Interop, Launch, Nats, PeerVariable, Process, Vestibule, required, until};

use crate::customer::{Client, Customer};

/// The program, with its work to do.
fn start(program: &str, vestibule: &Vestibule, nats: &Nats, endpoint: &str) -> Result<Process> {
    let token = vestibule.directory().join("service.token");
    let mut command = Command::new(program);
    command
        .args(["--environment", "development", "--registry", &vestibule.addresses.grpc, "--nats-url", &nats.url()])
        .args(["--cognito-endpoint", endpoint, "--registry-token-file"])
        .arg(token)
        .envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_MAX_ATTEMPTS", "1")]);
    Process::start(&mut command)
}

async fn is_signed_in(cognito: &mut Interop, session: &Value) -> Result<bool> {
    let answer = cognito.ask(&json!({ "do": "is signed in", "session": session })).await?;
    answer["signed_in"].as_bool().context("an answer")
}

/// The session that moto has for a person who signed in over us.
async fn session(cognito: &mut Interop, sub: &Value) -> Result<Value> {
    let username = format!("vestibule_{}", sub.as_str().context("a sub")?);
    Ok(cognito.ask(&json!({ "do": "sign in", "username": username })).await?["session"].clone())
}

async fn signed_in(client: &Client, customer: &Customer) -> Result<Value> {
    let code = client.code(&mut Browser::new()?, customer).await?;
    Ok(client.redeem(&code).await?.id_token["sub"].clone())
}

async fn gone(cognito: &mut Interop, session: &Value, program: &Process) -> Result<()> {
    let ended =
        until("Cognito to end the session", async || Ok((!is_signed_in(cognito, session).await?).then_some(())));
    ended.await.with_context(|| program.stderr())
}

#[tokio::test]
async fn whoever_is_shut_out_is_signed_out_of_cognito_whatever_was_away_meanwhile() -> Result<()> {
    let Some(program) = required(PeerVariable::CognitoAdmin)? else { return Ok(()) };
    let (Some(mut cognito), Some(mut nats)) = (Interop::python("cognito.py", &[])?, Nats::start()?) else {
        return Ok(());
    };
    let pool = cognito.ask(&json!({ "do": "pool" })).await?;
    let endpoint = pool["endpoint"].as_str().context("an endpoint")?.to_owned();
    // The token of services is enough: no names are asked for.
    let launch = Launch::serve("all")?.set("nats.url", nats.url());
    let token = launch.directory().join("service.token");
    fs::write(&token, "a-token-that-services-present-to-each-other\n")?;
    let vestibule = launch.set("grpc.service_token_file", token.to_string_lossy()).start().await?;
    let client = Client::register(&vestibule, pool["pool_id"].as_str().context("a pool")?, &[])?;
    let acme = Customer::onboard(&vestibule, &client, "acme").await?;
    let globex = Customer::onboard(&vestibule, &client, "globex").await?;
    let (ada, alan) = (signed_in(&client, &acme).await?, signed_in(&client, &globex).await?);
    let (session_of_ada, session_of_alan) = (session(&mut cognito, &ada).await?, session(&mut cognito, &alan).await?);
    let running = start(&program, &vestibule, &nats, &endpoint)?;

    let sub = ada.as_str().context("a sub")?;
    vestibule.run(["person", "deactivate", "acme", sub, "--note", "left"])?.ok()?;
    gone(&mut cognito, &session_of_ada, &running).await.with_context(|| vestibule.process.stderr())?;
    assert!(is_signed_in(&mut cognito, &session_of_alan).await?, "nobody else is");

    // Nobody listens, NATS dies, and Cognito cannot be reached when the program is back: late, and not lost.
    drop(running);
    vestibule.run(["connection", "disable", "globex", "Single sign-on", "--note", "incident", "--last"])?.ok()?;
    nats.restart()?;
    let unreachable = start(&program, &vestibule, &nats, "http://127.0.0.1:9")?;
    until("an attempt to fail", async || Ok(unreachable.stderr().contains("an event was not handled").then_some(())))
        .await?;
    assert!(is_signed_in(&mut cognito, &session_of_alan).await?);
    drop(unreachable);
    let running = start(&program, &vestibule, &nats, &endpoint)?;
    gone(&mut cognito, &session_of_alan, &running).await?;
    assert!(!running.stderr().contains("ada@acme.test"), "names are nothing for a log");
    Ok(())
}
