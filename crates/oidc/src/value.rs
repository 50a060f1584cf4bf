use aws_lc_rs::{
    digest::{SHA256, digest},
    hkdf::{HKDF_SHA256, Prk, Salt},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use vestibule_kernel::{ExposeSecret as _, SecretBox, SecretString};

/// SHA-256 of a value's text: what is stored in place of the value, and what it is found by.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct ValueDigest([u8; 32]);

impl ValueDigest {
    /// The digest's bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The text is not a value that this provider could have handed out.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not the base64url form of 32 bytes")]
pub struct MalformedValue;

const VALUE_BYTES: usize = 32;
const SALT: &[u8] = b"vestibule.oidc.value.v1";

macro_rules! values {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        ///
        /// 256 random bits, base64url. Only its [digest](Self::digest) is stored; what belongs to it lies sealed under
        /// a key derived from it, so that a copy of the store opens nothing.
        #[derive(Debug)]
        pub struct $name(SecretBox<[u8; VALUE_BYTES]>);

        impl $name {
            /// The value made of these random bytes.
            #[must_use]
            pub fn from_random(bytes: [u8; VALUE_BYTES]) -> Self {
                Self(SecretBox::new(Box::new(bytes)))
            }

            /// Reads a presented value; one value has one text.
            ///
            /// # Errors
            /// [`MalformedValue`] for everything but 43 canonical base64url characters.
            pub fn parse(text: &str) -> Result<Self, MalformedValue> {
                let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| MalformedValue)?;
                Ok(Self::from_random(bytes.try_into().map_err(|_| MalformedValue)?))
            }

            /// The text to hand out.
            #[must_use]
            pub fn text(&self) -> SecretString {
                BASE64_URL_SAFE_NO_PAD.encode(self.0.expose_secret()).into()
            }

            /// What the value is found by.
            #[must_use]
            pub fn digest(&self) -> ValueDigest {
                let mut bytes = [0; 32];
                bytes.copy_from_slice(digest(&SHA256, self.text().expose_secret().as_bytes()).as_ref());
                ValueDigest(bytes)
            }
        }

        impl Keyed for $name {
            fn prk(&self) -> Prk {
                Salt::new(HKDF_SHA256, SALT).extract(self.0.expose_secret())
            }
        }
    )+};
}

/// A value that keys can be derived from (RFC 5869).
pub trait Keyed {
    /// The pseudo-random key to expand.
    #[doc(hidden)]
    fn prk(&self) -> Prk;
}

values! {
    /// An authorization code (RFC 6749 section 4.1.2).
    AuthorizationCode;
    /// The access token that opens the userinfo endpoint, and nothing else.
    AccessToken;
}
