use base64::{Engine, prelude::BASE64_STANDARD};
use vestibule_second_opinion_protocol::{Answer, Question};

use crate::opinion;

/// Made by `cargo run --example proof`, which forgot the key.
const RESPONSE: &str = include_str!("proof/response.xml");
const CERTIFICATE: &[u8] = include_bytes!("proof/certificate.der");
const GENUINE: &str = "genuine";
const FORGED: &str = "forged!";

/// Whether the engine verifies a genuine Response and refuses the same one with another NameID. A broken installation of
/// its libraries is found before the first sign-in; and what they load at first use is loaded afterwards.
#[must_use]
pub fn proven() -> bool {
    let ask =
        |document: String| opinion(&Question { document, certificates: vec![BASE64_STANDARD.encode(CERTIFICATE)] });
    let genuine = ask(RESPONSE.to_owned());
    let is_read = matches!(&genuine, Answer::Verified { reading }
        if reading.name_id.as_ref().is_some_and(|name_id| name_id.value == GENUINE));
    is_read && ask(RESPONSE.replace(GENUINE, FORGED)) == Answer::Rejected
}
