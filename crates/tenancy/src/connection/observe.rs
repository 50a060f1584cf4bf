//! What an identity provider's metadata says of itself, held against what is known.

use std::time::Duration;

use vestibule_kernel::Timestamp;

use super::{
    Configured, Event, MetadataChangeProposed, MetadataChangeSettled, NewCertificates, ObserveMetadata, Rejection,
    SamlIdentityProvider, SamlMetadata, Trust, certificate::By, decide::usable,
};

/// An identity provider may stamp each copy of its metadata with another `validUntil`: a new one is only recorded when the
/// recorded one is about to end.
const VALIDITY_ENDS_SOON: Duration = Duration::from_hours(1);

impl Trust {
    pub(super) fn observe(&self, observed: &ObserveMetadata) -> Result<Vec<Event>, Rejection> {
        let ObserveMetadata { metadata, trust, at } = observed;
        let SamlMetadata { identity_provider, certificates } = usable(metadata)?;
        if self.moves_to(identity_provider) {
            let is_news = self.proposed.as_ref().is_none_or(|proposed| !is_same(proposed, metadata));
            let SamlMetadata { identity_provider, certificates } = metadata.clone();
            let proposed = MetadataChangeProposed { identity_provider, certificates };
            return Ok(is_news.then(|| proposed.into()).into_iter().collect());
        }
        let mut events: Vec<Event> = Vec::new();
        events.extend(self.proposed.is_some().then(|| MetadataChangeSettled { approved: false }.into()));
        events.extend(self.described(identity_provider, *at));
        events.extend(self.named(certificates, By::Observation { trust: *trust, at: *at }));
        Ok(events)
    }

    pub(super) fn approve(&self, at: Timestamp) -> Result<Vec<Event>, Rejection> {
        let proposed = self.proposed.as_ref().ok_or(Rejection::NothingProposed)?;
        let mut events: Vec<Event> = vec![MetadataChangeSettled { approved: true }.into()];
        events.extend(self.described(&proposed.identity_provider, at));
        let by = By::Observation { trust: NewCertificates::Trust, at };
        events.extend(self.named(&proposed.certificates, by));
        Ok(events)
    }

    /// Whether it is another identity provider, or people would be sent to another host than before.
    fn moves_to(&self, described: &SamlIdentityProvider) -> bool {
        let before = &self.identity_provider;
        let is_known = |origin: &str| before.single_sign_on.iter().any(|known| self::origin(&known.location) == origin);
        described.entity_id != before.entity_id
            || described.single_sign_on.iter().any(|endpoint| !is_known(origin(&endpoint.location)))
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

/// Scheme and authority, as text: what is equal here is the same host, and what is not may be.
fn origin(location: &str) -> &str {
    let Some((scheme, rest)) = location.split_once("://") else { return location };
    let authority = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
    location.get(..scheme.len() + "://".len() + authority).unwrap_or(location)
}
