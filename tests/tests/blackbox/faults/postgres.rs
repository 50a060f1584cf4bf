use std::sync::Arc;

use anyhow::Result;
use vestibule_tests::{Fleet, SERVICES};

use super::{
    crowd::{Crowd, Pulse},
    killer::Killer,
    registry::{create_again_and_again, nothing_is_lost},
    verdict::Verdict,
};
use crate::store::Store;

/// The services whose processes write most are killed more often.
const ALSO: [&str; 3] = ["saml", "gateway", "saml"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_apart_that_are_killed_lose_nothing_and_accept_nothing_twice() -> Result<()> {
    let killer = Killer::new()?;
    let Some(mut fleet) = Fleet::start_with(&[("log.checkpoint_seconds", 1.into())]).await? else { return Ok(()) };
    let surroundings = Arc::new(fleet.surroundings().await?);
    let user_pool = surroundings.sandbox.seeded.user_pool.clone();
    let mut verdict = Verdict::default();
    for victim in SERVICES.into_iter().chain(ALSO) {
        let pulse = Arc::new(Pulse::default());
        let crowd = Crowd::start(&surroundings, &["ada@acme.test", "alan@globex.test", "edsger@initech.test"], &pulse);
        let registry = fleet.service("registry").writer()?;
        let operator = tokio::spawn(create_again_and_again(registry, user_pool.clone(), Arc::clone(&pulse)));
        killer.moment(&pulse).await?;
        fleet.kill_and_restart(victim).await?;
        pulse.finish();
        let gateway = fleet.service("gateway").channel()?;
        verdict.of_round(crowd.seen().await?, &surroundings, &gateway, &fleet.public_url()).await?;
        nothing_is_lost(fleet.service("registry").writer()?, operator.await??).await?;
    }
    fleet.service("registry").events()?;
    verdict.of_log(Store::postgres(&fleet.database, None)).await
}
