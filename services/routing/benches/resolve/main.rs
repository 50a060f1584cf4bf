//! `ResolveSignIn` over gRPC on loopback TCP with a million domains known, against a bare tonic server that answers the same
//! request with a message of the same size. Prints the memory of a domain and the ratio of the two rates.

#![expect(clippy::unwrap_used, reason = "in a benchmark a panic is the report")]
#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]

mod fill;
mod server;

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use criterion::{Criterion, Throughput};
use tokio::runtime::Runtime;
use tonic::transport::Channel;
use vestibule_rpc::routing::v1::{
    Application, Decision, ResolveSignInRequest, resolve_sign_in_request::Person,
    routing_service_client::RoutingServiceClient,
};

type Client = RoutingServiceClient<Channel>;

const DOMAINS: u64 = 1_000_000;

/// Calls in flight on the one channel.
const IN_FLIGHT: u64 = 64;

/// Rounds of the comparison; the two servers take turns, so that what else the machine does meets both.
const ROUNDS: usize = 15;
const CALLS_PER_ROUND: u64 = 20_000;

fn main() {
    let (directory, bytes) = fill::directory(DOMAINS);
    println!("memory: {} bytes a domain, each with an organization and a connection of its own", bytes / DOMAINS);

    let runtime = Runtime::new().unwrap();
    let ours = runtime.block_on(server::routing(directory));
    let mut criterion =
        Criterion::default().sample_size(10).measurement_time(Duration::from_secs(5)).configure_from_args();
    for (name, application) in [("decision", None), ("decision and authorize URL", Some(application()))] {
        let mut ours = ours.clone();
        let answer = runtime.block_on(ours.resolve_sign_in(request(7, application.clone()))).unwrap().into_inner();
        assert_eq!(answer.decision(), Decision::Brokered);
        let bare = runtime.block_on(server::bare(answer));

        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(1));
        for (server, client) in [("bare echo", &bare), ("ResolveSignIn", &ours)] {
            group.bench_function(server, |bencher| {
                bencher.iter_custom(|calls| runtime.block_on(time(client, calls, application.as_ref())));
            });
        }
        group.finish();
        compare(&runtime, name, &bare, &ours, application.as_ref());
    }
    criterion.final_summary();
}

/// Prints how the two compare by the clock, and by the processor time of client and server together: on a machine that is
/// busy with other things only the latter tells much.
fn compare(runtime: &Runtime, name: &str, bare: &Client, ours: &Client, application: Option<&Application>) {
    let mut rounds = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        let measured = [bare, ours].map(|client| {
            let before = processor_seconds();
            let elapsed = runtime.block_on(time(client, CALLS_PER_ROUND, application));
            [elapsed.as_secs_f64(), processor_seconds() - before]
        });
        let [bare, ours] = measured;
        for ((ratios, bare), ours) in rounds.iter_mut().zip(bare).zip(ours) {
            ratios.push(bare / ours);
        }
    }
    for (mut ratios, by) in rounds.into_iter().zip(["the clock", "processor time"]) {
        ratios.sort_by(f64::total_cmp);
        let at = |share: usize| ratios.get(ROUNDS * share / 100).copied().unwrap_or_default();
        let (low, median, high) = (at(25), at(50), at(75));
        println!("{name}: {median:.2} of the rate of the bare echo by {by} (median; quartiles {low:.2} and {high:.2})");
    }
}

/// The processor time that this process has used (`utime` and `stime`, in hundredths of a second).
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // The name of the program, which may hold blanks, ends with the last parenthesis; `utime` is the 14th field of all.
    let fields = stat.rsplit_once(") ").unwrap().1.split(' ');
    let ticks: f64 = fields.skip(11).take(2).map(|ticks| ticks.parse::<f64>().unwrap()).sum();
    ticks / 100.0
}

/// How long so many calls take, [`IN_FLIGHT`] at a time.
async fn time(client: &Client, calls: u64, application: Option<&Application>) -> Duration {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let begin = Instant::now();
    let workers: Vec<_> = (0..IN_FLIGHT.min(calls))
        .map(|worker| {
            let (mut client, application) = (client.clone(), application.cloned());
            let share = calls / IN_FLIGHT + u64::from(worker < calls % IN_FLIGHT);
            tokio::spawn(async move {
                for _ in 0..share {
                    let number = NEXT.fetch_add(1, Ordering::Relaxed);
                    client.resolve_sign_in(request(number, application.clone())).await.unwrap();
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    begin.elapsed()
}

/// Somebody of some domain, all over the memory.
fn request(number: u64, application: Option<Application>) -> ResolveSignInRequest {
    let customer = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) % DOMAINS;
    let person = Some(Person::Email(format!("ada.lovelace@{}", fill::domain_name(customer))));
    ResolveSignInRequest { person, application, ..ResolveSignInRequest::default() }
}

fn application() -> Application {
    Application {
        redirect_uri: "https://app.saas.example/auth/callback".to_owned(),
        state: "dGhlIHN0YXRlIG9mIGFuIGFwcGxpY2F0aW9u".to_owned(),
        nonce: "bjBuY2UtMDEyMzQ1Njc4OQ".to_owned(),
        code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned(),
        ..Application::default()
    }
}
