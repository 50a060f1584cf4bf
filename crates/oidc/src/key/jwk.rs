use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;

use super::Algorithm;

/// The public half of a signing key (RFC 7517).
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Jwk {
    #[serde(flatten)]
    material: Material,
    kid: String,
    alg: Algorithm,
    #[serde(rename = "use")]
    usage: &'static str,
}

#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(tag = "kty")]
pub(super) enum Material {
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
    #[serde(rename = "EC")]
    Ec { crv: &'static str, x: String, y: String },
}

impl Jwk {
    pub(super) fn new(kid: String, alg: Algorithm, material: Material) -> Self {
        Self { material, kid, alg, usage: "sig" }
    }

    /// The key id, as it stands in the header of the tokens signed with this key.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The algorithm this key signs with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.alg
    }
}

impl Material {
    pub(super) fn rsa(modulus: &[u8], exponent: &[u8]) -> Self {
        Self::Rsa { n: BASE64_URL_SAFE_NO_PAD.encode(modulus), e: BASE64_URL_SAFE_NO_PAD.encode(exponent) }
    }

    /// From an uncompressed point `04 || x || y` (SEC 1 section 2.3.3); `None` for any other form.
    pub(super) fn p256(point: &[u8]) -> Option<Self> {
        let [0x04, coordinates @ ..] = point else { return None };
        let (x, y) = coordinates.split_at_checked(32)?;
        (y.len() == 32).then(|| Self::Ec {
            crv: "P-256",
            x: BASE64_URL_SAFE_NO_PAD.encode(x),
            y: BASE64_URL_SAFE_NO_PAD.encode(y),
        })
    }

    /// The digest that names the key whoever computes it (RFC 7638): members required by the key type only, in
    /// lexicographic order, without white space.
    pub(super) fn thumbprint(&self) -> String {
        let canonical = match self {
            Self::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
            Self::Ec { crv, x, y } => format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#),
        };
        BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()))
    }
}

/// The keys that relying parties may meet: the signing ones, the next ones and the ones just retired.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct JwkSet {
    keys: Vec<Jwk>,
}

impl JwkSet {
    /// The keys of the set, in the order they are served.
    #[must_use]
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }
}

impl FromIterator<Jwk> for JwkSet {
    fn from_iter<I: IntoIterator<Item = Jwk>>(keys: I) -> Self {
        Self { keys: keys.into_iter().collect() }
    }
}
