//! What becomes of certificates: by metadata, by an operator, by use, by time.

use std::{collections::HashSet, time::Duration};

use vestibule_kernel::Timestamp;

use crate::connection::{
    Certificate, CertificateExpired, CertificateObserved, CertificateOverlapping, CertificatePromoted,
    CertificateRenewalRequired, CertificateRenewed, CertificateRetired, CertificateTrusted, Event, NewCertificates,
    Progress, Rejection, Trust,
};

/// For how long a certificate is trusted after the identity provider's metadata has stopped naming it: whoever is about
/// to arrive with a signature by it still gets in.
pub const OVERLAP_MAX: Duration = Duration::from_hours(24);

/// How many days before the end of a certificate its renewal is required, again and again.
pub const RENEWAL_DAYS: [u16; 5] = [30, 14, 7, 3, 1];

/// What becomes of certificates that a document names, and of those that it does not.
#[derive(Clone, Copy)]
pub(in crate::connection) enum By {
    /// An operator imports it: those that it names are trusted, the others are not, at once.
    Import,
    /// It was found at its address at this time.
    Observation { trust: NewCertificates, at: Timestamp },
    /// It was found there, and an operator has looked at it.
    Approval { at: Timestamp },
}

impl Trust {
    /// First the new certificates, then what they mean to the others, then those that go: there is no moment without one.
    pub(in crate::connection) fn named(&self, named: &[Certificate], by: By) -> Vec<Event> {
        let mut seen = HashSet::new();
        let named: Vec<&Certificate> = named.iter().filter(|one| seen.insert(one.fingerprint.as_str())).collect();
        let is_named = |fingerprint: &str| named.iter().any(|named| named.fingerprint == fingerprint);
        let (mut trusted, mut events) = (Vec::new(), Vec::new());
        for certificate in named.iter().copied().filter(|one| !self.stays(&one.fingerprint)) {
            let fingerprint = &certificate.fingerprint;
            match by {
                By::Observation { .. } | By::Approval { .. } if holds(&self.refused, fingerprint) => {}
                By::Observation { trust, .. } if self.awaits_approval(fingerprint, trust) => {
                    if !holds(&self.observed, fingerprint) {
                        events.push(CertificateObserved { certificate: certificate.clone() }.into());
                    }
                }
                By::Import | By::Observation { .. } | By::Approval { .. } => trusted.push(certificate),
            }
        }
        events.extend(trusted.iter().map(|one| CertificateTrusted { certificate: (*one).clone() }.into()));
        for known in &self.certificates {
            let goes = !is_named(&known.fingerprint);
            events.extend(self.renewed(known, &trusted));
            events.extend(match by {
                By::Import if goes => Some(retired(&known.fingerprint, false)),
                By::Observation { at, .. } | By::Approval { at }
                    if goes && self.retires_at(&known.fingerprint).is_none() =>
                {
                    Some(overlapping(&known.fingerprint, Some(at.plus(OVERLAP_MAX))))
                }
                _ if goes => None,
                _ => self.succeeded(known, &trusted),
            });
        }
        let unseen = self.observed.iter().filter(|one| !is_named(&one.fingerprint));
        events.extend(unseen.map(|one| retired(&one.fingerprint, false)));
        events
    }

    /// Whether metadata alone does not make it trusted: one that it has left out for longer than an overlap may be stolen by
    /// now, and an old copy of the metadata names it still.
    fn awaits_approval(&self, fingerprint: &str, trust: NewCertificates) -> bool {
        let is_new = !holds(&self.certificates, fingerprint);
        is_new && (trust == NewCertificates::AwaitApproval || self.has_left(fingerprint))
    }

    pub(in crate::connection) fn trust(&self, fingerprint: &str) -> Result<Vec<Event>, Rejection> {
        if self.stays(fingerprint) {
            return Ok(vec![]);
        }
        let known = self.all_certificates().map(|(known, _)| known).find(|known| known.fingerprint == fingerprint);
        let certificate = known.ok_or(Rejection::CertificateNotFound)?;
        let mut events = vec![CertificateTrusted { certificate: certificate.clone() }.into()];
        for known in self.certificates.iter().filter(|known| known.fingerprint != fingerprint) {
            events.extend(self.renewed(known, &[certificate]));
            events.extend(self.succeeded(known, &[certificate]));
        }
        self.few_enough(events)
    }

