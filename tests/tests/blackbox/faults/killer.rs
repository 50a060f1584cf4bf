use std::time::Duration;

use anyhow::Result;
use vestibule_kernel::{IdSource, SeededIds, SystemIds};
use vestibule_tests::until;

use super::crowd::Pulse;

/// Chooses moments; the same ones for the same seed, as far as the machine allows.
pub(crate) struct Killer(SeededIds);

/// How many steps of the crowd pass before a kill, at most.
const STEPS_MAX: u64 = 40;
/// How far into a step the kill falls, at most.
const MICROSECONDS_MAX: u64 = 30_000;

impl Killer {
    /// With a new seed, which is printed; `VESTIBULE_TEST_SEED` repeats one.
    pub(crate) fn new() -> Result<Self> {
        let ids: &dyn IdSource = &SystemIds;
        let seed = match std::env::var("VESTIBULE_TEST_SEED") {
            Ok(seed) => seed.parse()?,
            Err(_) => u64::from_be_bytes(ids.bytes()),
        };
        println!("VESTIBULE_TEST_SEED={seed}");
        Ok(Self(SeededIds::new(seed)))
    }

    /// Waits for the moment to kill: some steps of the crowd, and a piece of the next one.
    pub(crate) async fn moment(&self, pulse: &Pulse) -> Result<()> {
        let target = pulse.steps() + 5 + self.below(STEPS_MAX);
        until("the crowd to go on", async || Ok((pulse.steps() >= target).then_some(()))).await?;
        // Not a wait for anything: the kill is to fall anywhere, also between two steps.
        tokio::time::sleep(Duration::from_micros(self.below(MICROSECONDS_MAX))).await;
        Ok(())
    }

    fn below(&self, limit: u64) -> u64 {
        let ids: &dyn IdSource = &self.0;
        u64::from_be_bytes(ids.bytes()) % limit
    }
}
