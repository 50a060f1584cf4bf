use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm};

use crate::{
    name::{DSIG, SHA256_DIGEST, XENC, XENC11},
    xml::Node,
};

const RSA_OAEP_MGF1P: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
const RSA_OAEP: &str = "http://www.w3.org/2009/xmlenc11#rsa-oaep";
const SHA1_DIGEST: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
const MGF1_SHA1: &str = "http://www.w3.org/2009/xmlenc11#mgf1sha1";
const MGF1_SHA256: &str = "http://www.w3.org/2009/xmlenc11#mgf1sha256";

/// How a content key was encrypted: RSA-OAEP (RFC 8017 section 7.1) with one hash for both of its uses.
///
/// SHA-1 is no weakness here: OAEP needs no collision resistance of its hash. RSA 1.5 is, whatever hash (Bleichenbacher
/// 1998), and is not on the list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum KeyTransport {
    OaepSha1,
    OaepSha256,
}

impl KeyTransport {
    /// The EncryptionMethod of an EncryptedKey (XML Encryption 1.1 section 5.5.2), else what is not on the list.
    ///
    /// The cryptographic library has no OAEP with one hash for the label and another for the mask; that leaves out
    /// `rsa-oaep-mgf1p` with a DigestMethod other than SHA-1, whose mask is always made with SHA-1.
    pub(super) fn read(method: Node<'_>) -> Result<Self, String> {
        let algorithm = method.attribute("Algorithm").unwrap_or("none");
        let (mut digest, mut mask, mut label) = (SHA1_DIGEST, MGF1_SHA1, false);
        for child in method.elements() {
            let named = child.attribute("Algorithm").unwrap_or("none");
            if child.is(DSIG, "DigestMethod") {
                digest = named;
            } else if child.is(XENC11, "MGF") && algorithm == RSA_OAEP {
                mask = named;
            } else if child.is(XENC, "OAEPparams") {
                label |= child.text().map_or(true, |text| !text.trim_ascii().is_empty());
            } else if !child.is(XENC, "KeySize") {
                return Err(format!("{algorithm} with {}", child.local_name()));
            }
        }
        match (algorithm, digest, mask, label) {
            (RSA_OAEP_MGF1P | RSA_OAEP, SHA1_DIGEST, MGF1_SHA1, false) => Ok(Self::OaepSha1),
            (RSA_OAEP, SHA256_DIGEST, MGF1_SHA256, false) => Ok(Self::OaepSha256),
            (RSA_OAEP_MGF1P | RSA_OAEP, _, _, true) => Err(format!("{algorithm} with OAEPparams")),
            (RSA_OAEP_MGF1P | RSA_OAEP, _, _, false) => Err(format!("{algorithm} with {digest} and {mask}")),
            _ => Err(algorithm.to_owned()),
        }
    }

    pub(super) const fn algorithm(self) -> &'static OaepAlgorithm {
        match self {
            Self::OaepSha1 => &OAEP_SHA1_MGF1SHA1,
            Self::OaepSha256 => &OAEP_SHA256_MGF1SHA256,
        }
    }
}
