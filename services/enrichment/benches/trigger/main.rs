//! `HandleTrigger` over gRPC on loopback TCP with a million people known, against a bare tonic server that takes the same
//! event and gives back an answer of the same size. Prints the memory of a person, how long their events take, and the
//! ratio of the two rates.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "in a benchmark a panic is the report")]
#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]

mod fill;
mod server;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use criterion::{Criterion, Throughput};
use serde_json::json;
use tokio::runtime::Runtime;
use tonic::transport::Channel;
use vestibule_rpc::enrichment::v1::{HandleTriggerRequest, enrichment_service_client::EnrichmentServiceClient};

use fill::{CLIENT_ID, Filled, POOL_ID, Somebody};

type Client = EnrichmentServiceClient<Channel>;

const PERSONS: u64 = 1_000_000;
const ORGANIZATIONS: u64 = 10_000;

/// How many of them sign in: all over the memory, and their events are written before anything is measured.
const SIGNING_IN: usize = 50_000;

/// Calls in flight on the one channel.
const IN_FLIGHT: u64 = 64;

/// Rounds of the comparison; the two servers take turns, so that what else the machine does meets both.
const ROUNDS: usize = 15;
const CALLS_PER_ROUND: u64 = 20_000;

fn main() {
    let Filled { people, known, bytes, took, events } = fill::fill(PERSONS, ORGANIZATIONS);
    println!("memory: {} bytes a person, in {ORGANIZATIONS} organizations", bytes / PERSONS);
    println!("replay: {events} events of {PERSONS} persons taken in within {:.2} s", took.as_secs_f64());

    let stride = known.len() / SIGNING_IN;
    let sign_ins: Arc<Vec<String>> = Arc::new(known.iter().step_by(stride.max(1)).map(event).collect());
    let runtime = Runtime::new().unwrap();
    let ours = runtime.block_on(server::enrichment(people));
    let request = HandleTriggerRequest { event_json: sign_ins[0].clone() };
    let answer = runtime.block_on(ours.clone().handle_trigger(request)).unwrap().into_inner();
    assert!(answer.event_json.contains("\"org_id\""), "{answer:?}");
    println!("an event of {} bytes, an answer of {}", sign_ins[0].len(), answer.event_json.len());
    let bare = runtime.block_on(server::bare(answer));

    let mut criterion =
        Criterion::default().sample_size(10).measurement_time(Duration::from_secs(5)).configure_from_args();
    let mut group = criterion.benchmark_group("pre token generation");
    group.throughput(Throughput::Elements(1));
    for (server, client) in [("bare echo", &bare), ("HandleTrigger", &ours)] {
        group.bench_function(server, |bencher| {
            bencher.iter_custom(|calls| runtime.block_on(time(client, calls, &sign_ins)));
        });
    }
    group.finish();
    compare(&runtime, &bare, &ours, &sign_ins);
    criterion.final_summary();
}

/// Prints how the two compare by the clock, and by the processor time of client and server together: on a machine that is
/// busy with other things only the latter tells much.
fn compare(runtime: &Runtime, bare: &Client, ours: &Client, sign_ins: &Arc<Vec<String>>) {
    let mut rounds = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        let measured = [bare, ours].map(|client| {
            let before = processor_seconds();
            let elapsed = runtime.block_on(time(client, CALLS_PER_ROUND, sign_ins));
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
        println!("{median:.2} of the rate of the bare echo by {by} (median; quartiles {low:.2} and {high:.2})");
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
async fn time(client: &Client, calls: u64, sign_ins: &Arc<Vec<String>>) -> Duration {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let begin = Instant::now();
    let workers: Vec<_> = (0..IN_FLIGHT.min(calls))
        .map(|worker| {
            let (mut client, sign_ins) = (client.clone(), Arc::clone(sign_ins));
            let share = calls / IN_FLIGHT + u64::from(worker < calls % IN_FLIGHT);
            tokio::spawn(async move {
                for _ in 0..share {
                    let number = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9);
                    let event_json = sign_ins[number % sign_ins.len()].clone();
                    client.handle_trigger(HandleTriggerRequest { event_json }).await.unwrap();
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    begin.elapsed()
}

/// Somebody signs in: the documented event, in version `V2_0`.
fn event(somebody: &Somebody) -> String {
    let (person, organization) = (somebody.id, somebody.organization);
    let identities = json!([{
        "userId": person.to_string(), "providerName": "Vestibule", "providerType": "OIDC", "issuer": null,
        "primary": true, "dateCreated": 1_795_225_250_000_u64,
    }]);
    json!({
        "version": "2",
        "triggerSource": "TokenGeneration_HostedAuth",
        "region": "eu-west-1",
        "userPoolId": POOL_ID,
        "userName": format!("vestibule_{person}"),
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": CLIENT_ID},
        "request": {
            "userAttributes": {
                "sub": "9b1c6d1e-0000-4000-8000-000000000001",
                "cognito:user_status": "EXTERNAL_PROVIDER",
                "identities": identities.to_string(),
                "email": format!("ada.lovelace@{}", fill::domain_name(organization)),
                "email_verified": "true",
                "name": "Ada Lovelace",
                "given_name": "Ada",
                "family_name": "Lovelace",
            },
            "scopes": ["openid", "email", "profile"],
            "groupConfiguration": {
                "groupsToOverride": [format!("{POOL_ID}_Vestibule")],
                "iamRolesToOverride": [],
                "preferredRole": null,
            },
        },
        "response": {"claimsAndScopeOverrideDetails": null},
    })
    .to_string()
}
