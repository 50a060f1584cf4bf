//! Fuzzing on the stable toolchain: inputs are made by mutating the corpus and genuine messages.
//!
//! A run lasts `VESTIBULE_FUZZ_SECONDS` for each target; a few seconds without it. `cargo xtask fuzz` runs longer. The
//! seed is new in each long run and printed with every failure; `VESTIBULE_FUZZ_SEED` repeats a run.

mod input;
mod mutation;
mod target;

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use self::mutation::Random;

/// How long a target runs when nobody says how long.
const SMOKE: Duration = Duration::from_secs(3);

/// The seed when nobody names one and nobody asked for a long run: tests repeat themselves.
const SMOKE_SEED: u64 = 1;

/// What takes longer hangs. Far beyond what a slow machine needs for one message; it gates nothing else.
const HANG: Duration = Duration::from_secs(20);

/// Judges one input and panics when an invariant is broken; answers whether it went deep, so that a run that only ever
/// scratches the surface is noticed.
type Target = fn(&[u8]) -> bool;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

fn run(name: &str, seeds: &[Vec<u8>], target: Target) {
    let asked = number("VESTIBULE_FUZZ_SECONDS");
    let fresh = || asked.map_or(SMOKE_SEED, |_| RandomState::new().hash_one(name));
    let seed = number("VESTIBULE_FUZZ_SEED").unwrap_or_else(fresh);
    let duration = asked.map_or(SMOKE, Duration::from_secs);
    let mut random = Random::new(seed);
    let (started, mut inputs, mut deep) = (Instant::now(), 0_u64, 0_u64);
    while started.elapsed() < duration {
        let input = mutation::mutated(seeds, &mut random);
        let begun = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| target(&input)));
        let took = begun.elapsed();
        let tell =
            || format!("{name}: VESTIBULE_FUZZ_SEED={seed}, input {inputs}:\n{}", String::from_utf8_lossy(&input));
        assert!(outcome.is_ok(), "an invariant is broken. {}", tell());
        assert!(took < HANG, "took {took:?}. {}", tell());
        deep += u64::from(outcome.unwrap_or_default());
        inputs += 1;
    }
    println!("{name}: {inputs} inputs, {deep} of them deep, in {:?}, VESTIBULE_FUZZ_SEED={seed}", started.elapsed());
    assert!(deep > 0, "{name}: not one of {inputs} inputs got anywhere");
}

#[test]
fn responses() {
    run("responses", &input::responses(), target::response);
}

#[test]
fn logout_messages() {
    run("logout_messages", &input::logout_messages(), target::logout_message);
}

#[test]
fn metadata() {
    run("metadata", &input::metadata(), target::metadata);
}

#[test]
fn signed_metadata() {
    run("signed_metadata", &input::signed_metadata(), target::signed_metadata);
}

#[test]
fn authn_requests() {
    run("authn_requests", &input::authn_requests(), target::authn_request);
}
