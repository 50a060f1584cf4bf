//! What opening an encrypted Response costs, beside the bare cost of what cannot be left out: one RSA-2048 private
//! operation. Hostile ones cost no more than genuine ones of the same form: what is wrong with a ciphertext is found at the
//! end.

#![expect(clippy::unwrap_used, reason = "a benchmark may stop")]
#![expect(dead_code, reason = "the scene is larger than what this benchmark shows of it")]

mod scene;

use std::hint::black_box;

use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
};
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main, measurement::WallTime};
use mimalloc::MiMalloc;
use vestibule_kernel::SeededIds;
use vestibule_saml::{Credential, DecryptionKeys, Expectation, Refusal, validate};
use vestibule_saml_idp::{ContentCipher, EncryptionTerms, Signed, saml_response_value};

use self::scene::{GROUPS, NOW, Scene};

/// The program's own.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn benches(criterion: &mut Criterion) {
    let scene = Scene::new();
    let credential = || Credential::generate("acme", NOW, NOW).unwrap();
    let (present, before, stranger) = (credential(), credential(), credential());
    let one = DecryptionKeys::new([&present]).unwrap();
    let two = DecryptionKeys::new([&before, &present]).unwrap();
    let another = DecryptionKeys::new([&stranger]).unwrap();
    let encrypted = |signed, cipher| {
        let mut encryption = EncryptionTerms::new(present.certificate().der(), &SeededIds::new(1));
        encryption.cipher = cipher;
        scene.encrypted(signed, encryption)
    };
    let plain = scene.response(Signed::Assertion, GROUPS);
    let gcm = encrypted(Signed::Assertion, ContentCipher::Aes256Gcm);
    let cbc = encrypted(Signed::Both, ContentCipher::Aes256Cbc);
    let mut group = criterion.benchmark_group("saml_decryption");
    for (name, xml, keys, refusal) in [
        ("plain", &plain, &one, None),
        ("aes_256_gcm", &gcm, &one, None),
        ("aes_256_gcm_during_a_rotation", &gcm, &two, None),
        ("aes_256_cbc_in_a_signed_response", &cbc, &one, None),
        ("another_key", &gcm, &another, Some(Refusal::DecryptionFailed)),
    ] {
        let expectation = Expectation { decryption: Some(keys), ..scene.expectation() };
        let value = saml_response_value(xml);
        assert_eq!(validate(&value, &expectation).outcome.err(), refusal);
        group.bench_function(name, |bencher| bencher.iter(|| validate(black_box(&value), &expectation)));
    }
    bare(&mut group);
    group.finish();
}

fn bare(group: &mut BenchmarkGroup<'_, WallTime>) {
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
