//! `kill -9` while organizations are onboarded: every step is told once, none is missing, and nobody goes live without it.

mod history;
mod operator;

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result};
use tokio::task::JoinSet;
use vestibule_tests::{Fleet, Launch, Vestibule};

use super::{crowd::Pulse, killer::Killer};
use crate::cognito::POOL_ID;
use history::every_step_is_told_once;
use operator::{Onboarded, Operator};

/// How many onboard at once.
const OPERATORS: usize = 3;
/// How long it may take after a restart until everybody is through.
const ROUND_MAX: Duration = Duration::from_secs(50);
/// How often a process that serves everything is killed.
const ROUNDS: usize = 5;
/// Of services apart: who follows the log is killed most.
const VICTIMS: [&str; 5] = ["registry", "saml", "registry", "gateway", "registry"];

fn register_pool(registry: &Vestibule) -> Result<String> {
    let create =
        ["pool", "create", POOL_ID, "--domain", "login.acme.test", "--app-client", "1example23456789", "--json"];
    let made = registry.run(create)?.json()?;
    Ok(made["user_pool"]["name"].as_str().context("a name")?.to_owned())
}

fn begin(registry: &Vestibule, user_pool: &str, pulse: &Arc<Pulse>) -> Result<JoinSet<Result<Vec<Onboarded>>>> {
    let mut operators = JoinSet::new();
    for _ in 0..OPERATORS {
        let operator = Operator::new(registry.writer()?, user_pool.to_owned(), Arc::clone(pulse));
        operators.spawn(operator.onboard_again_and_again());
    }
    Ok(operators)
}

async fn end(operators: JoinSet<Result<Vec<Onboarded>>>) -> Result<Vec<Onboarded>> {
    let everybody = tokio::time::timeout(ROUND_MAX, operators.join_all()).await;
    let everybody = everybody.context("after the restart not everybody could go on")?;
    Ok(everybody.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn onboardings_on_an_embedded_deployment_that_is_killed_are_whole() -> Result<()> {
    let killer = Killer::new()?;
    let mut all = Launch::serve("all")?.start().await?;
    let user_pool = register_pool(&all)?;
    let mut onboarded = Vec::new();
    for _ in 0..ROUNDS {
        let pulse = Arc::new(Pulse::default());
        let operators = begin(&all, &user_pool, &pulse)?;
        killer.moment(&pulse).await?;
        all.process.kill()?;
        all = all.launch().clone().start().await?;
        pulse.finish();
        onboarded.extend(end(operators).await?);
        every_step_is_told_once(all.writer()?, &onboarded).await?;
    }
    all.events()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn onboardings_on_services_apart_that_are_killed_are_whole() -> Result<()> {
    let killer = Killer::new()?;
    let Some(mut fleet) = Fleet::start().await? else { return Ok(()) };
    let user_pool = register_pool(fleet.service("registry"))?;
    let mut onboarded = Vec::new();
    for victim in VICTIMS {
        let pulse = Arc::new(Pulse::default());
        let operators = begin(fleet.service("registry"), &user_pool, &pulse)?;
        killer.moment(&pulse).await?;
        fleet.kill_and_restart(victim).await?;
        pulse.finish();
        onboarded.extend(end(operators).await?);
        every_step_is_told_once(fleet.service("registry").writer()?, &onboarded).await?;
    }
    fleet.service("registry").events()?;
    Ok(())
}
