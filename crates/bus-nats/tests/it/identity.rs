//! Who we are to NATS: an nkey with the rights of a relay and no more, a JWT of an account, a certificate.

use std::{fs, path::Path, sync::Arc};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use nkeys::KeyPair;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair as TlsKey};
use serde_json::{Value, json};
use vestibule_bus::{PublishError, Publisher as _};
use vestibule_bus_nats::{Administrator, ApplyError, Authentication, Declaration, NatsPublisher, Settings};

use crate::{server::Server, world::World};

/// What the relay may do where somebody else makes the stream; as the handbook has it.
const RELAY: &str = r#"{
    publish: ["vestibule.test.>", "$JS.API.STREAM.INFO.vestibule", "$JS.API.STREAM.MSG.GET.vestibule", "$JS.API.INFO"]
    subscribe: ["_INBOX.>"]
}"#;

fn declaration() -> Declaration {
    let text = include_str!("../../../../deploy/nats/jetstream.toml");
    toml::from_str::<Declaration>(text).unwrap().of_deployment("test", "vestibule").unwrap()
}

fn write(folder: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}

/// Whoever may do everything makes what is declared.
async fn make(settings: &Settings) {
    let administrator = Administrator::connect(settings).await.unwrap();
    let plan = administrator.plan(&declaration()).await.unwrap();
    administrator.apply(plan).await.unwrap();
}

/// Events reach the stream; answers how many there are.
async fn publishes(settings: &Settings) {
    let world = World::sqlite().await;
    world.append(2, 0, 3).await;
    let mut relay = world.relay(Arc::new(NatsPublisher::connect_to_declared(settings.clone()).await.unwrap()));
    relay.caught_up(&world).await;
    assert_eq!(relay.status.borrow().published, 6);
}

async fn refused(settings: &Settings) {
    let refused = Administrator::connect(settings).await.err();
    assert!(matches!(refused, Some(ApplyError::Connect(_))), "{refused:?}");
}

#[tokio::test]
async fn an_nkey_lets_a_relay_in_with_the_rights_of_a_relay() {
    let (relay, owner, stranger) = (KeyPair::new_user(), KeyPair::new_user(), KeyPair::new_user());
    let users = format!(
        "authorization {{ users: [ {{ nkey: {}, permissions: {RELAY} }}, {{ nkey: {} }} ] }}\n",
        relay.public_key(),
        owner.public_key()
    );
    let test = "an_nkey_lets_a_relay_in_with_the_rights_of_a_relay";
    let Some(server) = Server::configured(test, |_| users) else { return };
    let with = |name: &str, key: &KeyPair| {
        let file = write(server.folder(), name, &format!("{}\n", key.seed().unwrap()));
        Settings { authentication: Authentication::NkeySeedFile(file), ..server.settings() }
    };
    let (relay, owner) = (with("relay.nk", &relay), with("owner.nk", &owner));
    // Before the stream is there, the relay waits; it may not make it.
    let early = NatsPublisher::connect_to_declared(relay.clone()).await.unwrap();
    let absent = early.last("vestibule.test.x.>").await;
    assert!(matches!(absent, Err(PublishError::Unavailable(_))), "{absent:?}");
    make(&owner).await;
    publishes(&relay).await;

    let not_its_business = Administrator::connect(&relay).await.unwrap().plan(&declaration()).await;
    assert!(matches!(not_its_business, Err(ApplyError::Read { .. })));
    refused(&with("stranger.nk", &stranger)).await;
    refused(&server.settings()).await;
    let no_seed = write(server.folder(), "empty.nk", "not a seed\n");
    refused(&Settings { authentication: Authentication::NkeySeedFile(no_seed), ..server.settings() }).await;
}

