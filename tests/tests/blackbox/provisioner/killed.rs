//! Killed between the answer of the SCIM service and the acknowledgement of the event.

use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy},
    net::{TcpListener, TcpStream},
};
use vestibule_tests::{Launch, Nats, until};

use super::program::{Scim, Start};

/// A relay in front of the SCIM service, at which NATS stands still as soon as a user is about to be made.
struct Gate {
    address: String,
}

impl Gate {
    async fn before(scim: &Scim, nats: Arc<Nats>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}/v2", listener.local_addr()?);
        let behind = scim.address().replace("http://", "").replace("/v2", "");
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, behind.clone(), Arc::clone(&nats)));
            }
        });
        Ok(Self { address })
    }
}

async fn pass(client: TcpStream, behind: String, nats: Arc<Nats>) -> Result<()> {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_service, mut to_service) = TcpStream::connect(behind).await?.into_split();
    tokio::spawn(async move { copy(&mut from_service, &mut to_client).await });
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = from_client.read(&mut buffer).await?;
        let said = buffer.get(..count).unwrap_or_default();
        if said.is_empty() {
            return Ok(());
        }
        if said.starts_with(b"POST /v2/Users") {
            nats.freeze()?;
        }
        to_service.write_all(said).await?;
    }
}

#[tokio::test]
async fn killed_between_the_answer_and_the_acknowledgement_it_makes_nobody_twice() -> Result<()> {
    let (Some(nats), Some(scim)) = (Nats::start()?, Scim::start().await?) else { return Ok(()) };
    let nats = Arc::new(nats);
    let vestibule = Launch::serve("all")?.set("nats.url", nats.url()).start().await?;
    let pool =
        ["pool", "create", "eu-west-1_AbCd12345", "--domain", "auth.acme.test", "--app-client", "1example23456789"];
    let made = vestibule.run(pool.iter().chain(&["--json"]))?.json()?;
    vestibule.run(["org", "create", "acme", "--pool", made["user_pool"]["name"].as_str().context("a pool")?])?.ok()?;
    let token = vestibule.directory().join("vestibule-data/registry.token");
    let gate = Gate::before(&scim, Arc::clone(&nats)).await?;
    let mut start = Start {
        registry: &vestibule.addresses.grpc,
        token: &token,
        authority: None,
        nats: &nats,
        scim: gate.address,
        requests_per_second: 100,
        user_name: "person",
        collector: None,
    };
    let mut first = start.start(vestibule.directory())?;
    first.is_ready(&vestibule).await?;

    let linked =
        vestibule.run(["person", "link-native", "acme", "00000001-0000-4000-8000-000000000000", "--json"])?.json()?;
    let name = linked["name"].as_str().or_else(|| linked["person"]["name"].as_str());
    let person = name.and_then(|name| name.rsplit('/').next()).context("a person")?;
    // It has the answer, and can tell nobody.
    until("the user to be made", async || Ok(first.process.stderr().contains("\"created\"").then_some(()))).await?;
    first.process.kill()?;
    nats.thaw()?;
    assert_eq!(scim.users().await?.len(), 1);
    let remembered = until("NATS to answer", async || {
        // Without a message there is no bucket yet, or an empty one.
        match nats.messages("vestibule").await {
            Ok(_) => Ok(Some(nats.messages("KV_vestibule-provisioner-crm-handled").await.map_or(0, |ids| ids.len()))),
            Err(_) => Ok(None),
        }
    });
    assert_eq!(remembered.await?, 0, "it was killed before it had remembered");

    start.scim = scim.address();
    let second = start.start(vestibule.directory())?;
    let handled = until("the event to be handled once more", async || {
        let handled = nats.messages("KV_vestibule-provisioner-crm-handled").await.map_or(0, |ids| ids.len());
        Ok((handled > 0).then_some(()))
    });
    handled.await.with_context(|| second.process.stderr())?;
    scim.comes(person, &second, |user| user["active"] == true).await?;
    assert_eq!(scim.users().await?.len(), 1);
    vestibule.run(["person", "deactivate", "acme", person, "--note", "left"])?.ok()?;
    scim.comes(person, &second, |user| user["active"] == false).await?;
    assert!(nats.messages("vestibule-dead-letters").await?.is_empty(), "{}", second.process.stderr());
    Ok(())
}
