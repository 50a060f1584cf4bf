//! The real program between an emulated Lambda Runtime API and the key set of a user pool.

#[cfg(test)]
mod decision;
#[cfg(test)]
mod event;
#[cfg(test)]
mod issuer;
#[cfg(test)]
mod refusal;

/// What is tested.
#[cfg(test)]
const PROGRAM: &str = env!("CARGO_BIN_EXE_vestibule-authorizer");
