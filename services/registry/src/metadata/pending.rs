use vestibule_tenancy::connection::{Certificate, SamlIdentityProvider, SamlMetadata, Trust};

use super::document::digest_of;

/// A change of entity id or host, or one that goes back to what was before, that awaits an operator, or that one has declined.
pub(crate) struct Pending<'t> {
    /// Names it: the digest of what the metadata says.
    pub(crate) change: String,
    pub(crate) metadata: &'t SamlMetadata,
    pub(crate) declined: bool,
    trust: &'t Trust,
}

impl<'t> Pending<'t> {
    pub(crate) fn of(trust: &'t Trust) -> Option<Self> {
        let declined = trust.proposed.is_none();
        let metadata = trust.proposed.as_ref().or(trust.declined.as_ref())?;
        Some(Self { change: digest_of(metadata), metadata, declined, trust })
    }

    /// One line for each difference to what counts now.
    pub(crate) fn differences(&self) -> Vec<String> {
        let (now, then) = (&self.trust.identity_provider, &self.metadata.identity_provider);
        let mut lines = Vec::new();
        if now.entity_id != then.entity_id {
            lines.push(format!("entity id: {} -> {}", now.entity_id, then.entity_id));
        }
        let places = |one: &SamlIdentityProvider| -> Vec<String> {
            one.single_sign_on.iter().map(|endpoint| format!("{:?} {}", endpoint.binding, endpoint.location)).collect()
        };
        compared("single sign-on", &places(now), &places(then), &mut lines);
        let logout = |one: &SamlIdentityProvider| -> Vec<String> {
            one.single_logout.iter().map(|endpoint| format!("{:?} {}", endpoint.binding, endpoint.location)).collect()
        };
        compared("single logout", &logout(now), &logout(then), &mut lines);
        let names = |all: &[Certificate]| -> Vec<String> {
            all.iter().map(|one| format!("{} {}", one.fingerprint, one.subject)).collect()
        };
        let is_back = |one: &&Certificate| {
            self.trust.has_left(&one.fingerprint) || self.trust.retires_at(&one.fingerprint).is_some()
        };
        let back = self.metadata.certificates.iter().filter(is_back);
        lines.extend(back.map(|one| format!("certificate: named again: {} {}", one.fingerprint, one.subject)));
        compared("certificate", &names(&self.trust.certificates), &names(&self.metadata.certificates), &mut lines);
        // Somebody else wrote them, and they go to terminals.
        lines.iter().map(|line| line.chars().filter(|each| !each.is_control()).collect()).collect()
    }
}

fn compared(what: &str, now: &[String], then: &[String], lines: &mut Vec<String>) {
    lines.extend(now.iter().filter(|one| !then.contains(one)).map(|one| format!("{what}: - {one}")));
    lines.extend(then.iter().filter(|one| !now.contains(one)).map(|one| format!("{what}: + {one}")));
}
