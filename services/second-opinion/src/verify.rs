use base64::{Engine, prelude::BASE64_STANDARD};
use samael::crypto::{CertificateDer, Crypto, CryptoError, CryptoProvider, ReduceMode};
use vestibule_second_opinion_protocol::{Answer, Obstacle, Question};

use crate::{profile, reading};

/// The answer to a question: what stands in the document under signatures of these certificates.
#[must_use]
pub fn opinion(question: &Question) -> Answer {
    let decoded = question.certificates.iter().map(|certificate| BASE64_STANDARD.decode(certificate));
    let Ok(certificates) = decoded.map(|der| der.map(CertificateDer::from)).collect::<Result<Vec<_>, _>>() else {
        return Answer::CannotProcess { obstacle: Obstacle::Certificate };
    };
    // Without a certificate samael would take anything as verified.
    if certificates.is_empty() {
        return Answer::CannotProcess { obstacle: Obstacle::Certificate };
    }
    if !profile::is_kept(&question.document) {
        return Answer::CannotProcess { obstacle: Obstacle::Algorithm };
    }
    let signed = Crypto::reduce_xml_to_signed_with_allowed_algorithms(
        &question.document,
        &certificates,
        ReduceMode::PreDigest,
        Some(&profile::ALLOWED),
    );
    match signed {
        Ok(signed) => match reading::read(&signed) {
            Some(reading) => Answer::Verified { reading: Box::new(reading) },
            None => Answer::CannotProcess { obstacle: Obstacle::Form },
        },
        Err(CryptoError::InvalidSignature) => Answer::Rejected,
        Err(_) => Answer::CannotProcess { obstacle: Obstacle::Engine },
    }
}
