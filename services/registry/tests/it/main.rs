//! The registry, black box: over gRPC, on a store in a temporary directory, with a fixed clock and seeded ids.

#[cfg(test)]
mod claim_policy;
#[cfg(test)]
mod connection;
#[cfg(test)]
mod domain;
#[cfg(test)]
mod listing;
#[cfg(test)]
mod organization;
#[cfg(test)]
mod placement;
#[cfg(test)]
mod registry;
#[cfg(test)]
mod repetition;
#[cfg(test)]
mod secrecy;
#[cfg(test)]
mod user_pool;
