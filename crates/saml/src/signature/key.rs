use std::sync::OnceLock;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P256_SHA512_ASN1, ECDSA_P384_SHA256_ASN1,
    ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA512_ASN1, ECDSA_P521_SHA256_ASN1, ECDSA_P521_SHA384_ASN1,
    ECDSA_P521_SHA512_ASN1, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, VerificationAlgorithm,
};

use super::{Hash, Scheme, SignatureMethod};
use crate::{Certificate, KeyAlgorithm};

/// The public key of a trusted certificate. It is parsed once for each way of signing that is met.
pub(crate) struct VerificationKey {
    public_key_der: Vec<u8>,
    slots: Vec<Slot>,
    /// The bytes of one of the two numbers of an ECDSA signature.
    number_bytes: usize,
}

struct Slot {
    method: SignatureMethod,
    algorithm: &'static dyn VerificationAlgorithm,
    key: OnceLock<Option<ParsedPublicKey>>,
}

/// The cryptographic library does not take the key.
pub(crate) struct KeyRejected;

impl VerificationKey {
    pub(crate) fn new(certificate: &Certificate) -> Result<Self, KeyRejected> {
        let (slots, number_bytes) = match certificate.key_algorithm() {
            KeyAlgorithm::Rsa => (rsa(), 0),
            KeyAlgorithm::EcP256 => {
                (ecdsa([&ECDSA_P256_SHA256_ASN1, &ECDSA_P256_SHA384_ASN1, &ECDSA_P256_SHA512_ASN1]), 32)
            }
            KeyAlgorithm::EcP384 => {
                (ecdsa([&ECDSA_P384_SHA256_ASN1, &ECDSA_P384_SHA384_ASN1, &ECDSA_P384_SHA512_ASN1]), 48)
            }
            KeyAlgorithm::EcP521 => {
                (ecdsa([&ECDSA_P521_SHA256_ASN1, &ECDSA_P521_SHA384_ASN1, &ECDSA_P521_SHA512_ASN1]), 66)
            }
        };
        let key = Self { public_key_der: certificate.public_key_der().to_vec(), slots, number_bytes };
        // The most usual way: whoever imports a certificate learns at once when its key cannot be used.
        let usual = key.slots.first().and_then(|slot| key.parsed(slot));
        usual.is_some().then_some(()).ok_or(KeyRejected)?;
        Ok(key)
    }

    /// Whether `signature` is this key's over `message`. A key of another kind than the method's never is.
    pub(crate) fn verifies(&self, method: SignatureMethod, message: &[u8], signature: &[u8]) -> bool {
        let key = self.slots.iter().find(|slot| slot.method == method).and_then(|slot| self.parsed(slot));
        let Some(key) = key else { return false };
        match method.scheme {
            Scheme::RsaPkcs1 | Scheme::RsaPss => key.verify_sig(message, signature).is_ok(),
            Scheme::Ecdsa => der_of(signature, self.number_bytes)
                .is_some_and(|signature| key.verify_sig(message, &signature).is_ok()),
        }
    }

    fn parsed<'k>(&'k self, slot: &'k Slot) -> Option<&'k ParsedPublicKey> {
        slot.key.get_or_init(|| ParsedPublicKey::new(slot.algorithm, &self.public_key_der).ok()).as_ref()
    }
}

fn rsa() -> Vec<Slot> {
    vec![
        Slot::new(Scheme::RsaPkcs1, Hash::Sha256, &RSA_PKCS1_2048_8192_SHA256),
        Slot::new(Scheme::RsaPkcs1, Hash::Sha384, &RSA_PKCS1_2048_8192_SHA384),
        Slot::new(Scheme::RsaPkcs1, Hash::Sha512, &RSA_PKCS1_2048_8192_SHA512),
        Slot::new(Scheme::RsaPss, Hash::Sha256, &RSA_PSS_2048_8192_SHA256),
        Slot::new(Scheme::RsaPss, Hash::Sha384, &RSA_PSS_2048_8192_SHA384),
        Slot::new(Scheme::RsaPss, Hash::Sha512, &RSA_PSS_2048_8192_SHA512),
        Slot::new(Scheme::RsaPkcs1, Hash::Sha1, &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY),
    ]
}

fn ecdsa([sha256, sha384, sha512]: [&'static dyn VerificationAlgorithm; 3]) -> Vec<Slot> {
    vec![
        Slot::new(Scheme::Ecdsa, Hash::Sha256, sha256),
        Slot::new(Scheme::Ecdsa, Hash::Sha384, sha384),
        Slot::new(Scheme::Ecdsa, Hash::Sha512, sha512),
    ]
}

impl Slot {
    fn new(scheme: Scheme, hash: Hash, algorithm: &'static dyn VerificationAlgorithm) -> Self {
        Self { method: SignatureMethod { scheme, hash }, algorithm, key: OnceLock::new() }
    }
}

/// XML Signature writes an ECDSA signature as its two numbers, each as long as the curve's (RFC 9231 section 2.3.6);
/// the library takes the ASN.1 form with every digest.
fn der_of(signature: &[u8], number_bytes: usize) -> Option<Vec<u8>> {
    let (r, s) = signature.split_at_checked(number_bytes).filter(|(_, s)| s.len() == number_bytes)?;
    let mut numbers = Vec::with_capacity(2 * number_bytes + 8);
    for number in [r, s] {
        let number = number.iter().position(|byte| *byte != 0).and_then(|at| number.get(at..))?;
        // A first bit that is set would make the number negative.
        let negative = number.first().is_some_and(|first| *first > 0x7f);
        numbers.extend([2, u8::try_from(number.len() + usize::from(negative)).ok()?]);
        numbers.extend(negative.then_some(0));
        numbers.extend(number);
    }
    let mut der = vec![0x30];
    let length = u8::try_from(numbers.len()).ok()?;
    // From 128 on, the length itself is announced with its own length.
    der.extend((length > 0x7f).then_some(0x81));
    der.push(length);
    der.extend(numbers);
    Some(der)
}
