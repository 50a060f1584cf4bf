//! What verifying a token with a cached key costs beside the bare RSA-2048 verification of aws-lc in the same run.
//! Run `cargo bench -p vestibule-cognito-verifier`. Where `VESTIBULE_TEST_NODE_DIR` names a folder prepared by
//! `cargo xtask test`, aws-jwt-verify verifies the same token in the same run.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has nothing to report")]

use std::{
    env,
    io::Write as _,
    process::{Command, Stdio},
    time::{Duration, UNIX_EPOCH},
};

use aws_lc_rs::{
    encoding::AsDer as _,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};
use vestibule_cognito_verifier::{Attempt, Clients, Requirements, TokenUses, UserPool, Verifier};

const POOL: &str = "eu-west-1_AbCd12345";
const NOW_SECONDS: u64 = 1_795_246_201;

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn token(pair: &RsaKeyPair) -> String {
    let header = json!({ "kid": "k1", "alg": "RS256" });
    let claims = json!({
        "sub": "9b1c6d1e-0000-4000-8000-000000000001", "cognito:groups": ["admin", "eu-west-1_AbCd12345_Vestibule"],
        "iss": format!("https://cognito-idp.eu-west-1.amazonaws.com/{POOL}"), "version": 2, "client_id": "3n4b5example",
        "origin_jti": "dd5d7c14-27de-43a9-8db8-b5c4d5ff3f4b", "event_id": "62b5cfd7-2d7f-4f2c-9d3b-6dcf5f1a3d0e",
        "token_use": "access", "scope": "openid email tenant/acme", "auth_time": NOW_SECONDS - 9,
        "exp": NOW_SECONDS + 3_600, "iat": NOW_SECONDS - 9, "jti": "c0b6c9f5-8d3b-4f5e-9d0a-7e6f5d4c3b2a",
        "username": "vestibule_01890a5d-ac96-774b-bcce-b302099a8057", "org_id": "01890a5d-ac96-774b-bcce-b302099a8057",
    });
    let input = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input.as_bytes(), &mut signature).unwrap();
    format!("{input}.{}", encode(signature))
}

fn key_set(pair: &RsaKeyPair) -> Value {
    let public = pair.public_key();
    let n = encode(public.modulus().big_endian_without_leading_zero());
    let e = encode(public.exponent().big_endian_without_leading_zero());
    json!({ "keys": [{ "kty": "RSA", "kid": "k1", "use": "sig", "alg": "RS256", "n": n, "e": e }] })
}

fn verify(criterion: &mut Criterion) {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let (token, keys) = (token(&pair), key_set(&pair));
    let now = UNIX_EPOCH + Duration::from_secs(NOW_SECONDS);

    let pool = UserPool::new(POOL).unwrap();
    let verifier = Verifier::new();
    let requirements = Requirements::new(TokenUses::Access, Clients::one_of(["3n4b5example"])).organization_required();
    verifier.trust(&pool, &requirements);
    verifier.preload(&pool, keys.to_string().as_bytes()).unwrap();

    let (input, signature) = token.rsplit_once('.').unwrap();
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    let spki = pair.public_key().as_der().unwrap();
    let bare = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, spki.as_ref()).unwrap();

    let mut group = criterion.benchmark_group("verify");
    group.bench_function("bare RSA-2048 of aws-lc", |bencher| {
        bencher.iter(|| bare.verify_sig(input.as_bytes(), &signature).unwrap());
    });
    group.bench_function("Cognito access token, cached key", |bencher| {
        bencher.iter(|| match verifier.attempt(&token, now).unwrap() {
            Attempt::Verified(accepted) => accepted,
            Attempt::NeedsKeys(wanted) => unreachable!("{wanted:?}"),
        });
    });
    group.finish();
    aws_jwt_verify(&token, &keys);
}

/// Prints what the same costs in aws-jwt-verify, by its synchronous interface, after a warm-up.
#[expect(clippy::print_stderr, reason = "the result of a benchmark")]
fn aws_jwt_verify(token: &str, keys: &Value) {
    let Ok(folder) = env::var("VESTIBULE_TEST_NODE_DIR") else {
        eprintln!("verify/aws-jwt-verify: skipped, VESTIBULE_TEST_NODE_DIR is not set");
        return;
    };
    let requirements = json!({ "tokenUse": "access", "clientId": "3n4b5example" });
    let order = json!({
        "userPoolId": POOL, "keys": keys, "now": NOW_SECONDS * 1_000, "rounds": 20_000,
        "cases": [{ "name": "access", "token": token, "requirements": requirements }],
    });
    let mut node = Command::new("node");
    let node = node.current_dir(folder).arg("aws_jwt_verify.mjs").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut node = node.spawn().unwrap();
    node.stdin.take().unwrap().write_all(order.to_string().as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    eprintln!("verify/aws-jwt-verify: {} µs a token", answer.get("microseconds").unwrap());
}

criterion_group!(benches, verify);
criterion_main!(benches);
