//! What opening an encrypted Response costs, beside the bare cost of what cannot be left out: one RSA-2048 private
//! operation. Hostile ones cost no more than genuine ones of the same form: what is wrong with a ciphertext is found at the
//! end.

#![expect(clippy::unwrap_used, reason = "a benchmark may stop")]

use std::{hint::black_box, time::Duration};

use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
};
use criterion::{Criterion, criterion_group, criterion_main};
use vestibule_kernel::{SeededIds, Timestamp};
use vestibule_saml::{Certificate, Credential, DecryptionKeys, Expectation, Refusal, TrustedCertificates, validate};
use vestibule_saml_idp::{
    ContentCipher, EncryptionTerms, IdentityProvider, KeyType, ResponseTerms, Signed, SigningKey, Subject,
    saml_response_value,
};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
const IDP: &str = "https://idp.acme.test/saml";
const SP: &str = "https://sign-in.example/saml/acme";
const ACS: &str = "https://sign-in.example/saml/acme/acs";
const REQUEST: &str = "_0123456789abcdef0123456789abcdef";

struct Scene {
    idp: IdentityProvider,
    trusted: TrustedCertificates,
    present: Credential,
    before: Credential,
}

impl Scene {
    fn new() -> Self {
        let until = NOW.plus(Duration::from_hours(24));
        let key = SigningKey::generate(KeyType::Rsa2048, "idp.acme.test", NOW, until).unwrap();
        let trusted = TrustedCertificates::new([Certificate::from_der(key.certificate_der()).unwrap()]).unwrap();
        let credential = || Credential::generate("acme", NOW, until).unwrap();
        let idp = IdentityProvider::new(IDP, "https://idp.acme.test/sso", key);
        Self { idp, trusted, present: credential(), before: credential() }
    }

    /// Some 7 KB before encryption.
    fn response(&self, signed: Signed, cipher: Option<ContentCipher>) -> String {
        let groups = (0..24).map(|at| format!("01890a5d-ac96-774b-bcce-{at:012}"));
        let ada = Subject::persistent("01890a5d-ac96-774b-bcce-b302099a8057")
            .with("email", ["ada@acme.test"])
            .with("groups", groups);
        let ids = SeededIds::new(1);
        let encryption = cipher.map(|cipher| {
            let mut encryption = EncryptionTerms::new(self.present.certificate().der(), &ids);
            encryption.cipher = cipher;
            encryption
        });
        let terms = ResponseTerms::new(ACS, SP, NOW, &ids).answering(REQUEST).signed(signed);
        self.idp.respond(&ada, &ResponseTerms { encryption, ..terms }).unwrap()
    }

    fn expectation<'a>(&'a self, keys: &'a DecryptionKeys) -> Expectation<'a> {
        Expectation {
            service_provider: SP,
            acs_url: ACS,
            identity_provider: IDP,
            trusted: &self.trusted,
            in_response_to: Some(REQUEST),
            now: NOW,
            skew: Duration::from_mins(1),
            sha1_until: None,
            enforce_certificate_validity: false,
            decryption: Some(keys),
            encryption_required: false,
            required_authn_context: &[],
        }
    }
}

fn benches(criterion: &mut Criterion) {
    let scene = Scene::new();
    let one = DecryptionKeys::new([&scene.present]).unwrap();
    let two = DecryptionKeys::new([&scene.before, &scene.present]).unwrap();
    let stranger = Credential::generate("globex", NOW, NOW).unwrap();
    let another = DecryptionKeys::new([&stranger]).unwrap();
    let plain = scene.response(Signed::Assertion, None);
    let gcm = scene.response(Signed::Assertion, Some(ContentCipher::Aes256Gcm));
    let cbc = scene.response(Signed::Both, Some(ContentCipher::Aes256Cbc));
    let mut group = criterion.benchmark_group("saml_decryption");
    for (name, xml, keys, refusal) in [
        ("plain", &plain, &one, None),
        ("aes_256_gcm", &gcm, &one, None),
        ("aes_256_gcm_during_a_rotation", &gcm, &two, None),
        ("aes_256_cbc_in_a_signed_response", &cbc, &one, None),
        ("another_key", &gcm, &another, Some(Refusal::DecryptionFailed)),
    ] {
        let (value, expectation) = (saml_response_value(xml), scene.expectation(keys));
        assert_eq!(validate(&value, &expectation).outcome.err(), refusal);
        group.bench_function(name, |bencher| bencher.iter(|| validate(black_box(&value), &expectation)));
    }
    bare(&mut group);
    group.finish();
}

fn bare(group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>) {
    let private = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
    let public = OaepPublicEncryptingKey::new(private.public_key()).unwrap();
    let private = OaepPrivateDecryptingKey::new(private).unwrap();
    let mut wrapped = vec![0; public.ciphertext_size()];
    public.encrypt(&OAEP_SHA1_MGF1SHA1, &[7; 32], &mut wrapped, None).unwrap();
    let mut unwrapped = vec![0; private.min_output_size()];
    group.bench_function("bare_rsa_2048_oaep", |bencher| {
        bencher.iter(|| {
            private
                .decrypt(&OAEP_SHA1_MGF1SHA1, black_box(&wrapped), &mut unwrapped, None)
                .map(|key| key.len())
                .unwrap()
        });
    });
}

criterion_group!(all, benches);
criterion_main!(all);
