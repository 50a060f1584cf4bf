use base64::{Engine, prelude::BASE64_STANDARD};
use vestibule_second_opinion_protocol::{Answer, Question, Reading};

use crate::opinion;

/// Made by `cargo run --package vestibule-saml-idp --example proof`, which forgot the key.
const RESPONSE: &str = include_str!("proof/response.xml");
const CERTIFICATE: &[u8] = include_bytes!("proof/certificate.der");
const GENUINE: &str = "genuine";
const FORGED: &str = "forged!";

/// Whether the engine verifies a genuine Response and refuses the same one with another NameID. A broken installation of
/// its libraries is found before the first sign-in.
#[must_use]
pub fn proven() -> bool {
    tells_apart(RESPONSE, &RESPONSE.replace(GENUINE, FORGED))
}

fn tells_apart(genuine: &str, forged: &str) -> bool {
    let certificates = vec![BASE64_STANDARD.encode(CERTIFICATE)];
    let ask = |document: &str| opinion(&Question { document: document.to_owned(), certificates: certificates.clone() });
    let is_read = |reading: &Reading| reading.name_id.as_ref().is_some_and(|name_id| name_id.value == GENUINE);
    matches!(ask(genuine), Answer::Verified { reading } if is_read(&reading)) && ask(forged) == Answer::Rejected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_proves_itself() {
        assert!(proven());
        let forged = RESPONSE.replace(GENUINE, FORGED);
        assert!(!tells_apart(RESPONSE, RESPONSE), "one that verifies everything proves nothing");
        assert!(!tells_apart(&forged, &forged), "neither does one that refuses everything");
        assert!(!tells_apart("<a/>", &forged));
    }
}
