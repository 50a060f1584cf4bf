use base64::{Engine, prelude::BASE64_STANDARD};
use vestibule_kernel::{ConnectionId, OrganizationId};
use vestibule_saml_idp::{IdentityProvider, KeyType, SigningKey};
use vestibule_tenancy::connection::{
    Binding, Certificate, CertificateValidity, Endpoint, NewCertificates, SamlIdentityProvider, SamlMetadata,
    SamlSettings,
};

use super::{
    DAYS,
    world::{World, moment},
};

/// How an identity provider deals with the ends of its certificates.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Habit {
    /// It publishes the next one so many days before the end of the last.
    InTime(i64),
    /// It lets it end, and what counts is the key.
    TooLate,
    /// It lets it end where certificates are held to their validity.
    TooLateAndHeldToIt,
}

/// So many days after a certificate has ended, whoever is late publishes the next.
const LATE: i64 = 4;

/// An identity provider that changes its key whenever its certificate comes to its end.
pub(crate) struct Provider {
    pub(crate) organization: OrganizationId,
    pub(crate) connection: ConnectionId,
    pub(crate) habit: Habit,
    pub(crate) new_certificates: NewCertificates,
    place: i64,
    keys: Vec<SigningKey>,
    certificates: Vec<Certificate>,
    name: String,
}

impl Provider {
    pub(crate) fn new(place: usize, world: &World) -> Self {
        let habit = match place {
            0 => Habit::TooLate,
            1 => Habit::TooLateAndHeldToIt,
            _ => Habit::InTime([40, 20, 14, 10, 5, 2, 1][place % 7]),
        };
        let (organization, connection) = world.ids();
        let new_certificates =
            if place.is_multiple_of(3) { NewCertificates::AwaitApproval } else { NewCertificates::Trust };
        let (place, name) = (i64::try_from(place).unwrap(), format!("idp-{place}.test"));
        let mut provider = Self {
            organization,
            connection,
            habit,
            new_certificates,
            place,
            keys: Vec::new(),
            certificates: Vec::new(),
            name,
        };
        // One more than comes into view, so that the last one in view has a successor to come.
        for round in 0.. {
            let from = if round == 0 { 0 } else { provider.published(round) };
            if from > DAYS + 1 {
                break;
            }
            provider.make(round, from);
        }
        provider
    }

    fn make(&mut self, round: usize, from: i64) {
        let (from, until) = (moment(from.min(0)), moment(self.ends(round)));
        let key = SigningKey::generate(KeyType::EcP256, &self.name, from, until).unwrap();
        let read = vestibule_saml::Certificate::from_der(key.certificate_der()).unwrap();
        self.certificates.push(Certificate {
            fingerprint: read.fingerprint().to_string(),
            der: BASE64_STANDARD.encode(read.der()),
            subject: read.subject().to_owned(),
            not_before: read.not_before(),
            not_after: read.not_after(),
        });
        self.keys.push(key);
    }

    pub(crate) fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// How long a certificate lasts from the end of the one before.
    fn life(&self) -> i64 {
        120 + self.place * 3
    }

    /// The day on which a certificate ends.
    pub(crate) fn ends(&self, round: usize) -> i64 {
        self.life() * i64::try_from(round + 1).unwrap()
    }

    /// The day on which a certificate appears in metadata.
    pub(crate) fn published(&self, round: usize) -> i64 {
        let Some(before) = round.checked_sub(1) else { return 0 };
        match self.habit {
            Habit::InTime(lead) => self.ends(before) - lead,
            Habit::TooLate | Habit::TooLateAndHeldToIt => self.ends(before) + LATE,
        }
    }

    /// The day from which it signs: a day after it appeared where it appears early, and at once where there is no time.
    fn signs_from(&self, round: usize) -> i64 {
        let wait = matches!(self.habit, Habit::InTime(lead) if lead > 1);
        if round == 0 { 0 } else { self.published(round) + i64::from(wait) }
    }

    /// The day on which a certificate disappears from metadata: with the change of keys, or three days later.
    pub(crate) fn dropped(&self, round: usize) -> i64 {
        self.signs_from(round + 1) + if self.place % 2 == 0 { 3 } else { 0 }
    }

    fn rounds(&self) -> std::ops::Range<usize> {
        0..self.keys.len()
    }

    /// The certificates in metadata on a day.
    fn named(&self, day: i64) -> Vec<Certificate> {
        let is_named = |round: &usize| self.published(*round) <= day && day < self.dropped(*round);
        self.rounds().filter(is_named).map(|round| self.certificates[round].clone()).collect()
    }

    pub(crate) fn publishes_news(&self, day: i64) -> bool {
        day > 0 && self.named(day) != self.named(day - 1)
    }

    /// The days around each change, and some others.
    pub(crate) fn is_interesting(&self, day: i64) -> bool {
        let changes = |round: usize| {
            let (signs, ends) = (self.signs_from(round), self.ends(round));
            [signs - 1, signs, self.dropped(round), ends, ends + 1].contains(&day)
        };
        (day + self.place) % 60 == 0 || self.rounds().any(changes)
    }

    fn signing(&self, day: i64) -> usize {
        self.rounds().rfind(|round| self.signs_from(*round) <= day).unwrap()
    }

    /// How many certificates signed somebody in, or nobody who was let in.
    pub(crate) fn used(&self) -> usize {
        self.signing(DAYS) + 1
    }

    pub(crate) fn metadata(&self, day: i64) -> SamlMetadata {
        SamlMetadata {
            identity_provider: SamlIdentityProvider {
                entity_id: format!("https://{}/saml", self.name),
                single_sign_on: vec![Endpoint {
                    binding: Binding::HttpRedirect,
                    location: format!("https://{}/sso", self.name),
                }],
                wants_authn_requests_signed: false,
                single_logout: Vec::new(),
                name_id_formats: Vec::new(),
                metadata_valid_until: None,
            },
            certificates: self.named(day),
        }
    }

    pub(crate) fn settings(&self) -> SamlSettings {
        // Whoever is in time need not fear to be held to it.
        let held =
            self.habit == Habit::TooLateAndHeldToIt || matches!(self.habit, Habit::InTime(_)) && self.place % 2 == 1;
        let certificate_validity = if held { CertificateValidity::Enforce } else { CertificateValidity::Warn };
        SamlSettings { certificate_validity, ..SamlSettings::default() }
    }

    /// The identity provider as it signs on a day.
    pub(crate) fn on(&self, day: i64) -> IdentityProvider {
        let key = self.keys[self.signing(day)].clone();
        IdentityProvider::new(format!("https://{}/saml", self.name), format!("https://{}/sso", self.name), key)
    }
}
