//! The product in operation: services apart, processes that are killed, a log that somebody changes, traces.

#[cfg(test)]
mod apart;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod store;
#[cfg(test)]
mod tamper;
#[cfg(test)]
mod telemetry;
#[cfg(test)]
mod walk;