/// A JWT as NATS has them: Ed25519 by an nkey over the claims.
fn jwt(issuer: &KeyPair, subject: &KeyPair, kind: &str, nats: Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let mut nats = nats;
    let members = nats.as_object_mut().unwrap();
    members.extend([("type".to_owned(), json!(kind)), ("version".to_owned(), json!(2))]);
    let claims = json!({
        "jti": format!("{kind}-{}", subject.public_key()),
        "iat": 1_700_000_000,
        "iss": issuer.public_key(),
        "sub": subject.public_key(),
        "name": kind,
        "nats": nats,
    });
    let signed = format!("{}.{}", part(&json!({ "typ": "JWT", "alg": "ed25519-nkey" })), part(&claims));
    let signature = issuer.sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

fn credentials(jwt: &str, user: &KeyPair) -> String {
    format!(
        "-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{}\n------END USER NKEY SEED------\n",
        user.seed().unwrap()
    )
}

#[tokio::test]
async fn a_credentials_file_lets_in_whom_an_account_has_signed_for() {
    let (operator, system) = (KeyPair::new_operator(), KeyPair::new_account());
    let (account, user) = (KeyPair::new_account(), KeyPair::new_user());
    let unlimited = json!({
        "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1, "leaf": -1,
        "mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1,
    });
    let operator_jwt = jwt(&operator, &operator, "operator", json!({}));
    let account_jwt = jwt(&operator, &account, "account", json!({ "limits": unlimited }));
    let system_jwt = jwt(&operator, &system, "account", json!({}));
    let (ours, servers) = (account.public_key(), system.public_key());
    let configuration = format!(
        "operator: {operator_jwt}\nsystem_account: {servers}\nresolver: MEMORY\n\
         resolver_preload: {{ {ours}: {account_jwt}, {servers}: {system_jwt} }}\n"
    );
    let test = "a_credentials_file_lets_in_whom_an_account_has_signed_for";
    let Some(server) = Server::configured(test, |_| configuration) else { return };
    let anybody = json!({ "pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1 });
    let with = |name: &str, issuer: &KeyPair, user: &KeyPair| {
        let held = credentials(&jwt(issuer, user, "user", anybody.clone()), user);
        let file = write(server.folder(), name, &held);
        Settings { authentication: Authentication::CredentialsFile(file), ..server.settings() }
    };
    let ours = with("ours.creds", &account, &user);
    make(&ours).await;
    publishes(&ours).await;
    refused(&with("foreign.creds", &KeyPair::new_account(), &KeyPair::new_user())).await;
    refused(&server.settings()).await;
}

/// A certificate authority, and what it signs.
struct Authority(CertifiedIssuer<'static, TlsKey>);

impl Authority {
    fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(parameters, TlsKey::generate().unwrap()).unwrap())
    }

    /// Certificate and key for a name.
    fn signs(&self, folder: &Path, name: &str, host: &str) -> (std::path::PathBuf, std::path::PathBuf) {
        let key = TlsKey::generate().unwrap();
        let certificate = CertificateParams::new(vec![host.to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        let certificate = write(folder, &format!("{name}.pem"), &certificate.pem());
        (certificate, write(folder, &format!("{name}.key"), &key.serialize_pem()))
    }

    fn file(&self, folder: &Path, name: &str) -> std::path::PathBuf {
        write(folder, name, &self.0.pem())
    }
}

#[tokio::test]
async fn tls_lets_in_whom_the_authority_has_signed_for_and_no_server_that_it_has_not() {
    let authority = Authority::new();
    let test = "tls_lets_in_whom_the_authority_has_signed_for_and_no_server_that_it_has_not";
    let Some(server) = Server::configured(test, |folder| {
        let (certificate, key) = authority.signs(folder, "server", "localhost");
        let file = authority.file(folder, "authority.pem");
        format!("tls {{ cert_file: {certificate:?}, key_file: {key:?}, ca_file: {file:?}, verify: true }}\n")
    }) else {
        return;
    };
    let folder = server.folder();
    let url = server.url().replace("nats://127.0.0.1", "tls://localhost");
    let trusting = Settings { url, authority_file: Some(folder.join("authority.pem")), ..server.settings() };
    let ours = Settings { client_certificate: Some(authority.signs(folder, "ours", "relay.test")), ..trusting.clone() };
    make(&ours).await;
    publishes(&ours).await;

    refused(&trusting).await;
    let stranger = Authority::new();
    let foreign = Some(stranger.signs(folder, "foreign", "relay.test"));
    refused(&Settings { client_certificate: foreign, ..trusting.clone() }).await;
    let other_authority = Some(stranger.file(folder, "stranger.pem"));
    refused(&Settings { authority_file: other_authority, ..ours.clone() }).await;
    // Signed by the authority, for another name.
    refused(&Settings { url: ours.url.replace("localhost", "127.0.0.1"), ..ours.clone() }).await;
}
