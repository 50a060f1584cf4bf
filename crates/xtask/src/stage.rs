//! A run of named stages: what is done now, how long it took, and how all of it ended.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::workspace::{complain, say};

/// The stages of one command, in the order they ran.
pub(crate) struct Stages {
    started: Instant,
    limit: Option<Duration>,
    done: Vec<Stage>,
}

struct Stage {
    name: String,
    took: Duration,
    outcome: Result<String, String>,
}

impl Stages {
    /// A run that may take as long as it wants.
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), limit: None, done: Vec::new() }
    }

    /// A run that fails when all stages together take longer than `limit`.
    pub(crate) fn within(limit: Duration) -> Self {
        Self { limit: Some(limit), ..Self::new() }
    }

    /// Runs one stage. A failure is printed and kept; the next stages still run, so that one run shows all that is wrong.
    ///
    /// `work` answers with what it did in a few words.
    pub(crate) fn run(&mut self, name: &str, work: impl FnOnce() -> Result<String>) {
        say(&format!("\n── {name} ──"));
        let started = Instant::now();
        let outcome = work().map_err(|error| format!("{error:#}"));
        let took = started.elapsed();
        match &outcome {
            Ok(detail) => say(&format!("── {name}: done in {} min. {detail}", minutes(took))),
            Err(error) => complain(&format!("── {name}: FAILED after {} min: {error}", minutes(took))),
        }
        self.done.push(Stage { name: name.to_owned(), took, outcome });
    }

    /// Prints the summary; fails when a stage failed, when none ran, or when the limit is crossed.
    pub(crate) fn finish(self) -> Result<()> {
        let whole = self.started.elapsed();
        say("\n── summary ──");
        for stage in &self.done {
            let (mark, detail) = match &stage.outcome {
                Ok(detail) => ("ok    ", detail.as_str()),
                Err(error) => ("FAILED", error.lines().next().unwrap_or_default()),
            };
            say(&format!("{mark} {:<12} {:>5} min  {detail}", stage.name, minutes(stage.took)));
        }
        say(&format!("total {} min", minutes(whole)));

        let failed: Vec<&str> =
            self.done.iter().filter(|stage| stage.outcome.is_err()).map(|stage| stage.name.as_str()).collect();
        if self.done.is_empty() {
            bail!("no stage ran");
        }
        if !failed.is_empty() {
            bail!("failed: {}", failed.join(", "));
        }
        match self.limit {
            Some(limit) if whole > limit => bail!("took {} min, the limit is {} min", minutes(whole), minutes(limit)),
            _ => Ok(()),
        }
    }
}

fn minutes(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64() / 60.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failed_stage_fails_the_run_but_not_the_stages_after_it() {
        let mut stages = Stages::new();
        let mut ran = false;
        stages.run("broken", || bail!("no luck"));
        stages.run("fine", || {
            ran = true;
            Ok(String::new())
        });
        assert!(ran);
        assert_eq!(stages.finish().unwrap_err().to_string(), "failed: broken");
    }

    #[test]
    fn a_run_without_stages_fails() {
        assert!(Stages::new().finish().is_err());
    }

    #[test]
    fn a_run_over_its_limit_fails() {
        let mut stages = Stages::within(Duration::ZERO);
        stages.run("slow", || Ok(String::new()));
        assert!(stages.finish().unwrap_err().to_string().contains("limit"));
    }
}
