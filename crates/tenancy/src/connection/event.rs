use serde::{Deserialize, Serialize};
use vestibule_decider::{EventBody, Reservation, Schema, domain_event};
use vestibule_kernel::{ConnectionId, OrganizationId, Timestamp};

use super::{
    CertificateExpired, CertificateObserved, CertificateOverlapping, CertificatePromoted, CertificateRenewalRequired,
    CertificateRenewed, CertificateRetired, CertificateTrusted, KeyActionRequired, KeyActivated, KeyAdded,
    KeyDestroyed, KeyRetired, MetadataRefreshFailed, MetadataRefreshed, SamlSettings, TEST,
};

/// A SAML binding of an endpoint (SAML Bindings sections 3.4 and 3.5).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum Binding {
    /// `urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect`.
    #[serde(rename = "HTTP-Redirect")]
    HttpRedirect,
    /// `urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST`.
    #[serde(rename = "HTTP-POST")]
    HttpPost,
}

/// Where an identity provider listens.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Endpoint {
    /// How it wants to be spoken to.
    pub binding: Binding,
    /// Its URL.
    pub location: String,
}

/// Where an identity provider takes logout messages (SAML metadata section 2.4.1).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct LogoutEndpoint {
    /// How it wants to be spoken to.
    pub binding: Binding,
    /// Where requests go, and answers when there is no other address for them.
    pub location: String,
    /// Where answers go (SAML metadata section 2.2.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_location: Option<String>,
}

/// A signing certificate of an identity provider. The certificate is public; the trust is in its key.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Certificate {
    /// SHA-256 over the DER, lower-case hex: its name everywhere.
    pub fingerprint: String,
    /// The certificate, DER in base64.
    pub der: String,
    /// Its subject, for people.
    pub subject: String,
    /// Start of its validity.
    pub not_before: Timestamp,
    /// End of its validity.
    pub not_after: Timestamp,
}

/// What is known of a SAML identity provider from its metadata, certificates aside.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SamlIdentityProvider {
    /// Its entity id; may appear in many organizations.
    pub entity_id: String,
    /// Where it takes requests, one for each binding.
    pub single_sign_on: Vec<Endpoint>,
    /// Whether it asks for signed requests.
    pub wants_authn_requests_signed: bool,
    /// Where it takes logout messages, one for each binding.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub single_logout: Vec<LogoutEndpoint>,
    /// The NameID formats that it offers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub name_id_formats: Vec<String>,
    /// How long the document is meant to be believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_valid_until: Option<Timestamp>,
}

/// Where an identity provider publishes its metadata.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct MetadataSource {
    /// The URL.
    pub url: String,
    /// The certificate (DER in base64) whose key must have signed the document; `None`: what comes over TLS is believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_key_der: Option<String>,
    /// Whether certificates that it adds are only observed until an operator approves them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub requires_approval: bool,
}

/// The connection exists; it is not live yet.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Created {
    /// Its id, part of its ACS URL and service provider entity id for ever.
    pub connection: ConnectionId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// What people read when they have to choose.
    pub display_name: String,
    /// The identity provider.
    pub identity_provider: SamlIdentityProvider,
    /// Its signing certificates, in the order of the metadata; at least one.
    pub certificates: Vec<Certificate>,
}

impl EventBody for Created {
    const SCHEMA: Schema = Schema::new("connection.created", 1, &[]);
}

/// Properties changed; what is absent stayed as it was. Certificates change by their own events.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Configured {
    /// The new display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The new identity provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_provider: Option<SamlIdentityProvider>,
    /// The new settings, as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<SamlSettings>,
    /// Where its metadata is read from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_source: Option<SourceChange>,
}

/// A change of where metadata is read from.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SourceChange {
    /// The new source; `None`: it is imported by hand from now on.
    pub to: Option<MetadataSource>,
}

impl EventBody for Configured {
    const SCHEMA: Schema = Schema::new("connection.configured", 1, &[]);
}

/// The identity provider's metadata names another entity id, or an address of another host, or signed metadata goes back to
/// what it has replaced: nothing of it counts until an operator has approved it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct MetadataChangeProposed {
    /// The identity provider as it describes itself now.
    pub identity_provider: SamlIdentityProvider,
    /// Its signing certificates now.
    pub certificates: Vec<Certificate>,
}

