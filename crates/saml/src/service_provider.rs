use vestibule_kernel::Timestamp;

use crate::{
    name::{HTTP_POST, METADATA, PROTOCOL, name_id_format},
    xml::escape,
};

/// What one connection is towards its identity provider. Both values stay the same for the connection's life.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServiceProvider {
    /// The entity id: Issuer of requests, Audience of assertions.
    pub entity_id: String,
    /// The assertion consumer service: where Responses are posted to.
    pub acs_url: String,
}

impl ServiceProvider {
    /// The metadata to hand to the identity provider's administrator (SAML metadata section 2.4.4).
    ///
    /// It asks for signed assertions and for a persistent NameID before an e-mail address.
    #[must_use]
    pub fn metadata_xml(&self, valid_until: Option<Timestamp>) -> String {
        let valid_until = valid_until.map_or_else(String::new, |until| format!(" validUntil=\"{until}\""));
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <md:EntityDescriptor xmlns:md=\"{METADATA}\" entityID=\"{entity_id}\"{valid_until}>\n  \
             <md:SPSSODescriptor AuthnRequestsSigned=\"false\" WantAssertionsSigned=\"true\" \
             protocolSupportEnumeration=\"{PROTOCOL}\">\n    \
             <md:NameIDFormat>{persistent}</md:NameIDFormat>\n    \
             <md:NameIDFormat>{email}</md:NameIDFormat>\n    \
             <md:AssertionConsumerService Binding=\"{HTTP_POST}\" Location=\"{acs_url}\" index=\"0\" \
             isDefault=\"true\"/>\n  \
             </md:SPSSODescriptor>\n\
             </md:EntityDescriptor>\n",
            entity_id = escape(&self.entity_id),
            acs_url = escape(&self.acs_url),
            persistent = name_id_format::PERSISTENT,
            email = name_id_format::EMAIL_ADDRESS,
        )
    }
}