    pub(in crate::connection) fn retire(&self, fingerprint: &str) -> Result<Vec<Event>, Rejection> {
        if holds(&self.refused, fingerprint) {
            return Ok(vec![]);
        }
        let is_trusted = holds(&self.certificates, fingerprint);
        // One that leaves by itself does not keep the door open: of those that stay the last one stays.
        let mut others = self.certificates.iter().filter(|other| other.fingerprint != fingerprint).peekable();
        let is_only = others.peek().is_none();
        if is_trusted && (is_only || self.stays(fingerprint) && !others.any(|other| self.stays(&other.fingerprint))) {
            return Err(Rejection::LastCertificate);
        }
        if is_trusted || holds(&self.observed, fingerprint) {
            Ok(vec![retired(fingerprint, true)])
        } else {
            Err(Rejection::CertificateNotFound)
        }
    }

    /// Of a certificate that is not trusted any more nothing is noted: it was when the assertion was judged.
    pub(in crate::connection) fn promote(&self, fingerprint: &str) -> Vec<Event> {
        let first = holds(&self.certificates, fingerprint) && !self.progress(fingerprint).promoted;
        first.then(|| CertificatePromoted { fingerprint: fingerprint.to_owned() }.into()).into_iter().collect()
    }

    pub(in crate::connection) fn note_time(&self, now: Timestamp) -> Vec<Event> {
        self.certificates.iter().filter_map(|certificate| self.aged(certificate, now)).collect()
    }

    /// Those whose time was over by then go.
    pub(in crate::connection) fn left(&self, by: Timestamp) -> Vec<Event> {
        let is_over = |one: &&Certificate| self.retires_at(&one.fingerprint).is_some_and(|at| at <= by);
        self.certificates.iter().filter(is_over).map(|one| retired(&one.fingerprint, false)).collect()
    }

    /// The one thing to note of a certificate: what was missed meanwhile is told no more.
    fn aged(&self, certificate: &Certificate, now: Timestamp) -> Option<Event> {
        let Certificate { fingerprint, not_after, .. } = certificate;
        let progress = self.progress(fingerprint);
        if let Some(retires_at) = progress.retires_at {
            return (retires_at <= now).then(|| retired(fingerprint, false));
        }
        let (fingerprint, not_after) = (fingerprint.clone(), *not_after);
        // RFC 5280 section 4.1.2.5: the end of the validity belongs to it.
        if not_after < now {
            return (!progress.expired).then(|| CertificateExpired { fingerprint, not_after }.into());
        }
        if self.lasts_longer(certificate).is_some() {
            return None;
        }
        let days = RENEWAL_DAYS.into_iter().filter(|days| not_after.minus(days_long(*days)) <= now).min()?;
        let is_news = progress.announced_days.is_none_or(|announced| days < announced);
        is_news.then(|| CertificateRenewalRequired { fingerprint, days, not_after }.into())
    }

    /// Whether the certificate is trusted without an end.
    fn stays(&self, fingerprint: &str) -> bool {
        holds(&self.certificates, fingerprint) && self.retires_at(fingerprint).is_none()
    }

    fn renewed(&self, known: &Certificate, trusted: &[&Certificate]) -> Option<Event> {
        let Progress { renewed, expired, .. } = self.progress(&known.fingerprint);
        if renewed || expired {
            return None;
        }
        let successor = trusted.iter().find(|one| one.not_after > known.not_after)?;
        let (fingerprint, successor) = (known.fingerprint.clone(), successor.fingerprint.clone());
        Some(CertificateRenewed { fingerprint, successor }.into())
    }

    fn succeeded(&self, known: &Certificate, trusted: &[&Certificate]) -> Option<Event> {
        let has_successor = trusted.iter().any(|one| one.fingerprint != known.fingerprint);
        let is_news = has_successor && !self.progress(&known.fingerprint).overlapping;
        is_news.then(|| overlapping(&known.fingerprint, None))
    }
}

fn holds(certificates: &[Certificate], fingerprint: &str) -> bool {
    certificates.iter().any(|known| known.fingerprint == fingerprint)
}

fn overlapping(fingerprint: &str, retires_at: Option<Timestamp>) -> Event {
    CertificateOverlapping { fingerprint: fingerprint.to_owned(), retires_at }.into()
}

fn retired(fingerprint: &str, by_operator: bool) -> Event {
    CertificateRetired { fingerprint: fingerprint.to_owned(), by_operator }.into()
}

fn days_long(days: u16) -> Duration {
    Duration::from_hours(24 * u64::from(days))
}
