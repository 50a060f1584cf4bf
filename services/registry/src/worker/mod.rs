//! What time asks of the registry: each job is done by one of many processes ([`vestibule_host::Job`]).

mod certificates;

use vestibule_eventlog::Metadata;

pub use certificates::CertificateJob;
pub(crate) use certificates::ROUND_EVERY as CERTIFICATES_EVERY;

/// Who did it, in the events of jobs.
const ACTOR: &str = "worker";

/// The metadata of events that a job causes.
pub(crate) fn metadata() -> Metadata {
    Metadata { actor: ACTOR.to_owned(), ..Metadata::default() }
}
