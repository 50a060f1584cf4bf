use std::fmt;

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use jsonwebtoken::{
    Algorithm, DecodingKey, DecodingKeyKind,
    crypto::JwtVerifier,
    signature::{Error, Verifier},
};

/// Verifies RS256 and nothing else, whatever a token says (RFC 8725 section 3.1), with an RSA key of 2048 bits or more.
///
/// A verifier of jsonwebtoken like its own, except that it parses the key once and not for each token.
pub(crate) struct Rs256Key(ParsedPublicKey);

impl Rs256Key {
    pub(crate) fn new(key: &DecodingKey) -> Option<Self> {
        let DecodingKeyKind::RsaModulusExponent { n, e } = key.kind() else { return None };
        RsaPublicKeyComponents { n, e }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).ok().map(Self)
    }
}

impl Verifier<Vec<u8>> for Rs256Key {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), Error> {
        self.0.verify_sig(message, signature).map_err(Error::from_source)
    }
}

impl JwtVerifier for Rs256Key {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

impl fmt::Debug for Rs256Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rs256Key").finish_non_exhaustive()
    }
}
