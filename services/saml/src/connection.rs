use base64::{Engine, prelude::BASE64_STANDARD};
use url::Url;
use vestibule_kernel::{Chain, ConnectionId, OrganizationId};
use vestibule_saml::{Certificate, Mapping, ServiceProvider, TrustedCertificates};
use vestibule_tenancy::connection::{self, Binding, Connection, SamlSettings, ServiceProviderAddresses, Trust};

use crate::mapping;

/// A connection made ready for requests and verdicts.
#[derive(Debug)]
pub(crate) struct ReadyConnection {
    pub(crate) id: ConnectionId,
    pub(crate) organization: OrganizationId,
    pub(crate) is_enabled: bool,
    /// The identity provider's entity id.
    pub(crate) identity_provider: String,
    /// Us, towards this identity provider.
    pub(crate) service_provider: ServiceProvider,
    /// Where requests go, and how; the binding we prefer.
    pub(crate) single_sign_on: Option<(Binding, Url)>,
    pub(crate) settings: SamlSettings,
    /// How its attributes are read, by the settings.
    pub(crate) mapping: Mapping,
    /// `None` when no certificate of the connection can be used: then nothing verifies.
    pub(crate) trusted: Option<TrustedCertificates>,
}

impl ReadyConnection {
    /// The connection in its present state; `None` when it does not exist.
    pub(crate) fn of(state: &Connection, public_url: &str) -> Option<Self> {
        let trust = state.trust()?;
        let addresses = ServiceProviderAddresses::of(public_url, trust.connection);
        Some(Self {
            id: trust.connection,
            organization: trust.organization,
            is_enabled: matches!(state, Connection::Enabled(_)),
            identity_provider: trust.identity_provider.entity_id.clone(),
            service_provider: ServiceProvider { entity_id: addresses.entity_id, acs_url: addresses.acs_url },
            single_sign_on: single_sign_on(trust),
            settings: trust.settings.clone(),
            mapping: mapping::of(&trust.settings),
            trusted: trusted(trust),
        })
    }
}

/// The redirect is one step less for the browser than a form, and works without scripts.
fn single_sign_on(trust: &Trust) -> Option<(Binding, Url)> {
    let endpoints = &trust.identity_provider.single_sign_on;
    let by = |binding| endpoints.iter().find(|endpoint| endpoint.binding == binding);
    let chosen = by(Binding::HttpRedirect).or_else(|| by(Binding::HttpPost))?;
    Some((chosen.binding, chosen.location.parse().ok()?))
}

fn trusted(trust: &Trust) -> Option<TrustedCertificates> {
    let read = |certificate: &connection::Certificate| {
        let der = BASE64_STANDARD.decode(&certificate.der).ok()?;
        Certificate::from_der(&der).ok()
    };
    let certificates: Vec<Certificate> = trust.certificates.iter().filter_map(read).collect();
    let ready = TrustedCertificates::new(certificates);
    ready.inspect_err(|error| {
        // Metadata was checked when it was recorded, so this is for an operator to see; sign-ins are refused.
        tracing::error!(connection = %trust.connection, error = %Chain(error), "no certificate of the connection is usable");
    }).ok()
}
