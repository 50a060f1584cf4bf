//! A second engine, where a deployment requires it: agreement lets people in, disagreement is traced and told.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use anyhow::{Context, Result};
use serde_json::Value;
use vestibule_sandbox::check::Browser;
use vestibule_tests::{Cli, Launch, PeerVariable, required, until};

use crate::{
    customer::{Client, Customer},
    refusal,
    telemetry::collector::Collector,
};

/// What the checklist of a traced sign-in says of it.
fn check(sign_in: &Value) -> Result<&Value> {
    let checks = sign_in["checks"].as_array().context("checks")?;
    checks.iter().find(|check| check["name"] == "second_opinion").with_context(|| format!("no such check: {sign_in:#}"))
}

/// A program that says hello, waits for its question, and says that the signature does not verify.
fn contrary(folder: &Path) -> Result<String> {
    let say = |message: &str| format!("printf '\\000\\000\\000\\{:03o}%s' '{message}'\n", message.len());
    let hello = say(r#"{"version":1,"engine":"contrary"}"#);
    let answer = say(r#"{"answer":"rejected"}"#);
    let program = folder.join("contrary");
    fs::write(&program, format!("#!/bin/sh\n{hello}read -r question\n{answer}"))?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
    Ok(program.to_string_lossy().into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_engines_that_agree_let_people_in() -> Result<()> {
    let Some(program) = required(PeerVariable::SecondOpinion)? else { return Ok(()) };
    let vestibule = Launch::serve("all")?.with_second_opinion("require", &program).start().await?;
    let client = Client::register(&vestibule, "eu-west-1_Second001", &[])?;
    let customer = Customer::onboard(&vestibule, &client, "acme").await?;
    let code = client.code(&mut Browser::new()?, &customer).await?;
    // What went well is written beside the login path.
    let signed_in = until("the sign-in in the trace", async || {
        let listed = vestibule.run(["sign-ins", "list", "--json"])?.json()?;
        Ok(listed["sign_ins"].as_array().context("sign-ins")?.iter().find(|each| each["stage"] == "acs").cloned())
    });
    let signed_in = signed_in.await?;
    assert_eq!(check(&signed_in)?["status"], "STATUS_PASSED", "{signed_in:#}");
    assert_eq!(client.redeem(&code).await?.id_token["aud"], client.id.as_str());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disagreement_is_refused_where_it_is_required_and_an_alarm_where_it_is_observed() -> Result<()> {
    for mode in ["require", "observe"] {
        let collector = Collector::start().await?;
        let launch = Launch::serve("all")?.set("telemetry.otlp_endpoint", collector.endpoint.as_str());
        let program = contrary(launch.directory())?;
        let mut vestibule = launch.with_second_opinion(mode, &program).start().await?;
        let client = Client::register(&vestibule, "eu-west-1_Second002", &[])?;
        let customer = Customer::onboard(&vestibule, &client, "acme").await?;
        let events = vestibule.events()?;
        let mut browser = Browser::new()?;
        let location = client.authorize(&mut browser, &customer).await?;
        let answer = browser.submit(&customer.provider.answer(&location, &customer.email)?, None).await?;
        if mode == "require" {
            let sign_in = refusal::traced_page(&vestibule, &answer.problem())?;
            assert_eq!(sign_in["reason"], "SECOND_OPINION_DISAGREES", "{sign_in:#}");
            assert_eq!(sign_in["responsible"], "RESPONSIBLE_OPERATOR", "{sign_in:#}");
            assert_eq!(check(&sign_in)?["status"], "STATUS_FAILED", "{sign_in:#}");
            assert_eq!(vestibule.events()?, events, "nothing of this is in the log");
        } else {
            client.redeem(&client.code_of(&answer)?).await?;
        }
        let log = vestibule.process.stderr();
        let reference = answer.problem().reference;
        assert!(mode == "observe" || reference.is_some_and(|reference| log.contains(&reference)), "{log}");
        assert!(log.contains("the second opinion disagrees"), "{log}");
        assert!(!log.contains(&customer.email), "{log}");
        vestibule.process.terminate().await?;
        for metric in ["vestibule_second_opinions", "vestibule_second_opinion_disagreements"] {
            assert!(collector.metrics().iter().any(|name| name == metric), "{metric}: {:?}", collector.metrics());
        }
    }
    Ok(())
}

#[test]
fn a_program_that_is_not_there_is_found_before_anything_starts() -> Result<()> {
    let launch = Launch::serve("saml")?;
    let program = "saml.second_opinion_program=/nowhere/vestibule-second-opinion";
    let arguments = ["serve", "saml", "--check-config", "--set", "saml.second_opinion=observe", "--set", program];
    let ran = Cli::new(launch.directory()).run(arguments)?;
    let told = ran.refused(64)?;
    assert!(told.contains("saml.second_opinion_program") && told.contains("cannot be found"), "{told}");
    Ok(())
}
