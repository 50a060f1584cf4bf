//! What an identity provider's metadata says of itself, held against what is known.

use std::time::Duration;

use vestibule_kernel::Timestamp;

use super::{
    Certificate, CertificateTrusted, Configured, Endpoint, Event, MetadataChangeProposed, MetadataChangeSettled,
    ObserveMetadata, Rejection, SamlIdentityProvider, SamlMetadata, Trust, certificate::By, decide::usable,
};

/// An identity provider may stamp each copy of its metadata with another `validUntil`: a new one is only recorded when the
/// recorded one is about to end.
const VALIDITY_ENDS_SOON: Duration = Duration::from_hours(1);

/// Certificates that are trusted at once because metadata names them, or has named them a day ago.
pub const CERTIFICATES_MAX: usize = 16;

impl Trust {
    pub(super) fn observe(&self, observed: &ObserveMetadata) -> Result<Vec<Event>, Rejection> {
        let ObserveMetadata { metadata, trust, at, provenance } = observed;
        let SamlMetadata { identity_provider, certificates } = usable(metadata)?;
        // Whose time was over is not trusted, whether or not anybody has noted that: a document that names it again names a
        // new one.
        let mut gone = self.left(*at);
        if !gone.is_empty() {
            let now = gone.iter().fold(self.clone(), Self::aged_by);
            gone.extend(now.observe(observed)?);
            return Ok(gone);
        }
        let events = if self.moves_to(identity_provider) || self.goes_back(observed) {
            self.proposes(observed).into_iter().collect()
        } else {
            let mut events: Vec<Event> = self.withdrawn().into_iter().collect();
            events.extend(self.described(identity_provider, *at));
            events.extend(self.named(certificates, By::Observation { trust: *trust, at: *at }));
            self.few_enough(events)?
        };
        // An older copy that says what is known does no harm.
        if provenance.is_older && !events.is_empty() { Err(Rejection::MetadataOutdated) } else { Ok(events) }
    }

    /// Whether signed metadata brings back what it has left out before, or is what it was before something else replaced it:
    /// an old copy, replayed or of a stale mirror, looks just like that. Where no signature is asked for nothing is gained by
    /// holding it up: whoever could replay it could as well write it, and whoever mends it afterwards goes back.
    fn goes_back(&self, observed: &ObserveMetadata) -> bool {
        if self.metadata_source.as_ref().is_none_or(|source| source.pinned_key_der.is_none()) {
            return false;
        }
        let certificates = &observed.metadata.certificates;
        let is_refused = |one: &Certificate| self.refused.iter().any(|known| known.fingerprint == one.fingerprint);
        let brings_back = |one: &Certificate| {
            !is_refused(one) && (self.has_left(&one.fingerprint) || self.retires_at(&one.fingerprint).is_some())
        };
        let was_replaced = observed.provenance.digest.as_ref().is_some_and(|it| self.refresh.replaced.contains(it));
        let changes_trust = || {
            let by = By::Observation { trust: observed.trust, at: observed.at };
            let trusts =
                |event: &Event| matches!(event, Event::CertificateTrusted(_) | Event::CertificateOverlapping(_));
            self.named(certificates, by).iter().any(trusts)
        };
        certificates.iter().any(brings_back) || was_replaced && changes_trust()
    }

    /// Nothing where an operator sees it already, or has declined it. Nobody can approve what is not to be believed any more,
    /// so that a document that is stamped anew is shown anew when the stamp that was shown is about to run out.
    fn proposes(&self, observed: &ObserveMetadata) -> Option<Event> {
        let metadata = &observed.metadata;
        let runs_out = |one: &SamlMetadata| {
            let until = one.identity_provider.metadata_valid_until;
            until.is_some_and(|until| until <= observed.at.plus(VALIDITY_ENDS_SOON))
                && until != metadata.identity_provider.metadata_valid_until
        };
        let is_known = match (&self.proposed, &self.declined) {
            (Some(proposed), _) => is_same(proposed, metadata) && !runs_out(proposed),
            (None, Some(declined)) => {
                is_same(declined, metadata) && !(observed.provenance.is_wanted && runs_out(declined))
            }
            (None, None) => false,
        };
        let SamlMetadata { identity_provider, certificates } = metadata.clone();
        (!is_known).then(|| MetadataChangeProposed { identity_provider, certificates }.into())
    }

