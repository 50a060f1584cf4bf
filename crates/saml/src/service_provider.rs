use base64::{Engine, engine::general_purpose::STANDARD};
use vestibule_kernel::Timestamp;

use crate::{
    Certificate,
    name::{DSIG, HTTP_POST, HTTP_REDIRECT, METADATA, PROTOCOL, name_id_format},
    xml::escape,
};

/// How identity providers are asked to encrypt, best first; the rest of the list is taken, too.
const ENCRYPTION_METHODS: [&str; 3] = [
    "http://www.w3.org/2009/xmlenc11#aes256-gcm",
    "http://www.w3.org/2009/xmlenc11#aes128-gcm",
    "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
];

/// What one connection is towards its identity provider. Both values stay the same for the connection's life.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServiceProvider {
    /// The entity id: Issuer of requests, Audience of assertions.
    pub entity_id: String,
    /// The assertion consumer service: where Responses are posted to.
    pub acs_url: String,
}

/// The metadata to hand to the identity provider's administrator (SAML metadata section 2.4.4).
///
/// It asks for signed assertions and for a persistent NameID before an e-mail address.
#[derive(Clone, Copy, Debug)]
pub struct ServiceProviderMetadata<'a> {
    /// Who we are.
    pub service_provider: &'a ServiceProvider,
    /// Where logout messages are taken, by redirect and by form.
    pub single_logout: Option<&'a str>,
    /// Whether requests are signed.
    pub authn_requests_signed: bool,
    /// The certificates of the keys that sign, the present one and the next or the last.
    pub signing: &'a [&'a Certificate],
    /// The certificates of the keys that open what is encrypted for them, the preferred one first.
    pub encryption: &'a [&'a Certificate],
    /// Until when the document may be used.
    pub valid_until: Option<Timestamp>,
}

impl ServiceProviderMetadata<'_> {
    /// The document. The order of its elements is the schema's.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let valid_until = self.valid_until.map_or_else(String::new, |until| format!(" validUntil=\"{until}\""));
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <md:EntityDescriptor xmlns:md=\"{METADATA}\" entityID=\"{entity_id}\"{valid_until}>\n  \
             <md:SPSSODescriptor AuthnRequestsSigned=\"{signed}\" WantAssertionsSigned=\"true\" \
             protocolSupportEnumeration=\"{PROTOCOL}\">\n{keys}{logout}    \
             <md:NameIDFormat>{persistent}</md:NameIDFormat>\n    \
             <md:NameIDFormat>{email}</md:NameIDFormat>\n    \
             <md:AssertionConsumerService Binding=\"{HTTP_POST}\" Location=\"{acs_url}\" index=\"0\" \
             isDefault=\"true\"/>\n  \
             </md:SPSSODescriptor>\n\
             </md:EntityDescriptor>\n",
            entity_id = escape(&self.service_provider.entity_id),
            acs_url = escape(&self.service_provider.acs_url),
            signed = self.authn_requests_signed,
            keys = self.keys(),
            logout = self.logout(),
            persistent = name_id_format::PERSISTENT,
            email = name_id_format::EMAIL_ADDRESS,
        )
    }

    /// SAML metadata section 2.4.1.1.
    fn keys(&self) -> String {
        let methods =
            ENCRYPTION_METHODS.map(|method| format!("<md:EncryptionMethod Algorithm=\"{method}\"/>")).concat();
        let signing = self.signing.iter().map(|certificate| key("signing", certificate, ""));
        let encryption = self.encryption.iter().map(|certificate| key("encryption", certificate, &methods));
        signing.chain(encryption).collect()
    }

    fn logout(&self) -> String {
        let services = self.single_logout.into_iter().flat_map(|location| {
            [HTTP_REDIRECT, HTTP_POST].map(|binding| {
                format!("    <md:SingleLogoutService Binding=\"{binding}\" Location=\"{}\"/>\n", escape(location))
            })
        });
        services.collect()
    }
}

fn key(purpose: &str, certificate: &Certificate, methods: &str) -> String {
    format!(
        "    <md:KeyDescriptor use=\"{purpose}\"><ds:KeyInfo xmlns:ds=\"{DSIG}\"><ds:X509Data><ds:X509Certificate>{}\
         </ds:X509Certificate></ds:X509Data></ds:KeyInfo>{methods}</md:KeyDescriptor>\n",
        STANDARD.encode(certificate.der())
    )
}
