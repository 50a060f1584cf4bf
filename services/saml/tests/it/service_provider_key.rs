//! Our keys towards identity providers: published, rotated with overlap, used for signing and opening.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use tonic::Code;
use vestibule_rpc::{
    reason_of,
    saml::v1::{
        CreateAuthnRequestRequest, ExplainResponseRequest, GetServiceProviderMetadataRequest,
        GetServiceProviderMetadataResponse, RotateServiceProviderKeysRequest, ServiceProviderKey,
        create_authn_request_response::Binding as Carried, service_provider_key::Use,
    },
};
use vestibule_saml_idp::{
    ContentCipher, EncryptionTerms, Encrypts, IdpError, KnownServiceProvider, ReceivedRequest, Signed, Subject,
    saml_response_value,
};
use vestibule_saml_service::Config;
use vestibule_tenancy::connection::{self, Binding, Encryption, Provider, SamlSettings, SignRequests};

use crate::world::{Customer, World, accepted, metadata, refused};

const DAY: Duration = Duration::from_hours(24);

impl World {
    pub(crate) async fn published(&self, customer: &Customer) -> GetServiceProviderMetadataResponse {
        let request = GetServiceProviderMetadataRequest { connection: customer.connection.to_string() };
        self.saml().get_service_provider_metadata(request).await.unwrap().into_inner()
    }

    pub(crate) async fn known(&self, customer: &Customer) -> KnownServiceProvider {
        KnownServiceProvider::from_metadata(&self.published(customer).await.metadata_xml).unwrap()
    }

    pub(crate) async fn rotate(&self, customer: &Customer) -> Result<Vec<ServiceProviderKey>, tonic::Status> {
        let request = RotateServiceProviderKeysRequest { connection: customer.connection.to_string() };
        let answer = self.saml_as("operator").rotate_service_provider_keys(request).await?;
        Ok(answer.into_inner().keys)
    }

    pub(crate) async fn set(&self, customer: &Customer, settings: SamlSettings, bindings: &[Binding]) {
        let mut metadata = metadata(&customer.idp);
        metadata.identity_provider.single_sign_on.retain(|endpoint| bindings.contains(&endpoint.binding));
        let command = connection::Command::Configure(connection::Configure {
            metadata: Some(metadata),
            settings: Some(settings.try_into_checked()),
            ..connection::Configure::default()
        });
        self.change_connection(customer, command).await;
        self.settle().await;
    }

    /// A request as it arrives at the identity provider.
    pub(crate) async fn ask(&self, customer: &Customer, acr_values: &[&str]) -> ReceivedRequest {
        let request = CreateAuthnRequestRequest {
            connection: customer.connection.to_string(),
            relay_state: "handle".to_owned(),
            acr_values: acr_values.iter().map(|value| (*value).to_owned()).collect(),
            ..Default::default()
        };
        match self.saml().create_authn_request(request).await.unwrap().into_inner().binding.unwrap() {
            Carried::RedirectUrl(url) => customer.idp.read_authn_request_redirect(url.split_once('?').unwrap().1),
            Carried::PostForm(form) => {
                let encoded = form.saml_request.replace('+', "%2B").replace('=', "%3D").replace('/', "%2F");
                customer.idp.read_authn_request_post(&format!("SAMLRequest={encoded}"))
            }
        }
        .unwrap()
    }

    /// What the identity provider answers, encrypted for this certificate.
    pub(crate) async fn encrypted(
        &self,
        customer: &Customer,
        certificate: &[u8],
        signed: Signed,
        cipher: ContentCipher,
    ) -> (String, String) {
        let request_id = self.request(customer).await;
        let mut encryption = EncryptionTerms::new(certificate, &*self.ids);
        encryption.cipher = cipher;
        let terms = self.terms(customer, &request_id).signed(signed).encrypted(encryption);
        let ada = Subject::persistent("ada").with("email", ["ada@acme.test"]);
        (saml_response_value(&customer.idp.respond(&ada, &terms).unwrap()), request_id)
    }
}

/// Settings as the registry would save them.
trait Checked {
    fn try_into_checked(self) -> connection::CheckedSettings;
}

impl Checked for SamlSettings {
    fn try_into_checked(self) -> connection::CheckedSettings {
        connection::CheckedSettings::check(self, &SamlSettings::default(), crate::world::now()).unwrap()
    }
}

