//! Traces, metrics and logs of sign-ins, as a collector receives them over OTLP and an operator reads them.

pub(crate) mod collector;
mod secret;
mod trace;
