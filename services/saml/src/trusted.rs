use base64::{Engine, prelude::BASE64_STANDARD};
use vestibule_kernel::{Chain, Timestamp};
use vestibule_saml::{Certificate, TrustedCertificates};
use vestibule_tenancy::connection::{self, Trust};

/// The certificates of a connection, made ready. Which of them are trusted is a question of time: one that the identity
/// provider's metadata has stopped naming counts until its moment, whether or not anybody has noted that it has come.
#[derive(Debug)]
pub(crate) struct Trusted(Vec<Period>);

/// What is trusted until a moment comes.
#[derive(Debug)]
struct Period {
    /// `None`: from then on.
    until: Option<Timestamp>,
    /// `None` when no certificate can be used: then nothing verifies.
    certificates: Option<TrustedCertificates>,
}

impl Trusted {
    pub(crate) fn of(trust: &Trust) -> Self {
        let leaves = |one: &connection::Certificate| trust.retires_at(&one.fingerprint);
        let mut ends: Vec<Timestamp> = trust.certificates.iter().filter_map(leaves).collect();
        ends.sort_unstable();
        ends.dedup();
        let periods = ends.into_iter().map(Some).chain([None]);
        Self(periods.map(|until| Period { until, certificates: ready(trust, until) }).collect())
    }

    /// The certificates that are trusted now; `None` when none can be used.
    pub(crate) fn at(&self, now: Timestamp) -> Option<&TrustedCertificates> {
        let period = self.0.iter().find(|period| period.until.is_none_or(|until| now < until))?;
        period.certificates.as_ref()
    }
}

/// The certificates that are trusted until then: those that leave at that moment, or later, or not.
fn ready(trust: &Trust, until: Option<Timestamp>) -> Option<TrustedCertificates> {
    let lasts = |one: &&connection::Certificate| match (trust.retires_at(&one.fingerprint), until) {
        (None, _) => true,
        (Some(leaves), Some(until)) => leaves >= until,
        (Some(_), None) => false,
    };
    let read = |certificate: &connection::Certificate| {
        let der = BASE64_STANDARD.decode(&certificate.der).ok()?;
        Certificate::from_der(&der).ok()
    };
    let certificates: Vec<Certificate> = trust.certificates.iter().filter(lasts).filter_map(read).collect();
    let ready = TrustedCertificates::new(certificates);
    ready.inspect_err(|error| {
        // Metadata was checked when it was recorded, so this is for an operator to see; sign-ins are refused.
        tracing::error!(connection = %trust.connection, error = %Chain(&error), "no certificate of the connection is usable");
    }).ok()
}
