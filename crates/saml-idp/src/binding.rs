//! HTTP POST binding (SAML bindings section 3.5), the identity provider's half.

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::xml::escape;

/// The value of the form field `SAMLResponse`.
#[must_use]
pub fn saml_response_value(response_xml: &str) -> String {
    STANDARD.encode(response_xml)
}

/// A page that sends the Response to the assertion consumer service by itself, with a button for browsers
/// without scripts.
#[must_use]
pub fn post_form_html(acs_url: &str, response_xml: &str, relay_state: Option<&str>) -> String {
    let relay_state = relay_state.map_or_else(String::new, |value| {
        format!("<input type=\"hidden\" name=\"RelayState\" value=\"{}\">", escape(value))
    });
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Signing in</title></head>\
         <body onload=\"document.forms[0].submit()\"><form method=\"post\" action=\"{}\">\
         <input type=\"hidden\" name=\"SAMLResponse\" value=\"{}\">{relay_state}\
         <noscript><button type=\"submit\">Continue</button></noscript></form></body></html>",
        escape(acs_url),
        saml_response_value(response_xml),
    )
}
