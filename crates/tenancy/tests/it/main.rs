//! The rules of every aggregate, their events as they are stored, and what must hold for any history.

#[cfg(test)]
mod assertion;
#[cfg(test)]
mod certificate;
#[cfg(test)]
mod claim_policy;
#[cfg(test)]
mod connection;
#[cfg(test)]
mod directory;
#[cfg(test)]
mod directory_group;
#[cfg(test)]
mod directory_user;
#[cfg(test)]
mod domain;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod onboarding;
#[cfg(test)]
mod organization;
#[cfg(test)]
mod person;
#[cfg(test)]
mod property;
#[cfg(test)]
mod refresh;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod signing_key;
#[cfg(test)]
mod user_pool;
