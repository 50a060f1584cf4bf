//! XML Signature as far as SAML needs it: one form, exclusive C14N of our own, and the keys of trusted certificates.
//!
//! `crates/manual` tells in its decision on the SAML engine why this is ours, and what proves it.

mod algorithm;
mod enveloped;
mod key;

pub(crate) use algorithm::{Hash, Scheme, SignatureMethod};
pub(crate) use enveloped::{Algorithms, EnvelopedSignature, Misformed, Unproven};
pub(crate) use key::VerificationKey;
