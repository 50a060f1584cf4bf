use std::{fmt, time::Duration};

/// One step of a sign-in.
#[derive(Clone, Debug)]
pub struct Hop {
    /// Who does what; stable, so that measurements can be grouped by it.
    pub name: &'static str,
    /// The address, without its query.
    pub address: String,
    /// How long it took.
    pub took: Duration,
    /// What came out of it.
    pub decision: String,
    /// What was checked.
    pub checks: Vec<Check>,
}

/// One thing that was checked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Check {
    /// What.
    pub name: String,
    /// Whether it held.
    pub passed: bool,
    /// What it should be; may be empty.
    pub expected: String,
    /// What it was.
    pub found: String,
}

impl Check {
    pub(super) fn new(name: &str, passed: bool, expected: &str, found: impl Into<String>) -> Self {
        Self { name: name.to_owned(), passed, expected: expected.to_owned(), found: found.into() }
    }
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.took.as_secs_f64() * 1e3;
        write!(f, "{millis:8.1} ms  {:<34} {}", self.name, self.decision)?;
        for check in &self.checks {
            write!(f, "\n{check}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>15} {}: {}", if self.passed { "ok" } else { "WRONG" }, self.name, self.found)?;
        if self.passed || self.expected.is_empty() { Ok(()) } else { write!(f, " (expected {})", self.expected) }
    }
}
