//! The registry, black box: over gRPC, on a store in a temporary directory, with a fixed clock and seeded ids.

#[cfg(test)]
mod certificate;
#[cfg(test)]
mod claim_policy;
#[cfg(test)]
mod connection;
#[cfg(test)]
mod domain;
#[cfg(test)]
mod events;
#[cfg(test)]
mod going_live;
#[cfg(test)]
mod job;
#[cfg(test)]
mod listing;
#[cfg(test)]
mod metadata;
#[cfg(test)]
mod native_user;
#[cfg(test)]
mod onboarding;
#[cfg(test)]
mod organization;
#[cfg(test)]
mod people;
#[cfg(test)]
mod person;
#[cfg(test)]
mod placement;
#[cfg(test)]
mod provisioning;
#[cfg(test)]
mod registry;
#[cfg(test)]
mod relink;
#[cfg(test)]
mod repetition;
#[cfg(test)]
mod replacement;
#[cfg(test)]
mod secrecy;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod user_pool;
mod way_in;
