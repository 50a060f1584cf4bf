//! What a refusal must be: a page with a reference that the trace resolves to one reason, and no new event.

use anyhow::{Context, Result};
use serde_json::Value;
use vestibule_sandbox::check::{HopError, Problem};
use vestibule_tests::Vestibule;

/// The sign-in behind the page that a hop ended on.
pub(crate) fn traced(vestibule: &Vestibule, refused: &HopError) -> Result<Value> {
    let problem = refused.problem().with_context(|| format!("{refused}: {:?}", refused.failure))?;
    traced_page(vestibule, problem)
}

/// The sign-in behind a page that a person may read: it says what to do, and nothing of what is inside.
pub(crate) fn traced_page(vestibule: &Vestibule, problem: &Problem) -> Result<Value> {
    assert!((400..500).contains(&problem.status), "{problem}");
    let lower = problem.text.to_lowercase();
    for internal in ["saml:", "xml", "signature", "panic", "error:", "sqlite", "assertion"] {
        assert!(!lower.contains(internal), "{internal} is nothing for a person: {problem}");
    }
    let reference = problem.reference.as_deref().with_context(|| format!("no reference: {problem}"))?;
    vestibule.sign_in(reference)
}

/// The newest refusal with this reason; programs are told no reference.
pub(crate) fn newest(vestibule: &Vestibule, reason: &str) -> Result<Value> {
    let listed = vestibule.run(["sign-ins", "list", "--reason", reason, "--limit", "1", "--json"])?.json()?;
    listed["sign_ins"].get(0).cloned().with_context(|| format!("no {reason} in the trace: {listed}"))
}

/// The newest sign-in of all.
pub(crate) fn latest(vestibule: &Vestibule) -> Result<Value> {
    let listed = vestibule.run(["sign-ins", "list", "--limit", "1", "--json"])?.json()?;
    listed["sign_ins"].get(0).cloned().context("the trace is empty")
}
