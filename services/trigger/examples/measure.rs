//! What the shim costs: size, cold start to the first answer, and what it adds to a warm call.
//!
//! ```console
//! $ AWS_LC_SYS_NO_JITTER_ENTROPY=1 cargo build --profile lambda -p vestibule-trigger
//! $ cargo run --release -p vestibule-trigger --example measure
//! ```
//!
//! Everything runs on one machine: the emulated Lambda Runtime API, the enrichment service of the tests behind TLS, and the
//! shim. So the numbers hold no network, and the processor is shared.

#![expect(dead_code, reason = "shares the tests' modules, which hold more than a measurement needs")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a developer's program, and modules of the tests"
)]

#[path = "../tests/it/event.rs"]
mod event;
#[path = "../tests/it/service.rs"]
mod service;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};
use vestibule_lambda_simulator::Lambda;
use vestibule_rpc::enrichment::v1::{HandleTriggerRequest, enrichment_service_client::EnrichmentServiceClient};

use service::Enrichment;

/// What is measured: the program as it is deployed.
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/lambda/bootstrap");

const COLD_STARTS: usize = 30;
const WARM_CALLS: usize = 3_000;

#[tokio::main]
async fn main() {
    let program = PathBuf::from(PROGRAM);
    let size = std::fs::metadata(&program).expect("build the program first").len();
    println!("size: {:.2} MB", size as f64 / 1e6);

    let (_, address, authority) = Enrichment::start_tls().await;
    let url = format!("https://localhost:{}", address.port());
    let settings = [
        ("VESTIBULE_ENRICHMENT_URL", url.as_str()),
        ("VESTIBULE_AUTHORITY", authority.as_str()),
        ("VESTIBULE_SERVICE_TOKEN", "token"),
    ];
    let mut started = Vec::new();
    for _ in 0..COLD_STARTS {
        started.push(cold(&program, &settings).await);
    }
    report("cold start: process start to first answer", &mut started);

    let (mut direct, mut through, mut here) = (Vec::new(), Vec::new(), Vec::new());
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&authority));
    let channel = Endpoint::from_shared(url.clone()).unwrap().tls_config(tls).unwrap().connect().await.unwrap();
    let mut client = EnrichmentServiceClient::new(channel);
    let mut function = Lambda::start(&program, &settings).await;
    let event_json = event::tokens().to_string();
    let returned = event::of("1", "UserMigration_Authentication", &serde_json::json!({})).to_string();
    // In turns, so that whatever else the machine does befalls all alike.
    for _ in 0..WARM_CALLS {
        let begun = Instant::now();
        client.handle_trigger(HandleTriggerRequest { event_json: event_json.clone() }).await.unwrap();
        direct.push(begun.elapsed());
        let begun = Instant::now();
        function.invoke(&event_json).await.event();
        through.push(begun.elapsed());
        let begun = Instant::now();
        function.invoke(&returned).await.event();
        here.push(begun.elapsed());
    }
    let direct = report("warm: gRPC call without the shim", &mut direct);
    let through = report("warm: invocation that is forwarded", &mut through);
    report("warm: invocation that the shim answers itself (Runtime API alone)", &mut here);
    println!(
        "the shim and the Runtime API add {:.3} ms at the median",
        through.saturating_sub(direct).as_secs_f64() * 1e3
    );
}

async fn cold(program: &Path, settings: &[(&str, &str)]) -> Duration {
    let begun = Instant::now();
    let mut function = Lambda::start(program, settings).await;
    function.invoke(event::tokens()).await.event();
    begun.elapsed()
}

/// Answers the median.
fn report(what: &str, times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    let [median, high] = [0.5, 0.99].map(at);
    println!(
        "{what}: median {:.3} ms, 99 % {:.3} ms, n = {}",
        median.as_secs_f64() * 1e3,
        high.as_secs_f64() * 1e3,
        times.len()
    );
    median
}
