//! Reading an identity provider's metadata (SAML metadata section 2).

mod duration;
mod error;
mod location;
mod logout;
mod signature;
mod stamp;

use std::time::Duration;

use vestibule_kernel::Timestamp;

pub use self::{error::MetadataError, logout::SingleLogoutService, stamp::MetadataStamp};
use crate::{
    Certificate, CertificateError, TrustedCertificates, limit,
    name::{DSIG, HTTP_POST, HTTP_REDIRECT, METADATA, PROTOCOL},
    signature::VerificationKey,
    xml::{self, Limits, Node},
};
use url::Url;

/// What an identity provider says about itself, as far as signing in needs it.
///
/// [`Self::parse`] verifies no signature: whoever hands the metadata in vouches for it. [`Self::parse_signed`] takes
/// nothing that a pinned key has not signed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IdentityProviderMetadata {
    /// Its entity id, the Issuer of its assertions.
    pub entity_id: String,
    /// Where it takes requests, in the order in which it lists them; only bindings that are spoken here.
    pub single_sign_on_services: Vec<SingleSignOnService>,
    /// Where it takes logout messages; only bindings that are spoken here, the first of each.
    pub single_logout_services: Vec<SingleLogoutService>,
    /// The certificates it may sign with, each once.
    pub certificates: Vec<Certificate>,
    /// The NameID formats it offers.
    pub name_id_formats: Vec<String>,
    /// Until when the metadata may be used.
    pub valid_until: Option<Timestamp>,
    /// How old the signed part is, by its own word; empty where no signature was asked for.
    pub stamp: MetadataStamp,
    /// For how long it may be kept before it is fetched again.
    pub cache_duration: Option<Duration>,
    /// Whether it takes signed requests only.
    pub want_authn_requests_signed: bool,
}

/// Where an identity provider takes requests.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SingleSignOnService {
    /// How the request travels.
    pub binding: Binding,
    /// Where to.
    pub location: Url,
}

/// How a message travels (SAML bindings).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Binding {
    /// In the query of a redirect, section 3.4.
    HttpRedirect,
    /// In a form that the browser posts, section 3.5.
    HttpPost,
}

impl Binding {
    /// Its URI.
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::HttpRedirect => HTTP_REDIRECT,
            Self::HttpPost => HTTP_POST,
        }
    }
}

impl IdentityProviderMetadata {
    /// Reads an EntityDescriptor, or an EntitiesDescriptor with exactly one identity provider in it.
    ///
    /// # Errors
    /// When it is not such metadata, breaks a limit, or lacks what signing in needs.
    pub fn parse(metadata: &[u8]) -> Result<Self, MetadataError> {
        let document = xml::parse(text(metadata)?, Limits::METADATA)?;
        let root = Node::root(&document).ok_or(MetadataError::Malformed)?;
        read(provider(root)?)
    }

    /// Like [`Self::parse`], but reads only what one of the pinned keys has signed: the EntityDescriptor, or an
    /// EntitiesDescriptor around it (SAML metadata section 3.1). Verification and reading share one tree.
    ///
    /// # Errors
    /// Like [`Self::parse`], and when the document is not signed so.
    pub fn parse_signed(metadata: &[u8], pinned: &TrustedCertificates) -> Result<Self, MetadataError> {
        let document = xml::parse(text(metadata)?, Limits::METADATA)?;
        let root = Node::root(&document).ok_or(MetadataError::Malformed)?;
        let provider = provider(root)?;
        let signed = signature::require(root, provider, pinned)?;
        let stamp = MetadataStamp::of(provider, signed)?;
        Ok(Self { stamp, ..read(provider)? })
    }

    /// The first endpoint of this binding.
    #[must_use]
    pub fn single_sign_on_service(&self, binding: Binding) -> Option<&SingleSignOnService> {
        self.single_sign_on_services.iter().find(|service| service.binding == binding)
    }
}

