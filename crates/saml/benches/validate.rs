//! What validating a Response costs, beside the bare cost of what cannot be left out: one RSA-2048 verification
//! and SHA-256 over the same bytes. The ratio of both, measured in turns in one run, is printed at the end.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark tells and may stop")]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256},
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use vestibule_kernel::{SeededIds, Timestamp};
use vestibule_saml::{Certificate, Expectation, TrustedCertificates, validate};
use vestibule_saml_idp::{IdentityProvider, KeyType, ResponseTerms, Signed, SigningKey, Subject, saml_response_value};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
const IDP: &str = "https://idp.acme.test/saml";
const SP: &str = "https://sign-in.example/saml/acme";
const ACS: &str = "https://sign-in.example/saml/acme/acs";
const REQUEST: &str = "_0123456789abcdef0123456789abcdef";

/// The rounds that the ratio is measured in, and the work of one.
const ROUNDS: u32 = 40;
const PER_ROUND: u32 = 100;

struct Scene {
    trusted: TrustedCertificates,
    key: SigningKey,
}

impl Scene {
    fn new() -> Self {
        let until = NOW.plus(Duration::from_hours(24));
        let key = SigningKey::generate(KeyType::Rsa2048, "idp.acme.test", NOW, until).unwrap();
        let certificate = Certificate::from_der(key.certificate_der()).unwrap();
        Self { trusted: TrustedCertificates::new([certificate]).unwrap(), key }
    }

    /// A Response of some 7 KB: a signed assertion with the attributes and groups of a large company's employee.
    fn response(&self, signed: Signed) -> String {
        let claims = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims";
        let groups = (0..24).map(|at| format!("01890a5d-ac96-774b-bcce-{at:012}"));
        let ada = Subject::persistent("01890a5d-ac96-774b-bcce-b302099a8057")
            .with(format!("{claims}/emailaddress"), ["ada@acme.test"])
            .with(format!("{claims}/givenname"), ["Ada"])
            .with(format!("{claims}/surname"), ["Lovelace"])
            .with("http://schemas.microsoft.com/identity/claims/displayname", ["Ada Lovelace"])
            .with("http://schemas.microsoft.com/ws/2008/06/identity/claims/groups", groups);
        let terms = ResponseTerms::new(ACS, SP, NOW, &SeededIds::new(1)).answering(REQUEST).signed(signed);
        IdentityProvider::new(IDP, "https://idp.acme.test/sso", self.key.clone()).respond(&ada, &terms).unwrap()
    }

    fn expectation(&self) -> Expectation<'_> {
        Expectation {
            service_provider: SP,
            acs_url: ACS,
            identity_provider: IDP,
            trusted: &self.trusted,
            in_response_to: REQUEST,
            now: NOW,
            skew: Duration::from_mins(1),
            sha1_until: None,
        }
    }
}

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
        let xml = scene.response(signed);
        let value = saml_response_value(&xml);
        assert!(validate(&value, &expectation).outcome.is_ok());
        group.throughput(Throughput::Elements(1));
        group.bench_function(name, |bencher| bencher.iter(|| validate(black_box(&value), &expectation)));
    }
    let xml = scene.response(Signed::Assertion);
    group.bench_function("bare_rsa_2048_and_sha_256", |bencher| bencher.iter(|| bare.work(xml.as_bytes())));
    group.finish();
    ratio(&scene, &bare);
}

fn ratio(scene: &Scene, bare: &Bare) {
    let expectation = scene.expectation();
    let xml = scene.response(Signed::Assertion);
    let value = saml_response_value(&xml);
    let (mut whole, mut cryptography) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for _ in 0..PER_ROUND {
            assert!(validate(black_box(&value), &expectation).outcome.is_ok());
        }
        whole.push(began.elapsed() / PER_ROUND);
        let began = Instant::now();
        for _ in 0..PER_ROUND {
            bare.work(xml.as_bytes());
        }
        cryptography.push(began.elapsed() / PER_ROUND);
    }
    whole.sort_unstable();
    cryptography.sort_unstable();
    // The best round is the one that nothing else on the machine disturbed; the median tells how much it was.
    for (name, at) in [("best", 0), ("median", whole.len() / 2)] {
        if let (Some(whole), Some(bare)) = (whole.get(at), cryptography.get(at)) {
            let ratio = whole.as_secs_f64() / bare.as_secs_f64();
            println!("{name}: {whole:?} for {} bytes, bare {bare:?}, ratio {ratio:.2}", xml.len());
        }
    }
}

criterion_group!(all, benches);
criterion_main!(all);
