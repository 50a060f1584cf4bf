//! The real `bootstrap` between an emulated Lambda Runtime API and an enrichment service of the tests.

#[cfg(test)]
mod binary;
#[cfg(test)]
mod event;
#[cfg(test)]
mod failing;
#[cfg(test)]
mod forwarding;
#[cfg(test)]
mod open;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod service;
#[cfg(test)]
mod wire;

/// What is tested.
#[cfg(test)]
const PROGRAM: &str = env!("CARGO_BIN_EXE_bootstrap");

/// The function with these settings.
#[cfg(test)]
async fn started(settings: &[(&str, &str)]) -> vestibule_lambda_simulator::Lambda {
    vestibule_lambda_simulator::Lambda::start(std::path::Path::new(PROGRAM), settings).await
}
