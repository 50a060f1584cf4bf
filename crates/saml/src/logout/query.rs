//! The query of the Redirect binding, as it came (SAML bindings section 3.4.4.1).

use std::{borrow::Cow, io::Read};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::read::DeflateDecoder;

use crate::{CheckName, MessageKind, Refusal, check::Checklist, limit};

/// The one encoding there is; a message that names none has it, too.
const DEFLATE: &str = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE";

const REQUEST: &str = "SAMLRequest";
const RESPONSE: &str = "SAMLResponse";
const RELAY_STATE: &str = "RelayState";
const ALGORITHM: &str = "SigAlg";
const SIGNATURE: &str = "Signature";
const ENCODING: &str = "SAMLEncoding";

/// Every parameter that means something here.
const KNOWN: [&str; 6] = [REQUEST, RESPONSE, RELAY_STATE, ALGORITHM, SIGNATURE, ENCODING];

const EXPECTED: &str = "each parameter once, one message, deflated";

/// The parameters, **still encoded**: the signature covers them as they were sent, and whatever is encoded anew may come
/// out differently.
#[derive(Debug)]
pub(super) struct Query<'q> {
    pub(super) kind: MessageKind,
    message: &'q str,
    relay_state: Option<&'q str>,
    algorithm: Option<&'q str>,
    signature: Option<&'q str>,
}

impl<'q> Query<'q> {
    /// Finds the parameters. One that stands twice, or is spelled with escapes, could be read in two ways: by who
    /// verifies and by who reads.
    pub(super) fn read(query: &'q str, checks: &mut Checklist) -> Result<Self, Refusal> {
        let mut fail = |found: &str, refusal| Err(checks.fail(CheckName::MessageEncoding, EXPECTED, found, refusal));
        if query.len() > limit::LOGOUT_QUERY_BYTES_MAX {
            return fail(&format!("{} bytes", query.len()), Refusal::MessageTooLarge);
        }
        let mut found: [Option<&'q str>; KNOWN.len()] = [None; KNOWN.len()];
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let means = decoded(name).unwrap_or_default();
            let Some(at) = KNOWN.iter().position(|known| *known == means) else { continue };
            let slot = found.get_mut(at).filter(|slot| slot.is_none() && name == means);
            let Some(slot) = slot else { return fail(&format!("{means} twice, or escaped"), Refusal::QueryMalformed) };
            *slot = Some(value);
        }
        let [request, response, relay_state, algorithm, signature, encoding] = found;
        let (kind, message) = match (request, response) {
            (Some(request), None) => (MessageKind::Request, request),
            (None, Some(response)) => (MessageKind::Response, response),
            (Some(_), Some(_)) => return fail("a request and a response", Refusal::QueryMalformed),
            (None, None) => return fail("no message", Refusal::QueryMalformed),
        };
        if encoding.is_some_and(|encoding| decoded(encoding).as_deref() != Some(DEFLATE)) {
            return fail("another SAMLEncoding", Refusal::MessageEncodingInvalid);
        }
        Ok(Self { kind, message, relay_state, algorithm, signature })
    }

    /// The algorithm and the signature, decoded; `None` when the message is not signed.
    pub(super) fn signature(&self) -> Option<(Cow<'q, str>, Option<Vec<u8>>)> {
        let (algorithm, signature) = self.algorithm.zip(self.signature)?;
        // An algorithm that cannot be decoded is on no list, a signature that cannot be decoded verifies with no key.
        let signature = decoded(signature).and_then(|text| STANDARD.decode(&*text).ok());
        Some((decoded(algorithm).unwrap_or_default(), signature))
    }

    /// What was signed: the values as they came, in the order that the binding prescribes, whatever order they came in.
    pub(super) fn signed_bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{}={}", self.kind.parameter(), self.message);
        for (name, value) in [(RELAY_STATE, self.relay_state), (ALGORITHM, self.algorithm)] {
            if let Some(value) = value {
                bytes.push('&');
                bytes.push_str(name);
                bytes.push('=');
                bytes.push_str(value);
            }
        }
        bytes.into_bytes()
    }

    /// The message itself. What inflates beyond the limit is not inflated any further.
    pub(super) fn inflate(&self, checks: &mut Checklist) -> Result<String, Refusal> {
        let name = CheckName::MessageEncoding;
        let mut fail = |found: &str, refusal| Err(checks.fail(name, EXPECTED, found, refusal));
        let Some(compressed) = decoded(self.message).and_then(|text| STANDARD.decode(&*text).ok()) else {
            return fail("not Base64", Refusal::MessageEncodingInvalid);
        };
        let most = u64::try_from(limit::LOGOUT_BYTES_MAX).unwrap_or(u64::MAX);
        let mut bytes = Vec::new();
        let inflated = DeflateDecoder::new(compressed.as_slice()).take(most + 1).read_to_end(&mut bytes);
        if inflated.is_err() {
            return fail("not DEFLATE data", Refusal::MessageEncodingInvalid);
        }
        if bytes.len() > limit::LOGOUT_BYTES_MAX {
            return fail("inflates beyond the limit", Refusal::MessageTooLarge);
        }
        let Ok(xml) = String::from_utf8(bytes) else { return fail("not UTF-8", Refusal::MessageEncodingInvalid) };
        checks.pass(name, EXPECTED, &format!("{} bytes", xml.len()));
        Ok(xml)
    }
}

/// Takes the percent-encoding off, `+` being a blank (HTML form encoding); `None` for an escape that is none, or for
/// bytes that are not UTF-8.
fn decoded(text: &str) -> Option<Cow<'_, str>> {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        match first {
            b'%' => {
                let (digits, behind) = rest.split_at_checked(2)?;
                let mut byte = [0];
                hex::decode_to_slice(digits, &mut byte).ok()?;
                bytes.extend(byte);
                rest = behind;
            }
            b'+' => bytes.push(b' '),
            other => bytes.push(*other),
        }
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}
