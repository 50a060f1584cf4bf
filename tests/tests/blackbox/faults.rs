//! `kill -9` of every process at random moments: what was acknowledged stays, and nothing is accepted twice.

mod crowd;
mod killer;
mod onboarding;
mod postgres;
mod registry;
mod snapshots;
mod sqlite;
mod verdict;
