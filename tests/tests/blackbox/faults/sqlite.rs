use std::sync::Arc;

use anyhow::Result;
use vestibule_tests::{Interop, Launch, Surroundings};

use super::{
    crowd::{Crowd, Pulse},
    killer::Killer,
    registry::{create_again_and_again, nothing_is_lost},
    verdict::Verdict,
};
use crate::store::Store;

/// How often the process is killed.
const ROUNDS: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_embedded_deployment_that_is_killed_loses_nothing_and_accepts_nothing_twice() -> Result<()> {
    let Some(mut python) = Interop::python("store.py", &[])? else { return Ok(()) };
    let killer = Killer::new()?;
    let mut all = Launch::serve("all")?.set("log.checkpoint_seconds", 1).start().await?;
    let public_url = all.addresses.gateway.clone().unwrap_or_default();
    let surroundings = Arc::new(Surroundings::around(&all).await?);
    let user_pool = surroundings.sandbox.seeded.user_pool.clone();
    let mut verdict = Verdict::default();
    for _ in 0..ROUNDS {
        let pulse = Arc::new(Pulse::default());
        let crowd = Crowd::start(&surroundings, &["ada@acme.test", "alan@globex.test", "edsger@initech.test"], &pulse);
        let operator = tokio::spawn(create_again_and_again(all.writer()?, user_pool.clone(), Arc::clone(&pulse)));
        killer.moment(&pulse).await?;
        all.process.kill()?;
        all = all.launch().clone().start().await?;
        pulse.finish();
        verdict.of_round(crowd.seen().await?, &surroundings, &all.channel()?, &public_url).await?;
        nothing_is_lost(all.writer()?, operator.await??).await?;
        all.events()?;
    }
    verdict.of_log(Store::sqlite(&all.directory().join("vestibule-data"), &mut python)).await
}
