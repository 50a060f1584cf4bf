//! What signing an ID token costs. Run `cargo bench -p vestibule-oidc`.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has nothing to report")]

use criterion::{Criterion, criterion_group, criterion_main};
use vestibule_kernel::Timestamp;
use vestibule_oidc::{Algorithm, EmailClaim, IdTokenClaims, PersonClaims, SigningKey};

fn sign(criterion: &mut Criterion) {
    let now = Timestamp::from_unix_seconds(1_795_246_201);
    let claims = IdTokenClaims {
        iss: "https://login.vestibule.test".to_owned(),
        sub: "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
        aud: "acme-pool".to_owned(),
        exp: now,
        iat: now,
        auth_time: Some(now),
        nonce: None,
        acr: None,
        person: PersonClaims {
            email: EmailClaim::Verified("ada@acme.test".to_owned()),
            name: "Ada Lovelace".to_owned(),
            given_name: "Ada".to_owned(),
            family_name: "Lovelace".to_owned(),
            ..PersonClaims::default()
        },
    };
    for algorithm in [Algorithm::Rs256, Algorithm::Es256] {
        let key = SigningKey::parse(algorithm, None, &SigningKey::generate(algorithm).unwrap()).unwrap();
        criterion.bench_function(&format!("sign ID token {}", algorithm.as_str()), |bencher| {
            bencher.iter(|| key.sign(&claims).unwrap());
        });
    }
}

criterion_group!(benches, sign);
criterion_main!(benches);