impl EventBody for MetadataChangeProposed {
    const SCHEMA: Schema = Schema::new("connection.metadata_change_proposed", 1, &[]);
}

/// What was proposed waits no longer.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct MetadataChangeSettled {
    /// Whether an operator approved it; otherwise the metadata says what it said before, or another was imported.
    pub approved: bool,
    /// Whether an operator declined it: then the same change is not proposed again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub declined: bool,
}

impl EventBody for MetadataChangeSettled {
    const SCHEMA: Schema = Schema::new("connection.metadata_change_settled", 1, &[]);
}

/// People may sign in through it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Enabled {}

impl EventBody for Enabled {
    const SCHEMA: Schema = Schema::new("connection.enabled", 1, &[]);
}

/// Nobody may sign in through it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Disabled {
    /// Why, for operators.
    pub note: String,
}

impl EventBody for Disabled {
    const SCHEMA: Schema = Schema::new("connection.disabled", 1, &[]);
}

/// A test sign-in passed, with certificates and settings as they are. Nobody was signed in.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Tested {
    /// The test's id.
    pub test: String,
    /// The certificate whose key verified the answer.
    pub certificate_fingerprint: String,
    /// When.
    pub tested_at: Timestamp,
}

impl EventBody for Tested {
    const SCHEMA: Schema = Schema::new("connection.tested", 1, &[]);
}

/// People begin their sign-ins over another connection from now on. Whoever is on the way, or has tokens through this one,
/// is let be until the overlap ends.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Replaced {
    /// The other one.
    pub by: ConnectionId,
    /// When it is disabled.
    pub until: Timestamp,
}

impl EventBody for Replaced {
    const SCHEMA: Schema = Schema::new("connection.replaced", 1, &[]);
}

domain_event! {
    /// What can have happened to a connection.
    pub enum Event {
        /// See [`Created`].
        Created(Created),
        /// See [`Configured`].
        Configured(Configured),
        /// See [`CertificateObserved`].
        CertificateObserved(CertificateObserved),
        /// See [`CertificateTrusted`].
        CertificateTrusted(CertificateTrusted),
        /// See [`CertificateOverlapping`].
        CertificateOverlapping(CertificateOverlapping),
        /// See [`CertificatePromoted`].
        CertificatePromoted(CertificatePromoted),
        /// See [`CertificateRenewalRequired`].
        CertificateRenewalRequired(CertificateRenewalRequired),
        /// See [`CertificateRenewed`].
        CertificateRenewed(CertificateRenewed),
        /// See [`CertificateExpired`].
        CertificateExpired(CertificateExpired),
        /// See [`CertificateRetired`].
        CertificateRetired(CertificateRetired),
        /// See [`MetadataChangeProposed`].
        MetadataChangeProposed(MetadataChangeProposed),
        /// See [`MetadataChangeSettled`].
        MetadataChangeSettled(MetadataChangeSettled),
        /// See [`MetadataRefreshed`].
        MetadataRefreshed(MetadataRefreshed),
        /// See [`KeyAdded`].
        KeyAdded(KeyAdded),
        /// See [`KeyActionRequired`].
        KeyActionRequired(KeyActionRequired),
        /// See [`KeyActivated`].
        KeyActivated(KeyActivated),
        /// See [`KeyRetired`].
        KeyRetired(KeyRetired),
        /// See [`KeyDestroyed`].
        KeyDestroyed(KeyDestroyed),
        /// See [`MetadataRefreshFailed`].
        MetadataRefreshFailed(MetadataRefreshFailed),
        /// See [`Enabled`].
        Enabled(Enabled),
        /// See [`Disabled`].
        Disabled(Disabled),
        /// See [`Tested`].
        Tested(Tested),
        /// See [`Replaced`].
        Replaced(Replaced),
    }
    reservations = reservations;
}

/// A test's ticket counts once.
fn reservations(event: &Event) -> Vec<Reservation> {
    match event {
        Event::Tested(tested) => vec![Reservation::Take { scope: TEST, key: tested.test.clone() }],
        _ => Vec::new(),
    }
}
