use aws_lc_rs::digest::{self, Digest};

/// A digest algorithm.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

/// How a signature is made with a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Scheme {
    /// RSASSA-PKCS1-v1_5.
    RsaPkcs1,
    /// RSASSA-PSS with MGF1 over the same hash and a salt as long as it.
    RsaPss,
    Ecdsa,
}

/// A signature algorithm.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct SignatureMethod {
    pub(crate) scheme: Scheme,
    pub(crate) hash: Hash,
}

impl Hash {
    /// The DigestMethod (RFC 9231 section 2.1): SHA-2, and SHA-1, which a caller has to allow.
    pub(crate) fn of_digest_method(uri: &str) -> Option<Self> {
        Some(match uri {
            "http://www.w3.org/2000/09/xmldsig#sha1" => Self::Sha1,
            "http://www.w3.org/2001/04/xmlenc#sha256" => Self::Sha256,
            "http://www.w3.org/2001/04/xmldsig-more#sha384" => Self::Sha384,
            "http://www.w3.org/2001/04/xmlenc#sha512" => Self::Sha512,
            _ => return None,
        })
    }

    pub(crate) fn digest(self, data: &[u8]) -> Digest {
        let algorithm = match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        };
        digest::digest(algorithm, data)
    }
}

impl SignatureMethod {
    /// The SignatureMethod (RFC 9231 sections 2.3.1 to 2.3.10), and SHA-1 with RSA, which a caller has to allow. No
    /// HMAC, no DSA, and no `rsa-pss` whose parameters the message chooses.
    pub(crate) fn of_uri(uri: &str) -> Option<Self> {
        use Hash::{Sha1, Sha256, Sha384, Sha512};
        use Scheme::{Ecdsa, RsaPkcs1, RsaPss};
        let (scheme, hash) = match uri {
            "http://www.w3.org/2000/09/xmldsig#rsa-sha1" => (RsaPkcs1, Sha1),
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" => (RsaPkcs1, Sha256),
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384" => (RsaPkcs1, Sha384),
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" => (RsaPkcs1, Sha512),
            "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1" => (RsaPss, Sha256),
            "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1" => (RsaPss, Sha384),
            "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1" => (RsaPss, Sha512),
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256" => (Ecdsa, Sha256),
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384" => (Ecdsa, Sha384),
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512" => (Ecdsa, Sha512),
            _ => return None,
        };
        Some(Self { scheme, hash })
    }
}
