//! Black-box tests of what every process has.

use std::{path::Path, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use tonic::{Code, service::Routes};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use vestibule_host::{
    PublicUrl, Resources, Service,
    access::{Access, open_or_create_token, read_token},
    config::{self, ConfigError, Flags, Validate},
    grpc, http, install_crypto_provider, peers, pki,
};
use vestibule_kernel::{Clock, SystemClock, SystemIds};
use vestibule_rpc::reason_of;

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
struct Whole {
    deployment: config::Deployment,
    grpc: config::Grpc,
    telemetry: config::Telemetry,
}

impl Validate for Whole {
    fn validate(&self) -> Result<(), ConfigError> {
        self.deployment.validate()?;
        self.grpc.validate()?;
        self.telemetry.validate()
    }
}

fn flags(pairs: &[(&str, &str)]) -> Flags {
    Flags(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
}

fn file(directory: &Path, text: &str) -> std::io::Result<std::path::PathBuf> {
    let path = directory.join("vestibule.toml");
    std::fs::write(&path, text)?;
    Ok(path)
}

#[test]
fn flags_win_over_the_file_and_the_file_over_defaults() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(directory.path(), "[grpc]\nlisten = \"127.0.0.1:1\"\ndrain_seconds = 3\n").unwrap();
    let whole: Whole = config::load(Some(&path), flags(&[("grpc.listen", "127.0.0.1:2")])).unwrap();
    assert_eq!(whole.grpc.listen.port(), 2);
    assert_eq!(whole.grpc.drain(), Duration::from_secs(3));
    assert_eq!(whole.deployment.public_url.as_str(), "http://localhost:8800");
}

#[test]
fn an_unknown_key_is_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(directory.path(), "[grpc]\nlissten = \"127.0.0.1:1\"\n").unwrap();
    let refused = config::load::<Whole>(Some(&path), Flags::default()).unwrap_err().to_string();
    assert!(refused.contains("lissten") && refused.contains("listen"), "{refused}");
    let refused = config::load::<Whole>(None, flags(&[("grcp.listen", "1")])).unwrap_err().to_string();
    assert!(refused.contains("grcp"), "{refused}");
    assert!(matches!(
        config::load::<Whole>(Some(Path::new("absent.toml")), Flags::default()),
        Err(ConfigError::Missing(_))
    ));
}

#[test]
fn a_server_beyond_loopback_without_tls_and_token_is_refused() {
    let refused = config::load::<Whole>(None, flags(&[("grpc.listen", "0.0.0.0:8801")])).unwrap_err();
    assert!(matches!(refused, ConfigError::Invalid { key: "grpc.listen", .. }), "{refused}");
    let whole: Whole = config::load(
        None,
        flags(&[
            ("grpc.listen", "0.0.0.0:8801"),
            ("grpc.tls.certificate_file", "server.pem"),
            ("grpc.tls.key_file", "server.key"),
            ("grpc.service_token_file", "service.token"),
        ]),
    )
    .unwrap();
    assert!(whole.grpc.tls.is_some());
}

#[test]
fn a_public_url_is_what_cognito_accepts_as_an_issuer() {
    for fine in ["https://login.example", "http://localhost:8800", "http://127.0.0.1:8800", "http://[::1]:1"] {
        assert_eq!(fine.parse::<PublicUrl>().map(String::from).as_deref(), Ok(fine));
    }
    for wrong in [
        "https://login.example/",
        "https://login.example/a",
        "http://login.example",
        "login.example",
        "https://u@login.example",
        "",
    ] {
        assert!(wrong.parse::<PublicUrl>().is_err(), "{wrong}");
    }
}

#[test]
fn a_token_is_made_once_and_short_ones_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("registry.token");
    let made = open_or_create_token(&path, &SystemIds).unwrap();
    let read = open_or_create_token(&path, &SystemIds).unwrap();
    assert_eq!(secrecy::ExposeSecret::expose_secret(&made), secrecy::ExposeSecret::expose_secret(&read));
    std::fs::write(&path, "short").unwrap();
    assert!(read_token(&path).is_err());
}

fn nothing_but_health(ready: Arc<std::sync::atomic::AtomicBool>) -> Service {
    let check = move || {
        if ready.load(std::sync::atomic::Ordering::SeqCst) { Ok(()) } else { Err("still reading".to_owned()) }
    };
    Service { name: "routing", grpc: Routes::default(), http: None, readiness: vec![("view", Arc::new(check))] }
}

