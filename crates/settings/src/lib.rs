//! Settings of connections between contract and domain: what the registry, which saves them, and the SAML service, which
//! shows what they would do, must not read in two ways.

mod choice;
mod invalid;
mod message;
mod patch;

pub(crate) use invalid::UPDATE_MASK;
pub use invalid::{Invalid, InvalidSettings};
pub use message::message;
pub use patch::{Patch, fields};

#[cfg(test)]
mod tests {
    use vestibule_kernel::Timestamp;
    use vestibule_tenancy::connection::{
        CertificateValidity, Encryption, Provider, SamlSettings, SignRequests, SubjectSource,
    };

    use super::{Patch, fields, message};

    fn now() -> Timestamp {
        "2026-11-21T10:00:00Z".parse().unwrap()
    }

    #[test]
    fn what_is_written_is_read_as_the_same() {
        let signs = [SignRequests::WhenAsked, SignRequests::Always, SignRequests::Never];
        let encryption = [Encryption::Optional, Encryption::Required];
        let validity = [CertificateValidity::Warn, CertificateValidity::Enforce];
        for (at, provider) in Provider::ALL.into_iter().enumerate() {
            let settings = SamlSettings {
                provider,
                subject: SubjectSource::Attribute { name: format!("a{at}") },
                sign_requests: signs[at % 3],
                encryption: encryption[at % 2],
                certificate_validity: validity[at % 2],
                clock_skew_seconds: Some(0),
                ..SamlSettings::default()
            };
            let written = message(&settings);
            let read = Patch::of(Some(&written), |_, _| true).change(&SamlSettings::default(), now());
            assert_eq!(read.unwrap().into_settings(), settings);
        }
    }

    #[test]
    fn a_mask_names_settings_only() {
        assert!(Patch::named(None, &[]).unwrap().is_empty());
        assert!(!Patch::named(None, &["roles".to_owned()]).unwrap().is_empty());
        let refused = Patch::named(None, &["roles".to_owned(), "Roles".to_owned()]).unwrap_err();
        assert!(refused.to_string().contains(&fields().collect::<Vec<_>>().join(", ")), "{refused}");
    }
}