/// The document as text.
fn text(metadata: &[u8]) -> Result<&str, MetadataError> {
    if metadata.len() > limit::METADATA_BYTES_MAX {
        return Err(MetadataError::TooLarge);
    }
    let text = str::from_utf8(metadata).map_err(|_| MetadataError::Malformed)?;
    // Files that an administrator saved on Windows begin with a byte order mark.
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The only identity provider of the document, in a place where the schema has one (SAML metadata section 2.3). What
/// looks like one inside of an extension or of a signature is none: a signature does not cover itself.
fn provider(root: Node<'_>) -> Result<Node<'_>, MetadataError> {
    if !root.is(METADATA, "EntityDescriptor") && !root.is(METADATA, "EntitiesDescriptor") {
        return Err(MetadataError::NotMetadata);
    }
    let in_place = |node: &Node<'_>| is_identity_provider(*node) && is_described(*node, root);
    let mut found = root.walk().filter(in_place);
    let provider = found.next().ok_or(MetadataError::NoIdentityProvider)?;
    if found.next().is_some() {
        return Err(MetadataError::SeveralIdentityProviders);
    }
    Ok(provider)
}

/// Whether between the role and the root there is one EntityDescriptor, and nothing around it but EntitiesDescriptor.
fn is_described(provider: Node<'_>, root: Node<'_>) -> bool {
    let Some(entity) = provider.parent().filter(|parent| parent.is(METADATA, "EntityDescriptor")) else { return false };
    let mut at = entity;
    while at.id() != root.id() {
        match at.parent().filter(|parent| parent.is(METADATA, "EntitiesDescriptor")) {
            Some(parent) => at = parent,
            None => return false,
        }
    }
    true
}

fn read(provider: Node<'_>) -> Result<IdentityProviderMetadata, MetadataError> {
    let entity = provider.parent().ok_or(MetadataError::Malformed)?;
    let entity_id = entity.attribute("entityID").filter(|id| !id.trim().is_empty());
    let entity_id = entity_id.ok_or(MetadataError::EntityIdMissing)?;
    if entity_id.chars().count() > limit::ENTITY_ID_CHARS_MAX {
        return Err(MetadataError::EntityIdTooLong);
    }
    Ok(IdentityProviderMetadata {
        entity_id: entity_id.to_owned(),
        single_sign_on_services: single_sign_on_services(provider)?,
        single_logout_services: logout::services(provider)?,
        certificates: certificates(provider)?,
        name_id_formats: name_id_formats(provider)?,
        valid_until: valid_until(provider)?,
        stamp: MetadataStamp::default(),
        cache_duration: cache_duration(provider),
        want_authn_requests_signed: matches!(provider.attribute("WantAuthnRequestsSigned"), Some("true" | "1")),
    })
}

/// An IDPSSODescriptor that speaks SAML 2.0 (a list of protocols separated by white space).
fn is_identity_provider(node: Node<'_>) -> bool {
    node.is(METADATA, "IDPSSODescriptor")
        && node
            .attribute("protocolSupportEnumeration")
            .is_some_and(|protocols| protocols.split_ascii_whitespace().any(|protocol| protocol == PROTOCOL))
}

fn single_sign_on_services(provider: Node<'_>) -> Result<Vec<SingleSignOnService>, MetadataError> {
    let mut services = Vec::new();
    for node in provider.named(METADATA, "SingleSignOnService") {
        let binding = match node.attribute("Binding") {
            Some(HTTP_REDIRECT) => Binding::HttpRedirect,
            Some(HTTP_POST) => Binding::HttpPost,
            _ => continue,
        };
        let location = location::parse(node.attribute("Location").unwrap_or_default())?;
        services.push(SingleSignOnService { binding, location });
    }
    if services.is_empty() { Err(MetadataError::NoSingleSignOnService) } else { Ok(services) }
}

/// The certificates of each KeyDescriptor that is for signing or for everything (section 2.4.1.1).
fn certificates(provider: Node<'_>) -> Result<Vec<Certificate>, MetadataError> {
    let mut certificates: Vec<Certificate> = Vec::new();
    for descriptor in provider.named(METADATA, "KeyDescriptor") {
        if descriptor.attribute("use").is_some_and(|purpose| purpose != "signing") {
            continue;
        }
        for node in descriptor.walk().filter(|node| node.is(DSIG, "X509Certificate")) {
            let text = node.text().map_err(|_| MetadataError::Malformed)?;
            let certificate = Certificate::from_base64(&text)?;
            if certificates.iter().all(|known| known.fingerprint() != certificate.fingerprint()) {
                // One key that cannot be used would spoil all that are trusted beside it.
                VerificationKey::new(&certificate).map_err(|_| CertificateError::KeyUnsupported)?;
                certificates.push(certificate);
            }
            if certificates.len() > limit::CERTIFICATES_MAX {
                return Err(MetadataError::TooManyCertificates);
            }
        }
    }
    if certificates.is_empty() { Err(MetadataError::NoCertificate) } else { Ok(certificates) }
}

/// Each once, in order: the formats that SAML names are fewer than are kept.
fn name_id_formats(provider: Node<'_>) -> Result<Vec<String>, MetadataError> {
    let mut formats: Vec<String> = Vec::new();
    for node in provider.named(METADATA, "NameIDFormat") {
        let format = node.uri().map_err(|_| MetadataError::Malformed)?;
        let format: String = format.chars().take(limit::ENTITY_ID_CHARS_MAX).collect();
        if formats.len() < limit::NAME_ID_FORMATS_MAX && !formats.contains(&format) {
            formats.push(format);
        }
    }
    Ok(formats)
}

/// The earliest validUntil of the role and everything around it.
fn valid_until(provider: Node<'_>) -> Result<Option<Timestamp>, MetadataError> {
    earliest_end(around(provider))
}

fn earliest_end<'d>(nodes: impl Iterator<Item = Node<'d>>) -> Result<Option<Timestamp>, MetadataError> {
    let mut earliest: Option<Timestamp> = None;
    for text in nodes.filter_map(|node| node.attribute("validUntil")) {
        let until = text.parse().map_err(|_| MetadataError::ValidUntilMalformed)?;
        earliest = Some(earliest.map_or(until, |known| known.min(until)));
    }
    Ok(earliest)
}

/// The shortest cacheDuration of the role and everything around it (SAML metadata section 2.3.2). It only says when to
/// look again, so one that cannot be read says nothing.
fn cache_duration(provider: Node<'_>) -> Option<Duration> {
    around(provider).filter_map(|node| node.attribute("cacheDuration")).filter_map(duration::parse).min()
}

/// The role and everything around it.
fn around(provider: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    std::iter::successors(Some(provider), |node| node.parent())
}
