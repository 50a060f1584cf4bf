//! Every choice as the contract and as the domain name it.

use vestibule_rpc::registry::v1::saml_settings::{
    CertificateValidity as PbValidity, Encryption as PbEncryption, Provider as PbProvider,
    SignRequests as PbSignRequests,
};
use vestibule_tenancy::connection::{CertificateValidity, Encryption, Provider, SignRequests};

macro_rules! choices {
    ($to:ident, $from:ident, $theirs:ident, $ours:ident { $($name:ident => $variant:ident),+ $(,)? }) => {
        pub(crate) const fn $to(chosen: $theirs) -> $ours {
            match chosen {
                $($theirs::$name => $ours::$variant,)+
            }
        }

        pub(crate) const fn $from(chosen: $ours) -> $theirs {
            #[expect(unreachable_patterns, reason = "the unspecified value means the same as another one")]
            match chosen {
                $($ours::$variant => $theirs::$name,)+
            }
        }
    };
}

choices!(provider, provider_message, PbProvider, Provider {
    Generic => Generic,
    Unspecified => Generic,
    EntraId => EntraId,
    Okta => Okta,
    AdFs => AdFs,
    Google => Google,
    Ping => Ping,
    OneLogin => OneLogin,
    Keycloak => Keycloak,
    SimpleSamlPhp => SimpleSamlPhp,
    Shibboleth => Shibboleth,
});
choices!(sign_requests, sign_requests_message, PbSignRequests, SignRequests {
    WhenAsked => WhenAsked,
    Unspecified => WhenAsked,
    Always => Always,
    Never => Never,
});
choices!(encryption, encryption_message, PbEncryption, Encryption {
    Optional => Optional,
    Unspecified => Optional,
    Required => Required,
});
choices!(certificate_validity, certificate_validity_message, PbValidity, CertificateValidity {
    Warn => Warn,
    Unspecified => Warn,
    Enforce => Enforce,
});
