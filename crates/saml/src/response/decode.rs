use crate::{CheckName, Refusal, check::Checklist, encoding, limit};

/// The longest form value that is looked at: the largest message in Base64 with a line break every 64 characters.
const VALUE_BYTES_MAX: usize = (limit::RESPONSE_BYTES_MAX.div_ceil(3) * 4).div_ceil(64) * 66;

/// Takes the Base64 off a form value (SAML bindings section 3.5.4). Line breaks are allowed, as RFC 2045 does.
pub(crate) fn decode(value: &str, checks: &mut Checklist) -> Result<String, Refusal> {
    let expected = "Base64 of UTF-8";
    let name = CheckName::MessageEncoding;
    if value.len() > VALUE_BYTES_MAX {
        let found = format_args!("{} characters", value.len());
        return Err(checks.fail(name, expected, found, Refusal::MessageTooLarge));
    }
    let Ok(bytes) = encoding::decode(value) else {
        return Err(checks.fail(name, expected, "not Base64", Refusal::MessageEncodingInvalid));
    };
    if bytes.len() > limit::RESPONSE_BYTES_MAX {
        return Err(checks.fail(name, expected, format_args!("{} bytes", bytes.len()), Refusal::MessageTooLarge));
    }
    let xml = String::from_utf8(bytes)
        .map_err(|_| checks.fail(name, expected, "not UTF-8", Refusal::MessageEncodingInvalid))?;
    checks.pass(name, expected, format_args!("{} bytes", xml.len()));
    Ok(xml)
}
