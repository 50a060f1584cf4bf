use base64::{Engine, engine::general_purpose::STANDARD};
use uppsala::{Document, NodeId};

use crate::{
    IdpError,
    xml::{DSIG, METADATA},
};

/// A service provider, as an identity provider knows it from its metadata (SAML metadata section 2.4.4).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KnownServiceProvider {
    /// Its entity id.
    pub entity_id: String,
    /// Whether it says that it signs its requests.
    pub authn_requests_signed: bool,
    /// The certificates it signs with, in DER, in the order of the metadata.
    pub signing: Vec<Vec<u8>>,
    /// The certificates to encrypt for, in DER, in the order of the metadata.
    pub encryption: Vec<Vec<u8>>,
}

impl KnownServiceProvider {
    /// Reads the metadata of one service provider.
    ///
    /// # Errors
    /// [`IdpError::Xml`] for what is not XML, [`IdpError::NotServiceProviderMetadata`] for other XML.
    pub fn from_metadata(xml: &str) -> Result<Self, IdpError> {
        let document = uppsala::Parser::new().with_forbid_dtd(true).parse(xml).map_err(IdpError::Xml)?;
        read(&document).ok_or(IdpError::NotServiceProviderMetadata)
    }
}

fn read(document: &Document<'_>) -> Option<KnownServiceProvider> {
    let entity = document.document_element()?;
    let role = document.first_child_element_by_name_ns(entity, METADATA, "SPSSODescriptor")?;
    let certificates = |purpose: &str| {
        let descriptors = document.children(role).into_iter().filter(|child| {
            let is_key =
                document.element(*child).is_some_and(|element| element.matches_name_ns(METADATA, "KeyDescriptor"));
            is_key && document.get_attribute(*child, "use").is_none_or(|used| used == purpose)
        });
        descriptors.map(|descriptor| certificate(document, descriptor)).collect::<Option<Vec<_>>>()
    };
    Some(KnownServiceProvider {
        entity_id: document.get_attribute(entity, "entityID")?.to_owned(),
        authn_requests_signed: matches!(document.get_attribute(role, "AuthnRequestsSigned"), Some("true" | "1")),
        signing: certificates("signing")?,
        encryption: certificates("encryption")?,
    })
}

fn certificate(document: &Document<'_>, descriptor: NodeId) -> Option<Vec<u8>> {
    let certificate = document
        .descendants(descriptor)
        .into_iter()
        .find(|node| document.element(*node).is_some_and(|element| element.matches_name_ns(DSIG, "X509Certificate")))?;
    let text: String = document.text_content_deep(certificate).split_ascii_whitespace().collect();
    STANDARD.decode(text).ok()
}
