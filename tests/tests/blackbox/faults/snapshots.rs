//! `kill -9` while snapshots are taken: whoever starts knows what the whole log says.

use std::sync::Arc;

use anyhow::{Result, ensure};
use vestibule_rpc::{
    Channel,
    routing::v1::{
        ResolveSignInRequest, resolve_sign_in_request::Person, routing_service_client::RoutingServiceClient,
    },
};
use vestibule_tests::{Fleet, Launch, Surroundings, Vestibule, until};

use super::{
    crowd::Pulse,
    killer::Killer,
    registry::{Created, create_again_and_again},
};

/// How often the process is killed.
const ROUNDS: usize = 4;

/// What is answered about each of these organizations.
async fn answers(channel: Channel, created: &[Created]) -> Result<Vec<String>> {
    let mut client = RoutingServiceClient::new(channel);
    let mut answers = Vec::new();
    for (request, name) in created {
        let code = request.organization.clone().unwrap_or_default().slug;
        let request = ResolveSignInRequest { person: Some(Person::OrganizationCode(code)), ..Default::default() };
        let answer = client.resolve_sign_in(request).await?.into_inner();
        ensure!(answer.reason != "ORGANIZATION_UNKNOWN", "{name} is not known");
        answers.push(format!("{answer:?}"));
    }
    Ok(answers)
}

/// Waits until this process has taken a snapshot of the view.
async fn taken(process: &Vestibule, view: &str) -> Result<()> {
    let is_taken = |line: &str| line.contains("a snapshot of the view was taken") && line.contains(view);
    until("a snapshot", async || Ok(process.process.stderr().lines().any(is_taken).then_some(()))).await
}

/// Whether this process began with a snapshot of the view.
async fn began_with_one(process: &Vestibule, view: &str) -> Result<bool> {
    let begun = until("the view to be current", async || {
        let stderr = process.process.stderr();
        Ok(stderr.lines().find(|line| line.contains("the view is current") && line.contains(view)).map(str::to_owned))
    });
    Ok(begun.await?.contains("snapshot_position"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_killed_while_it_takes_snapshots_knows_what_the_log_says() -> Result<()> {
    let killer = Killer::new()?;
    let launch = Launch::serve("all")?.set("log.snapshot_events", 1).set("log.snapshot_seconds", 1);
    let mut all = launch.start().await?;
    let user_pool = Surroundings::around(&all).await?.sandbox.seeded.user_pool.clone();
    let mut created = Vec::new();
    for _ in 0..ROUNDS {
        let pulse = Arc::new(Pulse::default());
        let operator = tokio::spawn(create_again_and_again(all.writer()?, user_pool.clone(), Arc::clone(&pulse)));
        killer.moment(&pulse).await?;
        all.process.kill()?;
        all = all.launch().clone().start().await?;
        pulse.finish();
        created.extend(operator.await??);
        answers(all.channel()?, &created).await?;
    }
    taken(&all, "routing.directory").await?;
    taken(&all, "enrichment.people").await?;
    all.process.kill()?;
    all = all.launch().clone().start().await?;
    ensure!(began_with_one(&all, "routing.directory").await?, "{}", all.process.stderr());
    ensure!(began_with_one(&all, "enrichment.people").await?, "{}", all.process.stderr());
    let resumed = answers(all.channel()?, &created).await?;

    all.process.kill()?;
    all.run(["log", "drop-snapshots"])?.ok()?;
    all = all.launch().clone().start().await?;
    ensure!(!began_with_one(&all, "routing.directory").await?, "they were removed");
    ensure!(answers(all.channel()?, &created).await? == resumed, "the whole log says something else");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_apart_start_from_the_snapshots_that_a_killed_registry_took() -> Result<()> {
    let killer = Killer::new()?;
    let often = [("log.snapshot_events", 1.into()), ("log.snapshot_seconds", 1.into())];
    let Some(mut fleet) = Fleet::start_with(&often).await? else { return Ok(()) };
    let user_pool = fleet.surroundings().await?.sandbox.seeded.user_pool.clone();
    let mut created = Vec::new();
    for _ in 0..ROUNDS {
        let pulse = Arc::new(Pulse::default());
        let registry = fleet.service("registry").writer()?;
        let operator = tokio::spawn(create_again_and_again(registry, user_pool.clone(), Arc::clone(&pulse)));
        killer.moment(&pulse).await?;
        fleet.kill_and_restart("registry").await?;
        pulse.finish();
        created.extend(operator.await??);
        fleet.kill_and_restart("routing").await?;
        answers(fleet.service("routing").channel()?, &created).await?;
    }
    taken(fleet.service("registry"), "routing.directory").await?;
    taken(fleet.service("registry"), "enrichment.people").await?;
    for (service, view) in [("routing", "routing.directory"), ("enrichment", "enrichment.people")] {
        fleet.kill_and_restart(service).await?;
        ensure!(began_with_one(fleet.service(service), view).await?, "{service}, which may only read, uses it");
    }
    let resumed = answers(fleet.service("routing").channel()?, &created).await?;
    fleet.service_mut("registry").process.kill()?;
    fleet.service("registry").run(["log", "drop-snapshots"])?.ok()?;
    fleet.kill_and_restart("routing").await?;
    ensure!(!began_with_one(fleet.service("routing"), "routing.directory").await?, "they were removed");
    ensure!(
        answers(fleet.service("routing").channel()?, &created).await? == resumed,
        "the whole log says something else"
    );
    Ok(())
}
