use std::{collections::HashSet, time::Duration};

use url::Url;
use vestibule_kernel::{ConnectionId, OrganizationId};
use vestibule_saml::{Mapping, ServiceProvider};
use vestibule_tenancy::connection::{
    Binding, Connection, Encryption, Provider, SamlSettings, ServiceProviderAddresses, SignRequests, Tried, Trust,
};

use crate::{mapping, trusted::Trusted};

/// A connection made ready for requests and verdicts.
#[derive(Debug)]
pub(crate) struct ReadyConnection {
    pub(crate) id: ConnectionId,
    pub(crate) organization: OrganizationId,
    pub(crate) is_enabled: bool,
    /// Whether its metadata is read from an address.
    pub(crate) reads_metadata: bool,
    /// The identity provider's entity id.
    pub(crate) identity_provider: String,
    /// Us, towards this identity provider.
    pub(crate) service_provider: ServiceProvider,
    /// Where logout messages arrive.
    pub(crate) slo_url: String,
    /// Where requests go, and how; the binding we prefer.
    pub(crate) single_sign_on: Option<(Binding, Url)>,
    /// Where logout messages go.
    pub(crate) single_logout: Option<LogoutEndpoint>,
    /// Whether our requests are signed.
    pub(crate) signs_requests: bool,
    pub(crate) settings: SamlSettings,
    /// What a test sign-in tries.
    pub(crate) tried: Tried,
    /// How its attributes are read, by the settings.
    pub(crate) mapping: Mapping,
    pub(crate) trusted: Trusted,
    /// The fingerprints of certificates by which somebody has signed in.
    pub(crate) promoted: HashSet<String>,
}

/// Where an identity provider takes logout messages.
#[derive(Debug)]
pub(crate) struct LogoutEndpoint {
    pub(crate) binding: Binding,
    /// Where LogoutRequests go.
    pub(crate) requests: Url,
    /// Where LogoutResponses go.
    pub(crate) responses: Url,
}

impl ReadyConnection {
    /// The connection in its present state; `None` when it does not exist.
    pub(crate) fn of(state: &Connection, public_url: &str) -> Option<Self> {
        let trust = state.trust()?;
        let addresses = ServiceProviderAddresses::of(public_url, trust.connection);
        let promoted = |fingerprint: &&String| trust.progress(fingerprint).promoted;
        Some(Self {
            id: trust.connection,
            organization: trust.organization,
            is_enabled: matches!(state, Connection::Enabled(_)),
            reads_metadata: trust.metadata_source.is_some(),
            identity_provider: trust.identity_provider.entity_id.clone(),
            service_provider: ServiceProvider { entity_id: addresses.entity_id, acs_url: addresses.acs_url },
            slo_url: addresses.slo_url,
            single_sign_on: single_sign_on(trust),
            single_logout: single_logout(trust),
            signs_requests: match trust.settings.sign_requests {
                SignRequests::Always => true,
                SignRequests::Never => false,
                SignRequests::WhenAsked => trust.identity_provider.wants_authn_requests_signed,
            },
            settings: trust.settings.clone(),
            tried: trust.tried(),
            mapping: mapping::of(&trust.settings),
            trusted: Trusted::of(trust),
            promoted: trust.certificates.iter().map(|one| &one.fingerprint).filter(promoted).cloned().collect(),
        })
    }
}

impl ReadyConnection {
    /// By how much the identity provider's clock may differ, which is the deployment's measure where the connection has none
    /// of its own.
    pub(crate) fn skew(&self, usual: Duration) -> Duration {
        self.settings.clock_skew_seconds.map_or(usual, |seconds| Duration::from_secs(seconds.into()))
    }

    /// Whether an Assertion that is not encrypted is refused.
    pub(crate) fn requires_encryption(&self) -> bool {
        self.settings.encryption == Encryption::Required
    }

    /// Whether our metadata asks to encrypt. AD FS encrypts for every certificate that it finds there, with AES-CBC and
    /// without signing the Response, which is refused; so it finds one only where encryption is what was wanted.
    pub(crate) fn publishes_encryption_keys(&self) -> bool {
        self.requires_encryption() || self.settings.provider != Provider::AdFs
    }
}

/// The redirect is one step less for the browser than a form, and works without scripts.
fn single_sign_on(trust: &Trust) -> Option<(Binding, Url)> {
    let endpoints = &trust.identity_provider.single_sign_on;
    let by = |binding| endpoints.iter().find(|endpoint| endpoint.binding == binding);
    let chosen = by(Binding::HttpRedirect).or_else(|| by(Binding::HttpPost))?;
    Some((chosen.binding, chosen.location.parse().ok()?))
}

/// By redirect where there is a choice: an identity provider that signs people out of many applications at once does so in
/// frames, and our pages, a form among them, are shown in no frame.
fn single_logout(trust: &Trust) -> Option<LogoutEndpoint> {
    let endpoints = &trust.identity_provider.single_logout;
    let by = |binding| endpoints.iter().find(|endpoint| endpoint.binding == binding);
    let chosen = by(Binding::HttpRedirect).or_else(|| by(Binding::HttpPost))?;
    let requests: Url = chosen.location.parse().ok()?;
    let responses = match &chosen.response_location {
        Some(location) => location.parse().ok()?,
        None => requests.clone(),
    };
    Some(LogoutEndpoint { binding: chosen.binding, requests, responses })
}
