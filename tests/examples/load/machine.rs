use std::{fs, time::Duration};

use anyhow::{Context, Result};

/// How long a clock tick of `/proc` is: `USER_HZ` is 100 on every Linux that Rust supports.
const TICK: Duration = Duration::from_millis(10);

/// The processor time of a process from a moment on.
pub(crate) struct Processor {
    id: u32,
    before: Duration,
}

impl Processor {
    pub(crate) fn of(id: u32) -> Result<Self> {
        Ok(Self { id, before: time(id)? })
    }

    /// What it has used since.
    pub(crate) fn used(&self) -> Result<Duration> {
        Ok(time(self.id)?.saturating_sub(self.before))
    }
}

/// User and system time, fields 14 and 15 of `/proc/<id>/stat`; the second field may hold spaces.
fn time(id: u32) -> Result<Duration> {
    let text = fs::read_to_string(format!("/proc/{id}/stat"))?;
    let (_, fields) = text.rsplit_once(')').context("a name in parentheses")?;
    let ticks: u32 = fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u32>().ok()).sum();
    Ok(TICK * ticks)
}

/// The largest resident set that the process has had.
pub(crate) fn peak_kibibytes(id: u32) -> Result<u32> {
    let text = fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
