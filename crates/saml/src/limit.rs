//! Every limit on what others send, by name.

use std::time::Duration;

/// A Response, decoded.
pub const RESPONSE_BYTES_MAX: usize = 128 * 1024;

/// The metadata of an identity provider.
pub const METADATA_BYTES_MAX: usize = 512 * 1024;

/// One `<...>` tag with its attributes: parsers compare attributes with each other, which costs the square of
/// their number.
pub const TAG_BYTES_MAX: usize = 8 * 1024;

/// Attributes and namespace declarations of one tag.
pub const TAG_ATTRIBUTES_MAX: usize = 32;

/// Namespace declarations that reach one element: each costs time at each element below it.
pub const NAMESPACES_IN_SCOPE_MAX: usize = 64;

/// So many bytes a message has, on average, for each element, attribute, reference, comment, section and instruction. The
/// shortest value that an identity provider can write takes as many, the usual ones take two to three times as many.
pub const MARKUP_BYTES_MIN: usize = 32;

/// So many of them are free, so that a small message may be denser.
pub const MARKUP_FREE: usize = 256;

/// Prefixes in the PrefixList of a canonicalisation: each is looked up at each element.
pub const INCLUSIVE_PREFIXES_MAX: usize = 32;

/// How deep elements may lie in each other.
pub const DEPTH_MAX: usize = 48;

/// Characters of an ID, a SessionIndex or an InResponseTo.
pub const ID_CHARS_MAX: usize = 256;

/// Characters of a NameID. SAML core section 8.3.7 asks for 256 at most in persistent ones; others may be longer.
pub const NAME_ID_CHARS_MAX: usize = 1024;

/// Characters of an entity id (SAML core section 8.3.6).
pub const ENTITY_ID_CHARS_MAX: usize = 1024;

/// Characters of an address in metadata.
pub const URL_CHARS_MAX: usize = 2048;

/// Attributes of an assertion.
pub const ATTRIBUTES_MAX: usize = 256;

/// Values of all attributes of an assertion together.
pub const ATTRIBUTE_VALUES_MAX: usize = 2048;

/// Characters of one normalised value: what Cognito stores in one attribute.
pub const CLAIM_CHARS_MAX: usize = 2048;

/// Groups of a normalised identity.
pub const GROUPS_MAX: usize = 512;

/// NameID formats of one identity provider that are kept; those behind are left out.
pub const NAME_ID_FORMATS_MAX: usize = 16;

/// Signing certificates of one identity provider.
pub const CERTIFICATES_MAX: usize = 16;

/// One certificate, DER.
pub const CERTIFICATE_BYTES_MAX: usize = 16 * 1024;

/// The smallest RSA modulus that is trusted (NIST SP 800-131A).
pub const RSA_BITS_MIN: usize = 2048;

/// The largest RSA modulus that is accepted: verification time grows with its square.
pub const RSA_BITS_MAX: usize = 8192;

/// EncryptedKeys of one encrypted element: each is one private operation for each of our keys.
pub const ENCRYPTED_KEYS_MAX: usize = 2;

/// Keys of ours that may open a message: the present one and the one before it.
pub const DECRYPTION_KEYS_MAX: usize = 2;

/// Authentication contexts that are asked for or required.
pub const AUTHN_CONTEXTS_MAX: usize = 8;

/// The RelayState (SAML bindings section 3.4.3).
pub const RELAY_STATE_BYTES_MAX: usize = 80;

/// The RelayState of a request that an identity provider sends. Section 3.4.3 allows 80 bytes; products send more.
pub const FOREIGN_RELAY_STATE_BYTES_MAX: usize = 1024;

/// The clocks of both sides may not differ by more, whatever is configured.
pub const SKEW_MAX: Duration = Duration::from_mins(5);

/// How old an assertion may be when it arrives, skew apart. The caller's memory of used assertions may forget
/// what is older.
pub const ASSERTION_AGE_MAX: Duration = Duration::from_hours(1);

/// A logout message, decoded and inflated.
pub const LOGOUT_BYTES_MAX: usize = 32 * 1024;

/// The query that carries a logout message in the Redirect binding.
pub const LOGOUT_QUERY_BYTES_MAX: usize = 32 * 1024;

/// Sessions that one LogoutRequest may name.
pub const SESSION_INDEXES_MAX: usize = 64;

/// How old a logout message may be when it arrives, skew apart.
pub const LOGOUT_AGE_MAX: Duration = Duration::from_mins(5);

/// A document that is shown to people, masked.
pub const DOCUMENT_BYTES_MAX: usize = 512 * 1024;

/// Characters of what a check tells about what was expected and found.
pub const FINDING_CHARS_MAX: usize = 256;

/// Whether a text has more characters than it may. Most have not even as many bytes, and are not counted.
pub(crate) fn is_beyond(text: &str, chars_max: usize) -> bool {
    text.len() > chars_max && text.chars().nth(chars_max).is_some()
}
