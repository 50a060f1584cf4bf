//! Whole sign-ins, as many as two ends on one machine manage: `cargo xtask load` builds and runs this.
//!
//! The program under load is `vestibule serve all` on its embedded store. The identity providers, Cognito, the demo
//! application and the browsers run in this process and share the machine with it.

mod machine;
mod report;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use clap::Parser;
use tokio::task::JoinSet;
use vestibule_sandbox::{check::HopError, roster::LOGINS};
use vestibule_tests::{Launch, Surroundings};

use machine::Processor;
use report::Report;

/// How load is made.
#[derive(Parser)]
struct Arguments {
    /// How many browsers sign in at the same time.
    #[arg(long, default_value_t = 16)]
    browsers: usize,
    /// For how long.
    #[arg(long, default_value_t = 15)]
    seconds: u64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let all = Launch::serve("all")?.set("telemetry.log_filter", "warn").start().await?;
    let surroundings = Arc::new(Surroundings::around(&all).await?);
    // Everybody once: persons are made, connections opened, pages faulted in.
    let warm = crowd(&surroundings, arguments.browsers, Duration::ZERO).await;
    ensure!(warm.failures == 0, "the warm-up failed: {}", warm.describe_failures());

    let (vestibule, simulators) = (Processor::of(all.process.id())?, Processor::of(std::process::id())?);
    let started = Instant::now();
    let mut report = crowd(&surroundings, arguments.browsers, Duration::from_secs(arguments.seconds)).await;
    let took = started.elapsed();
    let used = [vestibule.used()?, simulators.used()?];
    report.print(arguments.browsers, took, used, machine::peak_kibibytes(all.process.id())?);
    say(&format!("the log is whole: {} events", all.events()?));
    ensure!(report.failures == 0, "{}", report.describe_failures());
    Ok(())
}

/// Browsers that sign in again and again until the time is over, each at least once.
async fn crowd(surroundings: &Arc<Surroundings>, browsers: usize, time: Duration) -> Report {
    let deadline = Instant::now() + time;
    let people: Vec<&'static str> =
        LOGINS.iter().flat_map(|login| login.people.iter().map(|person| person.email)).collect();
    let mut running = JoinSet::new();
    for email in people.into_iter().cycle().take(browsers) {
        let surroundings = Arc::clone(surroundings);
        running.spawn(async move {
            let mut report = Report::default();
            loop {
                let signed_in = sign_in(&surroundings, email, &mut report).await;
                report.count(signed_in);
                if Instant::now() >= deadline {
                    return report;
                }
            }
        });
    }
    running.join_all().await.into_iter().fold(Report::default(), Report::with)
}

async fn sign_in(surroundings: &Surroundings, email: &str, report: &mut Report) -> Result<Duration, HopError> {
    let mut walk = surroundings.walk();
    let started = Instant::now();
    walk.sign_in(email).await?;
    let took = started.elapsed();
    for hop in &walk.hops {
        report.hop(hop.name, hop.took);
    }
    Ok(took)
}

#[expect(clippy::print_stdout, reason = "the report is what the program is for")]
fn say(text: &str) {
    println!("{text}");
}
