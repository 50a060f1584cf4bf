pub use secrecy::{ExposeSecret, SecretBox, SecretString};

/// Secret bytes: never printed, wiped when dropped.
pub type SecretBytes = SecretBox<[u8]>;

/// Whether two secrets are equal, in a time that depends on their lengths only.
#[must_use]
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(left, right).is_ok()
}