fn of(keys: &[ServiceProviderKey], purpose: Use) -> Vec<&ServiceProviderKey> {
    keys.iter().filter(|key| key.r#use() == purpose).collect()
}

#[tokio::test]
async fn each_connection_has_keys_of_its_own_the_same_on_every_instance() {
    let world = World::start().await;
    let (acme, globex) = (world.customer("acme", "acme.test").await, world.customer("globex", "globex.test").await);
    let published = world.published(&acme).await;
    let (ours, theirs) = (world.known(&acme).await, world.known(&globex).await);
    assert_eq!((ours.signing.len(), ours.encryption.len()), (1, 1));
    assert_ne!(ours.signing, ours.encryption);
    assert!(ours.signing != theirs.signing && ours.encryption != theirs.encryption);
    assert!(published.keys.iter().all(|key| key.active && key.key_id.len() == 36), "{:?}", published.keys);
    assert!(published.metadata_xml.contains("SingleLogoutService"), "{}", published.metadata_xml);
    // Another instance finds what the first one made.
    let again = world.start_again(&Config::default()).await.unwrap();
    let mut other =
        vestibule_rpc::saml::v1::saml_service_client::SamlServiceClient::new(vestibule_rpc::memory::serve(again.grpc));
    let request = GetServiceProviderMetadataRequest { connection: acme.connection.to_string() };
    assert_eq!(other.get_service_provider_metadata(request).await.unwrap().into_inner(), published);
}

#[tokio::test]
async fn after_a_rotation_both_keys_stand_in_the_metadata_and_the_new_one_signs_when_it_is_known() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let settings = SamlSettings { sign_requests: SignRequests::Always, ..SamlSettings::default() };
    world.set(&acme, settings, &[Binding::HttpRedirect]).await;
    let before = world.known(&acme).await;
    world.clock.advance(30 * DAY);
    let keys = world.rotate(&acme).await.unwrap();
    let known = world.known(&acme).await;
    assert_eq!((known.signing.len(), known.encryption.len()), (2, 2));
    assert_eq!((&known.signing[1], &known.encryption[1]), (&before.signing[0], &before.encryption[0]));
    assert_eq!(of(&keys, Use::Signing).iter().map(|key| key.active).collect::<Vec<_>>(), [false, true]);
    assert_eq!(of(&keys, Use::Encryption).iter().map(|key| key.active).collect::<Vec<_>>(), [true, false]);
    // Whoever has not read the metadata again still verifies what we sign.
    world.ask(&acme, &[]).await.require_signed_by(&before).unwrap();
    // A second rotation would take the first key away from those.
    let status = world.rotate(&acme).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(reason_of(&status).as_deref(), Some("SERVICE_PROVIDER_KEYS_ROTATING"));
    world.clock.advance(31 * DAY);
    let request = world.ask(&acme, &[]).await;
    assert!(matches!(request.require_signed_by(&before), Err(IdpError::RequestSignatureInvalid)));
    request.require_signed_by(&known).unwrap();
    // What is encrypted for either opens.
    for certificate in &known.encryption {
        let (response, request_id) =
            world.encrypted(&acme, certificate, Signed::Assertion, ContentCipher::Aes256Gcm).await;
        accepted(world.validate(&acme, &response, &request_id).await.unwrap());
    }
    // The third generation retires the first.
    world.rotate(&acme).await.unwrap();
    let (response, request_id) =
        world.encrypted(&acme, &before.encryption[0], Signed::Assertion, ContentCipher::Aes256Gcm).await;
    let refusal = refused(world.validate(&acme, &response, &request_id).await.unwrap());
    assert_eq!(refusal.reason, "DECRYPTION_FAILED");
}

#[tokio::test]
async fn keys_are_rotated_by_the_operator_only() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    for actor in ["service", "anonymous"] {
        let request = RotateServiceProviderKeysRequest { connection: acme.connection.to_string() };
        let status = world.saml_as(actor).rotate_service_provider_keys(request).await.unwrap_err();
        assert_eq!(
            (status.code(), reason_of(&status).as_deref()),
            (Code::PermissionDenied, Some("REGISTRY_TOKEN_REQUIRED"))
        );
    }
    assert_eq!(world.known(&acme).await.signing.len(), 1);
}

