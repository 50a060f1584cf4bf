use std::{collections::BTreeMap, error::Error as _, thread::available_parallelism, time::Duration};

use vestibule_sandbox::check::HopError;

use crate::say;

/// What was measured.
#[derive(Default)]
pub(crate) struct Report {
    whole: Vec<Duration>,
    /// By the order in which they were met first, so that the report reads like a sign-in.
    hops: Vec<(&'static str, Vec<Duration>)>,
    pub(crate) failures: usize,
    reasons: BTreeMap<String, usize>,
}

impl Report {
    pub(crate) fn hop(&mut self, name: &'static str, took: Duration) {
        match self.hops.iter_mut().find(|(known, _)| *known == name) {
            Some((_, times)) => times.push(took),
            None => self.hops.push((name, vec![took])),
        }
    }

    pub(crate) fn count(&mut self, signed_in: Result<Duration, HopError>) {
        match signed_in {
            Ok(took) => self.whole.push(took),
            Err(error) => {
                self.failures += 1;
                let cause = error.source().map(ToString::to_string).unwrap_or_default();
                *self.reasons.entry(format!("{error}: {cause}")).or_default() += 1;
            }
        }
    }

    pub(crate) fn with(mut self, other: Self) -> Self {
        self.whole.extend(other.whole);
        for (name, times) in other.hops {
            for took in times {
                self.hop(name, took);
            }
        }
        self.failures += other.failures;
        for (reason, count) in other.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
        self
    }

    pub(crate) fn describe_failures(&self) -> String {
        let reasons: Vec<String> = self.reasons.iter().map(|(reason, count)| format!("{count} x {reason}")).collect();
        format!("{} sign-ins failed\n{}", self.failures, reasons.join("\n"))
    }

    pub(crate) fn print(&mut self, browsers: usize, took: Duration, used: [Duration; 2], peak_kibibytes: u32) {
        let count = f64::from(u32::try_from(self.whole.len().max(1)).unwrap_or(u32::MAX));
        let cores = available_parallelism().map_or(0, usize::from);
        let [vestibule, simulators] = used.map(|used| used.as_secs_f64() * 1e3 / count);
        say(&format!("{cores} cores for Vestibule, the simulators around it and {browsers} browsers together\n"));
        say(&format!(
            "sign-ins             {} in {:.1} s, {} failed",
            self.whole.len(),
            took.as_secs_f64(),
            self.failures
        ));
        say(&format!("logins/s             {:.1}", count / took.as_secs_f64()));
        say(&format!(
            "processor time       {vestibule:.2} ms a login in Vestibule, {simulators:.2} ms in simulators and browsers"
        ));
        say(&format!("peak RSS             {:.1} MiB of the vestibule process\n", f64::from(peak_kibibytes) / 1024.0));
        say(&format!("{:>10} {:>10}", "p50 ms", "p99 ms"));
        for (name, times) in &mut self.hops {
            line(name, times);
        }
        line("the whole sign-in", &mut self.whole);
        say("\nToken and userinfo endpoint and the trigger are parts of \"cognito: idpresponse\".");
    }
}

fn line(name: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let at = |percent: usize| {
        let index = (times.len() * percent).div_ceil(100).saturating_sub(1);
        times.get(index).map_or(0.0, |took| took.as_secs_f64() * 1e3)
    };
    say(&format!("{:>10.1} {:>10.1}  {name}", at(50), at(99)));
}
