use std::fmt;

use aws_lc_rs::{
    encoding::AsDer as _,
    rand::SystemRandom,
    rsa::{self, KeySize},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;
use vestibule_kernel::{ExposeSecret as _, SecretBytes};

use super::{
    Algorithm,
    jwk::{Jwk, Material},
};

/// A private key that signs ID tokens, parsed once and used many times.
///
/// The general JWT libraries parse and check an RSA key again for each token, which costs more than the digest; this
/// type holds the parsed key and the ready header instead.
pub struct SigningKey {
    pair: Pair,
    jwk: Jwk,
    /// `base64url(header) || "."`, the same for every token of this key.
    header: String,
}

enum Pair {
    Rsa(Box<rsa::KeyPair>),
    P256(Box<EcdsaKeyPair>),
}

/// A signing key cannot be made or read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyError {
    /// The bytes are no PKCS#8 key of the algorithm.
    #[error("the bytes are not a PKCS#8 private key of the algorithm")]
    Rejected,
    /// An RSA key of another size than 2048 bits.
    #[error("an RSA signing key has 2048 bits")]
    WrongSize,
    /// The cryptographic library failed to generate a key.
    #[error("the key could not be generated")]
    Generation,
}

/// A token could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The claims cannot be written as JSON.
    #[error("the claims cannot be written as JSON")]
    Claims(#[source] serde_json::Error),
    /// The cryptographic library failed.
    #[error("the signature could not be computed")]
    Signature,
}

const RSA_MODULUS_BYTES: usize = 256;

impl SigningKey {
    /// A new private key as PKCS#8 DER, to be sealed and stored. An RSA key takes some 100 ms: call it off the async
    /// threads.
    ///
    /// # Errors
    /// [`KeyError::Generation`] when the cryptographic library fails.
    pub fn generate(algorithm: Algorithm) -> Result<SecretBytes, KeyError> {
        let document = match algorithm {
            Algorithm::Rs256 => {
                rsa::KeyPair::generate(KeySize::Rsa2048).and_then(|pair| pair.as_der()).map(|der| der.as_ref().to_vec())
            }
            Algorithm::Es256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
                .and_then(|pair| pair.to_pkcs8v1())
                .map(|document| document.as_ref().to_vec()),
        };
        document.map(SecretBytes::from).map_err(|_| KeyError::Generation)
    }

    /// Reads a key as [`Self::generate`] made it. Without a `kid` the key is named by its RFC 7638 thumbprint, so that
    /// every instance gives it the same name.
    ///
    /// # Errors
    /// [`KeyError::Rejected`] or [`KeyError::WrongSize`].
    pub fn parse(algorithm: Algorithm, kid: Option<&str>, pkcs8: &SecretBytes) -> Result<Self, KeyError> {
        let (pair, material) = match algorithm {
            Algorithm::Rs256 => {
                let pair = rsa::KeyPair::from_pkcs8(pkcs8.expose_secret()).map_err(|_| KeyError::Rejected)?;
                if pair.public_modulus_len() != RSA_MODULUS_BYTES {
                    return Err(KeyError::WrongSize);
                }
                let (modulus, exponent) = (pair.public_key().modulus(), pair.public_key().exponent());
                let material = Material::rsa(
                    modulus.big_endian_without_leading_zero(),
                    exponent.big_endian_without_leading_zero(),
                );
                (Pair::Rsa(Box::new(pair)), material)
            }
            Algorithm::Es256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.expose_secret())
                    .map_err(|_| KeyError::Rejected)?;
                let material = Material::p256(pair.public_key().as_ref()).ok_or(KeyError::Rejected)?;
                (Pair::P256(Box::new(pair)), material)
            }
        };
        let kid = kid.map_or_else(|| material.thumbprint(), str::to_owned);
        let header = serde_json::json!({ "alg": algorithm.as_str(), "kid": kid, "typ": "JWT" }).to_string();
        let header = format!("{}.", BASE64_URL_SAFE_NO_PAD.encode(header));
        Ok(Self { pair, jwk: Jwk::new(kid, algorithm, material), header })
    }

    /// The public half, for the JWK set.
    #[must_use]
    pub const fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// Signs `claims` as a JWT in compact form (RFC 7519, RFC 7515 section 7.1).
    ///
    /// RS256 computes for a third of a millisecond to a whole one, depending on the machine: call it off the async threads
    /// (`spawn_blocking`).
    ///
    /// # Errors
    /// [`SignError`]; neither variant can be mended by the relying party.
    pub fn sign(&self, claims: &impl Serialize) -> Result<String, SignError> {
        let claims = serde_json::to_vec(claims).map_err(SignError::Claims)?;
        let mut token = String::with_capacity(self.header.len() + claims.len() * 4 / 3 + RSA_MODULUS_BYTES * 4 / 3 + 8);
        token.push_str(&self.header);
        BASE64_URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = self.signature(token.as_bytes())?;
        token.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; RSA_MODULUS_BYTES];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(|_| SignError::Signature)?;
                Ok(signature)
            }
            // r || s, each of 32 bytes (RFC 7518 section 3.4), which is what "fixed" stands for.
            Pair::P256(pair) => {
                let signature = pair.sign(&random, message).map_err(|_| SignError::Signature)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("jwk", &self.jwk).finish_non_exhaustive()
    }
}