#[tokio::test]
async fn requests_are_signed_by_either_binding_when_settings_or_metadata_say_so() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let unsigned = world.ask(&acme, &[]).await;
    let known = world.known(&acme).await;
    assert!(!known.authn_requests_signed);
    assert!(matches!(unsigned.require_signed_by(&known), Err(IdpError::RequestUnsigned)));
    let persistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
    let settings = SamlSettings {
        sign_requests: SignRequests::Always,
        force_authn: true,
        name_id_format: Some(persistent.to_owned()),
        ..SamlSettings::default()
    };
    for binding in [Binding::HttpRedirect, Binding::HttpPost] {
        world.set(&acme, settings.clone(), &[binding]).await;
        let known = world.known(&acme).await;
        assert!(known.authn_requests_signed);
        let request = world.ask(&acme, &[]).await;
        request.require_signed_by(&known).unwrap();
        assert!(request.force_authn);
        assert_eq!(request.name_id_format.as_deref(), Some(persistent));
        let globex = world.customer(&format!("globex-{binding:?}").to_lowercase(), &format!("{binding:?}.test")).await;
        assert!(request.require_signed_by(&world.known(&globex).await).is_err());
    }
    let mut wants = metadata(&acme.idp);
    wants.identity_provider.wants_authn_requests_signed = true;
    for (sign_requests, signed) in [(SignRequests::WhenAsked, true), (SignRequests::Never, false)] {
        let command = connection::Command::Configure(connection::Configure {
            metadata: Some(wants.clone()),
            settings: Some(SamlSettings { sign_requests, ..SamlSettings::default() }.try_into_checked()),
            ..connection::Configure::default()
        });
        world.change_connection(&acme, command).await;
        world.settle().await;
        let request = world.ask(&acme, &[]).await;
        assert_eq!(request.require_signed_by(&world.known(&acme).await).is_ok(), signed, "{sign_requests:?}");
    }
}

#[tokio::test]
async fn what_the_application_would_like_counts_within_what_the_connection_requires() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let class = |name: &str| format!("urn:oasis:names:tc:SAML:2.0:ac:classes:{name}");
    let (password, token, card) = (class("PasswordProtectedTransport"), class("TimeSyncToken"), class("SmartcardPKI"));
    assert_eq!(world.ask(&acme, &["mfa", &token]).await.requested_authn_context, [&*token]);
    assert!(world.ask(&acme, &["mfa"]).await.requested_authn_context.is_empty());
    let settings =
        SamlSettings { requested_authn_context: vec![token.clone(), card.clone()], ..SamlSettings::default() };
    world.set(&acme, settings, &[Binding::HttpRedirect]).await;
    assert_eq!(world.ask(&acme, &[]).await.requested_authn_context, [&*token, &*card]);
    assert_eq!(world.ask(&acme, &[&password, &card]).await.requested_authn_context, [&*card]);
    // An application cannot lower what the connection requires.
    assert_eq!(world.ask(&acme, &[&password]).await.requested_authn_context, [&*token, &*card]);
    let request_id = world.request(&acme).await;
    let ada = Subject::persistent("ada");
    let refusal = refused(world.validate(&acme, &world.response(&acme, &ada, &request_id), &request_id).await.unwrap());
    assert_eq!(refusal.reason, "AUTHN_CONTEXT_MISMATCH");
    let request_id = world.request(&acme).await;
    let mut terms = world.terms(&acme, &request_id);
    terms.authn_context.clone_from(&card);
    let response = saml_response_value(&acme.idp.respond(&ada, &terms).unwrap());
    assert_eq!(accepted(world.validate(&acme, &response, &request_id).await.unwrap()).acr, card);
}