    /// What was proposed, or declined, is not what the metadata says.
    pub(super) fn withdrawn(&self) -> Option<Event> {
        let waits = self.proposed.is_some() || self.declined.is_some();
        waits.then(|| MetadataChangeSettled { approved: false, declined: false }.into())
    }

    /// Certificates leave a day after metadata has stopped naming them. A document that names others every time shall not
    /// bring so many together that no signature can be verified any more.
    pub(super) fn few_enough(&self, events: Vec<Event>) -> Result<Vec<Event>, Rejection> {
        let known = |added: &CertificateTrusted| {
            self.certificates.iter().any(|known| known.fingerprint == added.certificate.fingerprint)
        };
        let is_new = |event: &&Event| matches!(event, Event::CertificateTrusted(added) if !known(added));
        let together = self.certificates.len() + events.iter().filter(is_new).count();
        if together > CERTIFICATES_MAX { Err(Rejection::TooManyCertificates) } else { Ok(events) }
    }

    pub(super) fn approve(&self, at: Timestamp) -> Result<Vec<Event>, Rejection> {
        // Whoever has declined it may think better of it.
        let proposed = self.proposed.as_ref().or(self.declined.as_ref()).ok_or(Rejection::NothingProposed)?;
        // SAML metadata section 2.3.2: not to be used after `validUntil`, whoever approves it.
        if proposed.identity_provider.metadata_valid_until.is_some_and(|until| until <= at) {
            return Err(Rejection::ProposalExpired);
        }
        let mut events: Vec<Event> = vec![MetadataChangeSettled { approved: true, declined: false }.into()];
        events.extend(self.described(&proposed.identity_provider, at));
        events.extend(self.named(&proposed.certificates, By::Approval { at }));
        self.few_enough(events)
    }

    pub(super) fn decline(&self) -> Result<Vec<Event>, Rejection> {
        match (&self.proposed, &self.declined) {
            (Some(_), _) => Ok(vec![MetadataChangeSettled { approved: false, declined: true }.into()]),
            (None, Some(_)) => Ok(vec![]),
            (None, None) => Err(Rejection::NothingProposed),
        }
    }

    /// Whether it is another identity provider, or people would be sent to another host than before.
    fn moves_to(&self, described: &SamlIdentityProvider) -> bool {
        let before = &self.identity_provider;
        let is_known = |location: &str| places(before).any(|known| origin(known) == origin(location));
        let begins_elsewhere = |endpoint: &Endpoint| {
            before.single_sign_on.iter().all(|known| origin(&known.location) != origin(&endpoint.location))
        };
        described.entity_id != before.entity_id
            || described.single_sign_on.iter().any(begins_elsewhere)
            || !places(described).all(is_known)
    }

    fn described(&self, described: &SamlIdentityProvider, at: Timestamp) -> Option<Event> {
        let before = &self.identity_provider;
        let is_stale = before.metadata_valid_until.is_none_or(|until| until <= at.plus(VALIDITY_ENDS_SOON));
        let comparable =
            |one: &SamlIdentityProvider| SamlIdentityProvider { metadata_valid_until: None, ..one.clone() };
        let differs = if is_stale { before != described } else { comparable(before) != comparable(described) };
        let identity_provider = differs.then(|| described.clone())?;
        Some(Configured { identity_provider: Some(identity_provider), ..Configured::default() }.into())
    }
}

/// The same proposal, apart from how long the document is meant to be believed.
fn is_same(one: &SamlMetadata, other: &SamlMetadata) -> bool {
    let comparable = |one: &SamlMetadata| SamlMetadata {
        identity_provider: SamlIdentityProvider { metadata_valid_until: None, ..one.identity_provider.clone() },
        certificates: one.certificates.clone(),
    };
    comparable(one) == comparable(other)
}

/// All addresses that people are sent to: to sign in, and to be signed out, which tells who they are.
fn places(described: &SamlIdentityProvider) -> impl Iterator<Item = &str> {
    let begins = described.single_sign_on.iter().map(|endpoint| endpoint.location.as_str());
    let ends = described.single_logout.iter().flat_map(|endpoint| {
        [Some(endpoint.location.as_str()), endpoint.response_location.as_deref()].into_iter().flatten()
    });
    begins.chain(ends)
}

/// Scheme and authority, as text: what is equal here is the same host, and what is not may be.
fn origin(location: &str) -> &str {
    let Some((scheme, rest)) = location.split_once("://") else { return location };
    let authority = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
    location.get(..scheme.len() + "://".len() + authority).unwrap_or(location)
}
