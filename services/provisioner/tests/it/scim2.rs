//! The same with `scim2-server`, a SCIM service of others, in memory.

use std::{
    env,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use vestibule_consumer::Handler as _;
use vestibule_kernel::SystemClock;
use vestibule_provisioner::{Provide, Provisioner, Served, Standing};

use crate::people::{People, ada, event, organization, person, somebody, target};

const TOKEN: &str = "the-token-of-scim2-server";

/// Ended when it is dropped.
struct Scim2 {
    process: Child,
    address: String,
    folder: TempDir,
}

impl Scim2 {
    /// A server that answers, or `None`, with a word about it, where there is none.
    async fn start(arguments: &[&str]) -> Option<Self> {
        let Ok(python) = env::var("VESTIBULE_TEST_PYTHON") else {
            assert!(env::var("VESTIBULE_TEST_REQUIRE_ALL").as_deref() != Ok("1"), "VESTIBULE_TEST_PYTHON is not set");
            println!("skipped: VESTIBULE_TEST_PYTHON is not set; `cargo xtask test` sets it");
            return None;
        };
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(Path::new(&python).with_file_name("scim2-server"));
        command.args(["--port", &port.to_string(), "--bearer-token", TOKEN]).args(arguments);
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), TOKEN).unwrap();
        let server = Self { process, address: format!("http://127.0.0.1:{port}/v2"), folder };
        for _ in 0..500 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Some(server);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("scim2-server does not listen");
    }

    fn provisioner(&self, people: &Arc<People>) -> Arc<Provisioner> {
        let mut target = target(self.address.parse().unwrap(), self.folder.path().join("token"));
        target.timeout_seconds = 30;
        let served = Served::Others([organization(2)].into());
        Arc::new(Provisioner::new(&target, served, people.clone(), Arc::new(SystemClock)).unwrap())
    }

    /// All users, or all groups.
    async fn all(&self, what: &str) -> Vec<Value> {
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        let address = format!("{}/{what}?count=1000", self.address);
        let answer = client.get(address).bearer_auth(TOKEN).send().await.unwrap().text().await.unwrap();
        serde_json::from_str::<Value>(&answer).unwrap()["Resources"].as_array().cloned().unwrap_or_default()
    }

    async fn user(&self, number: u128) -> Value {
        let all = self.all("Users").await;
        let mut found = all.iter().filter(|user| user["externalId"] == json!(person(number)));
        let user = found.next().unwrap_or_else(|| panic!("no user {number}"));
        assert!(found.next().is_none(), "two users {number}");
        user.clone()
    }

    async fn members(&self, role: &str) -> Vec<Value> {
        let external_id = format!("{}:{role}", organization(1));
        let all = self.all("Groups").await;
        let group = all.iter().find(|group| group["externalId"] == external_id.as_str()).unwrap();
        group["members"].as_array().into_iter().flatten().map(|member| member["value"].clone()).collect()
    }
}

impl Drop for Scim2 {
    fn drop(&mut self) {
        let _killed = self.process.kill();
        let _ended = self.process.wait();
    }
}

async fn a_whole_life(server: &Scim2) {
    let people = Arc::new(People::default());
    let provisioner = server.provisioner(&people);
    let handler = Provide::new(Arc::clone(&provisioner));
    let knows = |standing: Standing| {
        people.known.lock().unwrap().insert((organization(1), standing.person), standing);
    };
    let happened = async |name: &str, number: u128| {
        let data = json!({ "organization": organization(1), "person": person(number) });
        handler.handle(&event(name, data)).await.unwrap();
    };

    knows(ada());
    happened("person.first_seen", 1).await;
    let made = server.user(1).await;
    assert_eq!((&made["userName"], &made["active"]), (&json!(person(1)), &json!(true)));
    assert_eq!((&made["displayName"], &made["name"]["givenName"]), (&json!("Ada Lovelace"), &json!("Ada")));
    assert_eq!(made["emails"][0]["value"], "ada@acme.test");
    let extension = &made["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"];
    assert_eq!(extension["organization"], json!(organization(1)));
    assert_eq!(server.members("admin").await, [made["id"].clone()]);

    // Another name, another address, another role; then no name and no address.
    let mut married = ada();
    married.family_name = Some("King".to_owned());
    married.email = Some("countess@acme.test".to_owned());
    married.roles = vec!["editor \"in chief\"".to_owned()];
    knows(married);
    happened("person.updated", 1).await;
    let user = server.user(1).await;
    assert_eq!((&user["name"]["familyName"], &user["name"]["givenName"]), (&json!("King"), &json!("Ada")));
    assert_eq!(user["emails"].as_array().unwrap().len(), 1);
    assert_eq!(user["emails"][0]["value"], "countess@acme.test");
    assert!(server.members("admin").await.is_empty());
    assert_eq!(server.members("editor \"in chief\"").await, [made["id"].clone()]);
    knows(somebody(1));
    happened("person.updated", 1).await;
    let user = server.user(1).await;
    for gone in ["displayName", "emails"] {
        assert!(user.get(gone).is_none_or(Value::is_null), "{gone}: {user}");
    }
    assert!(user["name"].get("familyName").is_none_or(Value::is_null), "{user}");

    // Out, and in again.
    knows(Standing { is_admitted: false, ..ada() });
    happened("person.deactivated", 1).await;
    assert_eq!(server.user(1).await["active"], false);
    knows(ada());
    happened("person.reactivated", 1).await;
    let user = server.user(1).await;
    assert_eq!((&user["active"], &user["id"]), (&json!(true), &made["id"]));
    assert_eq!(server.members("admin").await, [made["id"].clone()]);

    // More people than fit on a page, whose events were missed.
    for number in 2..=130 {
        knows(Standing { roles: vec!["admin".to_owned()], ..somebody(number) });
    }
    let first = provisioner.reconcile().await.unwrap();
    assert_eq!((first.people, first.differed, first.failed), (130, 129, 0));
    assert_eq!(server.members("admin").await.len(), 130);
    let second = provisioner.reconcile().await.unwrap();
    assert_eq!((second.people, second.differed, second.failed), (130, 0, 0));
}

#[tokio::test]
async fn a_whole_life_at_a_service_of_others() {
    let Some(server) = Scim2::start(&[]).await else { return };
    a_whole_life(&server).await;
}

#[tokio::test]
async fn a_whole_life_at_a_service_that_has_no_patch_no_filter_and_no_versions() {
    let none = json!({ "supported": false });
    let config = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": none, "filter": { "supported": false, "maxResults": 50 }, "etag": none, "sort": none,
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "changePassword": none, "authenticationSchemes": [],
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.json");
    std::fs::write(&file, config.to_string()).unwrap();
    let arguments = ["--service-provider-config", file.to_str().unwrap()];
    let Some(server) = Scim2::start(&arguments).await else { return };
    a_whole_life(&server).await;
}
