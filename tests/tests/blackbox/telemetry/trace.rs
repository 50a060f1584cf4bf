use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use opentelemetry_proto::tonic::trace::v1::Span;
use vestibule_rpc::{
    Channel,
    gateway::v1::{ListSignInsRequest, SignIn, sign_in_service_client::SignInServiceClient},
};
use vestibule_sandbox::{check::Upstream, roster::find_person};
use vestibule_tests::{Fleet, Interop, Launch, Surroundings, until};

use super::{collector::Collector, secret::Secrets};
use crate::store::Store;

const EMAIL: &str = "ada@acme.test";

/// What one sign-in leaves in its trace, and the service that leaves it.
const SPANS: [(&str, &str); 7] = [
    ("gateway", "gateway.authorize"),
    ("routing", "routing.resolve_sign_in"),
    ("saml", "saml.create_authn_request"),
    ("gateway", "gateway.acs"),
    ("saml", "saml.validate_response"),
    ("gateway", "gateway.token"),
    ("gateway", "gateway.userinfo"),
];

#[tokio::test]
async fn one_sign_in_is_one_trace_and_tells_no_secret() -> Result<()> {
    let Some(mut python) = Interop::python("store.py", &[])? else { return Ok(()) };
    let collector = Collector::start().await?;
    let launch = Launch::serve("all")?
        .set("telemetry.otlp_endpoint", collector.endpoint.clone())
        .set("telemetry.log_filter", "debug");
    let mut all = launch.start().await?;
    let surroundings = Surroundings::around(&all).await?;
    let data = all.directory().join("vestibule-data");
    let (trace, secrets) = sign_in(&surroundings, &all.channel()?, &[&data.join("registry.token")]).await?;
    ensure!(all.process.terminate().await?.success(), "it did not end well");

    is_one_trace(&collector, &trace, |_| "vestibule-all".to_owned())?;
    the_log_knows_the_trace(Store::sqlite(&data, &mut python), &trace).await?;
    is_told_by_neither(&secrets, &collector, &all.process.stderr())
}

#[tokio::test]
async fn one_sign_in_through_services_apart_is_one_trace_and_tells_no_secret() -> Result<()> {
    let collector = Collector::start().await?;
    let settings =
        [("telemetry.otlp_endpoint", collector.endpoint.clone().into()), ("telemetry.log_filter", "debug".into())];
    let Some(mut fleet) = Fleet::start_with(&settings).await? else { return Ok(()) };
    let surroundings = fleet.surroundings().await?;
    let tokens = ["service.token", "registry.token"].map(|name| fleet.path().join("tls").join(name));
    let tokens: Vec<&Path> = tokens.iter().map(AsRef::as_ref).collect();
    let gateway = fleet.service("gateway").channel()?;
    let (trace, secrets) = sign_in(&surroundings, &gateway, &tokens).await?;
    let said = fleet.terminate().await?;

    is_one_trace(&collector, &trace, |service| format!("vestibule-{service}"))?;
    the_log_knows_the_trace(Store::postgres(&fleet.database, None), &trace).await?;
    is_told_by_neither(&secrets, &collector, &said)
}

/// Signs Ada in, and tries the same with a changed Response. Answers the trace of the first, and all secrets of both.
async fn sign_in(surroundings: &Surroundings, gateway: &Channel, tokens: &[&Path]) -> Result<(String, Secrets)> {
    let mut secrets = Secrets::of(surroundings, tokens)?;
    let known = find_person(EMAIL).context("nobody has this address")?;
    for is_changed in [true, false] {
        let mut walk = surroundings.walk();
        let page = walk.open().await?;
        let cognito = walk.submit_email(&page, known).await?;
        let Upstream::Provider(provider) = walk.through_cognito(&cognito).await? else { bail!("a session answered") };
        secrets.of_authorize(&provider)?;
        let page = walk.to_identity_provider(&provider).await?;
        let response = walk.choose(&page, known.1.id).await?;
        secrets.of_response(&response, &walk)?;
        if is_changed {
            let forged = response.xml().context("XML")?.replace(EMAIL, "eve@acme.test");
            ensure!(walk.post_response(&response.with_xml(&forged)).await.is_err(), "a forged Response was taken");
        } else {
            let back = walk.post_response(&response).await?;
            secrets.of_answer(&back)?;
            let callback = walk.back_to_application(&back).await?;
            walk.finish(&callback).await?;
        }
    }
    let sign_in = until("the trace of sign-ins", async || {
        let sign_ins = recorded(gateway).await?;
        Ok(sign_ins.into_iter().find(|one| one.stage == "token" && one.reason == "ACCEPTED"))
    });
    Ok((sign_in.await?.trace_id, secrets))
}

async fn recorded(gateway: &Channel) -> Result<Vec<SignIn>> {
    let answer = SignInServiceClient::new(gateway.clone()).list_sign_ins(ListSignInsRequest::default()).await?;
    Ok(answer.into_inner().sign_ins)
}

fn is_one_trace(collector: &Collector, trace: &str, process: impl Fn(&str) -> String) -> Result<()> {
    let id = u128::from_str_radix(trace, 16)?.to_be_bytes();
    let spans: Vec<(String, Span)> = collector.spans().into_iter().filter(|(_, span)| span.trace_id == id).collect();
    let names: Vec<String> = spans.iter().map(|(process, span)| format!("{process} {}", span.name)).collect();
    for (service, name) in SPANS {
        let expected = format!("{} {name}", process(service));
        ensure!(names.iter().filter(|known| **known == expected).count() == 1, "{expected} once in {names:#?}");
    }
    // Nothing hangs in the air: every span but the first is the child of another.
    let roots = spans.iter().filter(|(_, span)| !spans.iter().any(|(_, other)| other.span_id == span.parent_span_id));
    let roots: Vec<&str> = roots.map(|(_, span)| span.name.as_str()).collect();
    assert_eq!(roots, ["gateway.authorize"], "{names:#?}");
    ensure!(collector.metrics().iter().any(|name| name == "gateway.sign_ins"), "{:?}", collector.metrics());
    Ok(())
}

/// Also not at the level at which an operator looks for a fault.
fn is_told_by_neither(secrets: &Secrets, collector: &Collector, log: &str) -> Result<()> {
    ensure!(log.contains("DEBUG") && log.contains("sign-in refused"), "the log is silent: {log}");
    secrets.are_not_in("telemetry", &collector.everything())?;
    secrets.are_not_in("log", log)
}

/// Whoever reads an event finds the trace in which it came about.
async fn the_log_knows_the_trace(mut store: Store<'_>, trace: &str) -> Result<()> {
    for name in ["assertion.accepted", "person.first_seen", "assertion.redeemed"] {
        let metadata = store.read(&format!("SELECT metadata FROM events WHERE name = '{name}'")).await?;
        ensure!(metadata.contains(&format!("\"00-{trace}-")), "{name}: {metadata}");
    }
    Ok(())
}