#[tokio::test]
async fn beyond_loopback_needs_tls_and_token_and_health_follows_the_services() {
    install_crypto_provider();
    let directory = tempfile::tempdir().unwrap();
    let hosts = vec!["localhost".to_owned()];
    let made = pki::init(directory.path(), hosts.clone(), SystemClock.now(), &SystemIds).unwrap();
    assert_eq!(made.files.len(), 5);
    assert!(pki::init(directory.path(), hosts, SystemClock.now(), &SystemIds).is_err(), "nothing is overwritten");

    let at = |name: &str| directory.path().join(name);
    let listen = "127.0.0.1:0".parse().unwrap();
    let tls = config::Tls { certificate_file: at("server.pem"), key_file: at("server.key") };
    let bound = grpc::bind(&config::Grpc { listen, tls: Some(tls), ..config::Grpc::default() }).await.unwrap();
    let address = format!("https://localhost:{}", bound.address().port());
    let access =
        Access::new(Some(&read_token(&at("service.token")).unwrap()), &read_token(&at("registry.token")).unwrap());
    let ready = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stop = CancellationToken::new();
    let (service, stopped) = (nothing_but_health(ready.clone()), stop.clone());
    let serving = tokio::spawn(async move { bound.serve(&[service], access, stopped).await });

    let anonymous = peers::connect(&address, Some(&at("authority.pem")), None).unwrap();
    let mut health = HealthClient::new(anonymous.clone());
    let asked = HealthCheckRequest { service: "routing".to_owned() };
    let mut watch = health.watch(asked).await.unwrap().into_inner();
    let mut seen = Vec::new();
    while let Some(answer) = watch.message().await.unwrap() {
        seen.push(answer.status());
        match answer.status() {
            ServingStatus::NotServing => ready.store(true, std::sync::atomic::Ordering::SeqCst),
            ServingStatus::Serving => break,
            _ => {}
        }
    }
    assert!(seen.contains(&ServingStatus::NotServing) && seen.ends_with(&[ServingStatus::Serving]), "{seen:?}");

    let mut client = vestibule_rpc::routing::v1::routing_service_client::RoutingServiceClient::new(anonymous);
    let refused =
        client.resolve_sign_in(vestibule_rpc::routing::v1::ResolveSignInRequest::default()).await.unwrap_err();
    assert_eq!((refused.code(), reason_of(&refused).as_deref()), (Code::Unauthenticated, Some("TOKEN_MISSING")));
    let with_token = peers::connect(&address, Some(&at("authority.pem")), Some(&at("service.token"))).unwrap();
    let mut client = vestibule_rpc::routing::v1::routing_service_client::RoutingServiceClient::new(with_token);
    let unimplemented =
        client.resolve_sign_in(vestibule_rpc::routing::v1::ResolveSignInRequest::default()).await.unwrap_err();
    assert_eq!(unimplemented.code(), Code::Unimplemented, "the token opens the door to what is served");

    drop((watch, health, client));
    stop.cancel();
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_gateway_speaks_https_and_says_whether_it_is_ready() {
    install_crypto_provider();
    let directory = tempfile::tempdir().unwrap();
    pki::init(directory.path(), vec!["localhost".to_owned()], SystemClock.now(), &SystemIds).unwrap();
    let at = |name: &str| directory.path().join(name);
    let tls = config::Tls { certificate_file: at("server.pem"), key_file: at("server.key") };
    let listen = "127.0.0.1:0".parse().unwrap();
    let bound = http::bind(&config::Http { listen, tls: Some(tls), ..config::Http::default() }).unwrap();
    let address = format!("https://localhost:{}", bound.address().port());
    let ready = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (service, stop) = (nothing_but_health(ready.clone()), CancellationToken::new());
    let serving = tokio::spawn(bound.serve(axum::Router::new(), service.readiness, stop.clone()));

    let authority = reqwest::Certificate::from_pem(&std::fs::read(at("authority.pem")).unwrap()).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([authority]).build().unwrap();
    let status = |path: &'static str| {
        let request = client.get(format!("{address}{path}"));
        async move { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!((status("/livez").await, status("/readyz").await), (200, 503));
    ready.store(true, std::sync::atomic::Ordering::SeqCst);
    assert_eq!((status("/readyz").await, status("/nothing").await), (200, 404));
    let plain = reqwest::get(address.replace("https:", "http:")).await;
    assert!(plain.is_err(), "plain HTTP is not answered on a TLS port");

    drop(client);
    stop.cancel();
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_embedded_store_belongs_to_one_environment() {
    let directory = tempfile::tempdir().unwrap();
    let mut deployment =
        config::Deployment { data_directory: directory.path().join("data"), ..config::Deployment::default() };
    let open = |deployment: config::Deployment| async move {
        let (clock, ids) = (Arc::new(SystemClock), Arc::new(SystemIds));
        Resources::open(&deployment, &config::Store::default(), clock, ids, CancellationToken::new()).await.map(drop)
    };
    open(deployment.clone()).await.unwrap();
    deployment.environment = "production".to_owned();
    let refused = open(deployment).await.unwrap_err().to_string();
    assert!(refused.contains("development"), "{refused}");
}
