use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use vestibule_kernel::IdSource;

/// A random value of 256 bits, as text for URLs and cookies.
pub(crate) fn random_token(ids: &(dyn IdSource + 'static)) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(ids.bytes::<32>())
}

/// `base64url(SHA-256(text))`, the S256 transformation of RFC 7636 section 4.2.
pub(crate) fn sha256(text: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()))
}

/// The fields of a query string or of a form.
pub(crate) fn pairs(encoded: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(encoded.as_bytes()).into_owned().collect()
}

/// The first field of a name, unless it is empty.
pub(crate) fn text_of<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

/// An address with parameters added to its query.
pub(crate) fn with_query<'a>(address: &str, parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters {
        query.append_pair(name, value);
    }
    let separator = if address.contains('?') { '&' } else { '?' };
    format!("{address}{separator}{}", query.finish())
}
