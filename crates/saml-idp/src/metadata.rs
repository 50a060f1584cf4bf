use base64::{Engine, engine::general_purpose::STANDARD};

use crate::xml::{DSIG, METADATA, PROTOCOL, escape};

/// IdP metadata (SAML metadata section 2.4.3).
pub(crate) fn xml<'a>(
    entity_id: &str,
    (sso_url, logout_url): (&str, Option<&str>),
    wants_signed_requests: bool,
    certificates: impl Iterator<Item = &'a [u8]>,
) -> String {
    let entity_id = escape(entity_id);
    let sso_url = escape(sso_url);
    let keys: Vec<String> = certificates
        .map(|der| {
            format!(
                "<md:KeyDescriptor use=\"signing\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}\
                 </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>",
                STANDARD.encode(der)
            )
        })
        .collect();
    let keys = keys.concat();
    let slo = logout_url.map_or_else(String::new, |logout_url| {
        let services = ["HTTP-Redirect", "HTTP-POST"].map(|binding| {
            format!(
                "<md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:{binding}\" Location=\"{}\"/>",
                escape(logout_url)
            )
        });
        services.concat()
    });
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <md:EntityDescriptor xmlns:md=\"{METADATA}\" xmlns:ds=\"{DSIG}\" entityID=\"{entity_id}\">\
         <md:IDPSSODescriptor WantAuthnRequestsSigned=\"{wants_signed_requests}\" protocolSupportEnumeration=\"{PROTOCOL}\">{keys}{slo}\
         <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>\
         <md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>\
         <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
         Location=\"{sso_url}\"/>\
         <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"{sso_url}\"/>\
         </md:IDPSSODescriptor></md:EntityDescriptor>"
    )
}