#[tokio::test]
async fn encryption_is_taken_where_a_key_was_given_and_can_be_required() {
    let world = World::start().await;
    let (acme, globex) = (world.customer("acme", "acme.test").await, world.customer("globex", "globex.test").await);
    let key = world.known(&acme).await.encryption[0].clone();
    let (response, request_id) = world.encrypted(&acme, &key, Signed::Assertion, ContentCipher::Aes256Gcm).await;
    accepted(world.validate(&acme, &response, &request_id).await.unwrap());
    let (response, request_id) = world.encrypted(&acme, &key, Signed::Both, ContentCipher::Aes256Cbc).await;
    accepted(world.validate(&acme, &response, &request_id).await.unwrap());
    let (response, request_id) = world.encrypted(&acme, &key, Signed::Assertion, ContentCipher::Aes256Cbc).await;
    let refusal = refused(world.validate(&acme, &response, &request_id).await.unwrap());
    assert_eq!(refusal.reason, "ENCRYPTION_UNAUTHENTICATED");
    let request_id = world.request(&acme).await;
    let mut encryption = EncryptionTerms::new(key.clone(), &*world.ids);
    encryption.encrypts = Encrypts::NameId;
    let ada = Subject::persistent("ada").with("email", ["ada@acme.test"]);
    let response = acme.idp.respond(&ada, &world.terms(&acme, &request_id).encrypted(encryption)).unwrap();
    let ada = accepted(world.validate(&acme, &saml_response_value(&response), &request_id).await.unwrap());
    assert!(!ada.first_seen, "the same person as by the NameID that was encrypted with everything else");
    // Nobody ever read the metadata of this one, so it has no key; then it has, and it is another.
    let (response, request_id) = world.encrypted(&globex, &key, Signed::Assertion, ContentCipher::Aes256Gcm).await;
    let refusal = refused(world.validate(&globex, &response, &request_id).await.unwrap());
    assert_eq!(refusal.reason, "ASSERTION_ENCRYPTED");
    world.known(&globex).await;
    let refusal = refused(world.validate(&globex, &response, &request_id).await.unwrap());
    assert_eq!(refusal.reason, "DECRYPTION_FAILED");

    let required = SamlSettings { encryption: Encryption::Required, ..SamlSettings::default() };
    world.set(&acme, required, &[Binding::HttpRedirect]).await;
    let request_id = world.request(&acme).await;
    let plain = world.response(&acme, &Subject::persistent("ada"), &request_id);
    assert_eq!(refused(world.validate(&acme, &plain, &request_id).await.unwrap()).reason, "ASSERTION_NOT_ENCRYPTED");
    let (response, request_id) = world.encrypted(&acme, &key, Signed::Assertion, ContentCipher::Aes128Gcm).await;
    accepted(world.validate(&acme, &response, &request_id).await.unwrap());
}

#[tokio::test]
async fn ad_fs_is_given_no_key_to_encrypt_for_unless_encryption_is_wanted() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    for (encryption, keys) in [(Encryption::Optional, 0), (Encryption::Required, 1)] {
        let settings = SamlSettings { provider: Provider::AdFs, encryption, ..SamlSettings::default() };
        world.set(&acme, settings, &[Binding::HttpRedirect]).await;
        assert_eq!(world.known(&acme).await.encryption.len(), keys);
    }
}

#[tokio::test]
async fn no_explanation_tells_what_was_wrong_with_a_ciphertext() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let key = world.known(&acme).await.encryption[0].clone();
    let (genuine, request_id) = world.encrypted(&acme, &key, Signed::Assertion, ContentCipher::Aes256Gcm).await;
    let xml = String::from_utf8(BASE64_STANDARD.decode(genuine).unwrap()).unwrap();
    let values: Vec<_> = xml.match_indices("<xenc:CipherValue>").map(|(at, open)| at + open.len()).collect();
    assert_eq!(values.len(), 2, "a key and a content");
    let mut told = Vec::new();
    for value in values {
        for length in [8, 40] {
            // Another letter near the beginning: of key, nonce or content.
            let at = value + length;
            let other = if xml[at..].starts_with('A') { 'B' } else { 'A' };
            let changed = format!("{}{other}{}", &xml[..at], &xml[at + 1..]);
            let answer = world.validate(&acme, &BASE64_STANDARD.encode(&changed), &request_id).await.unwrap();
            let (checks, refusal) = (answer.checks.clone(), refused(answer));
            let request = ExplainResponseRequest {
                connection: acme.connection.to_string(),
                saml_response: changed,
                request_id: request_id.clone(),
                ..Default::default()
            };
            let explained = world.saml().explain_response(request).await.unwrap().into_inner();
            assert_eq!(refusal.reason, "DECRYPTION_FAILED");
            assert!(explained.differences.is_empty(), "{:?}", explained.differences);
            assert!(!explained.document.contains("CipherValue>A"), "{}", explained.document);
            let explained =
                (explained.refused, explained.checks.last().cloned(), explained.advice, explained.differences);
            told.push((refusal, checks.into_iter().skip(2).collect::<Vec<_>>(), explained));
        }
    }
    assert!(told.windows(2).all(|two| two[0] == two[1]), "{told:#?}");
}
