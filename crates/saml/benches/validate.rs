//! What validating a Response costs, beside the bare cost of what cannot be left out: one RSA-2048 verification
//! and SHA-256 over the same bytes. The ratio of both, measured in turns in one run, is printed at the end, and how the
//! time grows with the size of the message.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark tells and may stop")]
#![expect(dead_code, reason = "the scene is larger than what this benchmark shows of it")]

mod scene;

use std::hint::black_box;

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256},
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mimalloc::MiMalloc;
use vestibule_saml::{limit, validate};
use vestibule_saml_idp::{Signed, saml_response_value};

use self::scene::{GROUPS, Scene, in_turns};

/// The program's own.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The bare work: a key that is parsed already, a message as long as a SignedInfo.
struct Bare {
    key: ParsedPublicKey,
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl Bare {
    fn new() -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let message = vec![b'x'; 800];
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &message, &mut signature).unwrap();
        let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref()).unwrap();
        Self { key, message, signature }
    }

    fn work(&self, document: &[u8]) {
        black_box(digest(&SHA256, black_box(document)));
        self.key.verify_sig(black_box(&self.message), black_box(&self.signature)).unwrap();
    }
}

fn benches(criterion: &mut Criterion) {
    let (scene, bare) = (Scene::new(), Bare::new());
    let expectation = scene.expectation();
    let mut group = criterion.benchmark_group("saml");
    for (name, signed) in [("assertion_signed", Signed::Assertion), ("both_signed", Signed::Both)] {
        let xml = scene.response(signed, GROUPS);
        let value = saml_response_value(&xml);
        assert!(validate(&value, &expectation).outcome.is_ok());
        group.throughput(Throughput::Elements(1));
        group.bench_function(name, |bencher| bencher.iter(|| validate(black_box(&value), &expectation)));
    }
    let xml = scene.response(Signed::Assertion, GROUPS);
    group.bench_function("bare_rsa_2048_and_sha_256", |bencher| bencher.iter(|| bare.work(xml.as_bytes())));
    group.finish();
    ratio(&scene, &bare);
    growth(&scene);
}

fn ratio(scene: &Scene, bare: &Bare) {
    let expectation = scene.expectation();
    let xml = scene.response(Signed::Assertion, GROUPS);
    let value = saml_response_value(&xml);
    let whole = || assert!(validate(black_box(&value), &expectation).outcome.is_ok());
    let cryptography = || bare.work(xml.as_bytes());
    // The best round is the one that nothing else on the machine disturbed; the median tells how much it was.
    let [(best, median), (bare, bare_median)] = in_turns(40, 100, [&whole, &cryptography]);
    for (name, whole, bare) in [("best", best, bare), ("median", median, bare_median)] {
        let ratio = whole.as_secs_f64() / bare.as_secs_f64();
        println!("{name}: {whole:?} for {} bytes, bare {bare:?}, ratio {ratio:.2}", xml.len());
    }
}

/// Twice the size, twice the time: the time of a byte beyond the smallest message is the same up to the limit.
fn growth(scene: &Scene) {
    let expectation = scene.expectation();
    let sizes: [usize; 6] = std::array::from_fn(|power| limit::RESPONSE_BYTES_MAX >> (5 - power));
    let messages = sizes.map(|size| scene.of_size(size));
    let values = messages.each_ref().map(|xml| saml_response_value(xml));
    let works = values.each_ref().map(|value| || assert!(validate(black_box(value), &expectation).outcome.is_ok()));
    let mut before: Option<(usize, f64)> = None;
    for (xml, (best, _)) in messages.iter().zip(in_turns(20, 20, works.each_ref().map(|work| work as &dyn Fn()))) {
        let nanos = best.as_secs_f64() * 1e9;
        let more = before.map_or_else(String::new, |(bytes, time)| {
            format!(
                ", {:.2} ns for each further byte",
                (nanos - time) / f64::from(u32::try_from(xml.len() - bytes).unwrap())
            )
        });
        println!("growth: {} bytes in {best:?}{more}", xml.len());
        before = Some((xml.len(), nanos));
    }
}

criterion_group!(all, benches);
criterion_main!(all);
