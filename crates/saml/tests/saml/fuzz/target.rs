//! What must hold for every input.

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::STANDARD};
use bergshamra::c14n::{C14nMode, canonicalize};
use vestibule_saml::{
    Assertion, Binding, CheckName, CheckStatus, IdentityProviderMetadata, LogoutOutcome, Mapping, MessageKind,
    MetadataError, MetadataStamp, Preset, ReceivedLogout, Sample, Unverified, limit, pasted_form_value, validate,
    validate_xml,
};
use vestibule_saml_idp::{ReceivedRequest, Signed};

use crate::{
    logout, metadata_signature, oracle,
    support::{RSA, element, expectation, genuine, judge, provider},
};

/// What the identity provider signed, with the signed subtrees in canonical form.
static GENUINE: LazyLock<Vec<(Assertion, String)>> = LazyLock::new(|| {
    let signed = [Signed::Assertion, Signed::Response, Signed::Both].map(genuine);
    signed.map(|xml| (judge(&xml).outcome.unwrap(), covered(&xml).unwrap())).to_vec()
});

/// The Assertion without its signature, canonical: what every accepted Response must have in common with a genuine one.
fn covered(xml: &str) -> Option<String> {
    let canonical = canonicalize(xml, C14nMode::Exclusive, None, &[] as &[&str]).ok()?;
    let canonical = String::from_utf8(canonical).ok()?;
    let assertion = element(&canonical, "saml:Assertion");
    let bare = if assertion.contains("<ds:Signature") {
        assertion.replace(element(assertion, "ds:Signature"), "")
    } else {
        assertion.to_owned()
    };
    // Whether the shell around it declares the prefix already makes no difference to the subtree by itself.
    Some(bare.replace(" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"", ""))
}

/// Never a panic; never somebody whom the identity provider did not name; the checklist always whole; explaining is as
/// robust as judging.
pub(super) fn response(input: &[u8]) -> bool {
    let value = STANDARD.encode(input);
    let verdict = validate(&value, &expectation());
    let failed = verdict.checks.iter().filter(|check| check.status == CheckStatus::Failed).count();
    assert_eq!(failed, usize::from(verdict.outcome.is_err()), "one failed check exactly when refused");
    assert!(CheckName::ALL.iter().all(|name| verdict.checks.iter().any(|check| check.name == *name)));
    if let Ok(unverified) = Unverified::read(&value) {
        assert!(unverified.document.len() <= limit::DOCUMENT_BYTES_MAX + 16);
    }
    if let Ok(sample) = Sample::read(&value) {
        for preset in Preset::ALL {
            let identity = sample.normalise(&Mapping { preset, ..Mapping::default() });
            let chars = identity.email.iter().chain(&identity.name).map(|value| value.chars().count()).max();
            assert!(identity.groups.len() <= limit::GROUPS_MAX && chars.unwrap_or(0) <= limit::CLAIM_CHARS_MAX);
        }
    }
    if let Ok(text) = str::from_utf8(input) {
        let _ = Unverified::read(&pasted_form_value(text));
        let again = validate_xml(text, &expectation());
        assert_eq!(again.outcome, verdict.outcome, "the same message, decoded by the caller");
        // What arrives encrypted is verified in another document than the one that was sent.
        if !text.contains("Encrypted") {
            oracle::agree("mutated", text, &verdict, &[&RSA]);
        }
    }
    if let Ok(accepted) = &verdict.outcome {
        // Of an encrypted one the subtree is in the ciphertext; what was read from it must still be what was signed.
        let text = str::from_utf8(input).unwrap();
        let subtree = (!text.contains("EncryptedAssertion>")).then(|| covered(text).unwrap());
        let signed = |(assertion, signed): &(Assertion, String)| {
            assertion == accepted && subtree.as_ref().is_none_or(|subtree| signed == subtree)
        };
        assert!(GENUINE.iter().any(signed), "accepted what was never signed: {text}");
    }
    verdict
        .checks
        .iter()
        .any(|check| check.name == CheckName::SignatureValue && check.status != CheckStatus::NotReached)
}

/// Never a panic; nobody is signed out, and nothing is taken for an answer, that the identity provider did not name; the
/// checklist always whole. As a query, as a form value, and as the XML inside of a form value.
pub(super) fn logout_message(input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    let wrapped = STANDARD.encode(input);
    let form = |kind, value: &str| logout::judge_form(kind, value);
    let verdicts = [
        logout::judge_query(&text),
        form(MessageKind::Request, &text),
        form(MessageKind::Request, &wrapped),
        form(MessageKind::Response, &text),
        form(MessageKind::Response, &wrapped),
    ];
    for verdict in &verdicts {
        let failed = verdict.checks.iter().filter(|check| check.status == CheckStatus::Failed).count();
        assert_eq!(failed, usize::from(verdict.outcome.is_err()), "one failed check exactly when refused");
        assert!(CheckName::LOGOUT.iter().all(|name| verdict.checks.iter().any(|check| check.name == *name)));
        match &verdict.outcome {
            Ok(ReceivedLogout::Request(request)) => assert!(logout::is_genuine(request), "{request:?}"),
            Ok(ReceivedLogout::Response(response)) => assert_eq!(response.outcome, LogoutOutcome::Success),
            Err(_) => {}
        }
    }
    verdicts
        .iter()
        .flat_map(|verdict| verdict.checks.iter())
        .any(|check| check.name == CheckName::SignatureValue && check.status != CheckStatus::NotReached)
}

/// Never a panic; whatever is taken can be used: https, keys that load, an entity id.
pub(super) fn metadata(input: &[u8]) -> bool {
    let Ok(metadata) = IdentityProviderMetadata::parse(input) else { return false };
    assert!(!metadata.entity_id.trim().is_empty() && !metadata.certificates.is_empty());
    assert!(metadata.certificates.len() <= limit::CERTIFICATES_MAX);
    let service = |binding| metadata.single_sign_on_service(binding);
    assert!(service(Binding::HttpRedirect).or_else(|| service(Binding::HttpPost)).is_some());
    for service in &metadata.single_sign_on_services {
        let local = matches!(service.location.host_str(), Some(host) if host.ends_with("localhost") || host.starts_with("127.") || host == "[::1]");
        assert!(service.location.scheme() == "https" || local, "{}", service.location);
    }
    true
}

/// What the pinned key has signed, as it is read without anything around it.
static GENUINE_METADATA: LazyLock<Vec<IdentityProviderMetadata>> = LazyLock::new(|| {
    let pinned = metadata_signature::pinned();
    let read = |xml: Vec<u8>| IdentityProviderMetadata::parse_signed(&xml, &pinned).ok();
    metadata_signature::seeds().into_iter().filter_map(read).collect()
});

/// Never a panic; nothing is taken that the pinned key has not signed, but for how long it may be believed and kept, which
/// what is around it may shorten. Whatever is taken so is taken without asking for a signature, too.
pub(super) fn signed_metadata(input: &[u8]) -> bool {
    let outcome = IdentityProviderMetadata::parse_signed(input, &metadata_signature::pinned());
    if let Ok(read) = &outcome {
        let said = |one: &IdentityProviderMetadata| IdentityProviderMetadata {
            valid_until: None,
            cache_duration: None,
            stamp: MetadataStamp::default(),
            ..one.clone()
        };
        let shorter = |genuine: &IdentityProviderMetadata| {
            genuine.stamp == read.stamp
                && genuine.stamp.valid_until.is_none_or(|until| read.valid_until.is_some_and(|read| read <= until))
        };
        let is_genuine = |genuine: &IdentityProviderMetadata| said(genuine) == said(read) && shorter(genuine);
        assert!(GENUINE_METADATA.iter().any(is_genuine), "taken, and never signed: {}", String::from_utf8_lossy(input));
        assert_eq!(IdentityProviderMetadata::parse(input).as_ref().map(said), Ok(said(read)));
    }
    matches!(outcome, Ok(_) | Err(MetadataError::SignatureInvalid))
}

/// Never a panic in the simulated identity provider's reader: as a query, as a form, and as the XML of either.
pub(super) fn authn_request(input: &[u8]) -> bool {
    let idp = provider(&RSA);
    let text = String::from_utf8_lossy(input);
    let encoded: String = url::form_urlencoded::byte_serialize(STANDARD.encode(input).as_bytes()).collect();
    let read: [Result<ReceivedRequest, _>; 3] = [
        idp.read_authn_request_redirect(&text),
        idp.read_authn_request_post(&text),
        idp.read_authn_request_post(&format!("SAMLRequest={encoded}")),
    ];
    read.into_iter().flatten().any(|request| !request.id.is_empty() || request.acs_url.is_some())
}
