//! People in a SCIM service of others, `scim2-server`: the events on NATS, the program that consumes them, and what it finds when
//! it was away.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use vestibule_sandbox::check::Browser;
use vestibule_tests::{
    Fleet, Launch, Nats, PeerVariable, Process, Vestibule, free_port, http_client, provisioner, required, until,
};

use crate::customer::{Client, Customer};

const TOKEN: &str = "the-token-of-the-scim-service";

/// The SCIM service. It remembers nothing when it ends.
struct Scim {
    program: PathBuf,
    port: u16,
    process: Process,
}

impl Scim {
    async fn start() -> Result<Option<Self>> {
        let Some(python) = required(PeerVariable::Python)? else { return Ok(None) };
        let (program, port) = (Path::new(&python).with_file_name("scim2-server"), free_port()?);
        let scim = Self { process: Self::run(&program, port)?, program, port };
        scim.answers().await?;
        Ok(Some(scim))
    }

    fn run(program: &Path, port: u16) -> Result<Process> {
        Process::start(Command::new(program).args(["--port", &port.to_string(), "--bearer-token", TOKEN]))
    }

    /// Another one in its place, which knows nobody.
    async fn replace(&mut self) -> Result<()> {
        self.process.kill()?;
        self.process = Self::run(&self.program, self.port)?;
        self.answers().await
    }

    fn address(&self) -> String {
        format!("http://127.0.0.1:{}/v2", self.port)
    }

    async fn answers(&self) -> Result<()> {
        until("the SCIM service to answer", async || Ok(self.users().await.ok())).await.map(drop)
    }

    async fn users(&self) -> Result<Vec<Value>> {
        let asked =
            http_client()?.get(format!("{}/Users?count=1000", self.address())).bearer_auth(TOKEN).send().await?;
        let answer: Value = asked.error_for_status()?.json().await?;
        Ok(answer["Resources"].as_array().cloned().unwrap_or_default())
    }

    /// The one user of a person, once they are like that.
    async fn comes(&self, person: &str, running: &Program, is_so: impl Fn(&Value) -> bool) -> Result<Value> {
        let found = until("the user to be as the registry knows the person", async || {
            let users = self.users().await?;
            let mut users = users.into_iter().filter(|user| user["externalId"] == person);
            let user = users.next().filter(&is_so);
            ensure!(users.next().is_none(), "two users of {person}");
            Ok(user)
        });
        found.await.with_context(|| running.process.stderr())
    }
}

/// The provisioner.
struct Program {
    process: Process,
    health: String,
}

/// How it is started: with the registry's token and certificate, in a directory of the deployment.
struct Start<'a> {
    registry: &'a str,
    token: &'a Path,
    authority: Option<&'a Path>,
    nats: &'a Nats,
    /// The address of the SCIM service.
    scim: String,
    requests_per_second: u32,
    user_name: &'a str,
}

impl Start<'_> {
    fn command(&self, directory: &Path, port: u16) -> Result<Command> {
        fs::write(directory.join("scim.token"), TOKEN)?;
        let authority = self.authority.map(|path| format!("authority_file = {}\n", json!(path))).unwrap_or_default();
        let config = format!(
            "[registry]\naddress = {}\ntoken_file = {}\n{authority}[nats]\nurl = {}\n[grpc]\nlisten = \"127.0.0.1:{port}\"\n\
             [[targets]]\nname = \"crm\"\norganizations = [\"*\"]\naddress = {}\ntoken_file = \"scim.token\"\nrequests_per_second = {}\nuser_name = {}\n",
            json!(self.registry),
            json!(self.token),
            json!(self.nats.url()),
            json!(self.scim),
            self.requests_per_second,
            json!(self.user_name),
        );
        fs::write(directory.join("provisioner.toml"), config)?;
        let mut command = Command::new(provisioner()?);
        command.current_dir(directory).args(["--config", "provisioner.toml"]);
        Ok(command)
    }

    fn start(&self, directory: &Path) -> Result<Program> {
        let port = free_port()?;
        let process = Process::start(&mut self.command(directory, port)?)?;
        Ok(Program { process, health: format!("http://127.0.0.1:{port}") })
    }
}

impl Program {
    /// Waits until it has compared everything, and says so to who asks for its health.
    async fn is_ready(&self, vestibule: &Vestibule) -> Result<()> {
        let ready = until("the provisioner to be ready", async || {
            Ok((vestibule.run(["health", "--server", &self.health])?.code == Some(0)).then_some(()))
        });
        ready.await.with_context(|| self.process.stderr())
    }
}

#[tokio::test]
async fn whoever_signs_in_becomes_a_user_who_is_active_as_long_as_they_may_sign_in() -> Result<()> {
    let (Some(mut nats), Some(scim)) = (Nats::start()?, Scim::start().await?) else { return Ok(()) };
    let vestibule = Launch::serve("all")?.set("nats.url", nats.url()).start().await?;
    let client = Client::register(&vestibule, "eu-west-1_AbCd12345", &[])?;
    let acme = Customer::onboard(&vestibule, &client, "acme").await?;
    let token = vestibule.directory().join("vestibule-data/registry.token");
    let start = Start {
        registry: &vestibule.addresses.grpc,
        token: &token,
        authority: None,
        nats: &nats,
        scim: scim.address(),
        requests_per_second: 100,
        user_name: "person",
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
    for secret in [acme.email.as_str(), TOKEN, "Ada"] {
        assert!(!printed.contains(secret), "{secret} is nothing for a log: {printed}");
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
    };
    let running = start.start(vestibule.directory())?;
    running.is_ready(&vestibule).await?;

    client.code(&mut Browser::new()?, &acme).await?;
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
