use aws_lc_rs::{
    encoding::AsDer as _,
    hmac,
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
        RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding,
    },
};
use serde_json::{Value, json};

use super::{Cases, with};
use crate::issuer::{KEYS, access_claims, access_token, encode};

pub(super) fn bad_algorithms(cases: &mut Cases) {
    let payload = encode(access_claims(json!({})).to_string());
    let input =
        |algorithm: &str| format!("{}.{payload}", encode(json!({ "kid": "access", "alg": algorithm }).to_string()));
    let refusal = "TOKEN_ALGORITHM_UNSUPPORTED";
    cases.bad("alg none, no signature", format!("{}.", input("none")), refusal);
    for (name, algorithm) in
        [("alg none", "none"), ("alg nOnE", "nOnE"), ("alg rs256", "rs256"), ("alg empty", ""), ("alg RS1", "RS1")]
    {
        let input = input(algorithm);
        let signature = KEYS[1].signature_of(&input, &RSA_PKCS1_SHA256);
        cases.bad(name, format!("{input}.{signature}"), refusal);
    }
    let others: [(&str, &str, &'static dyn RsaEncoding); 3] = [
        ("alg RS384", "RS384", &RSA_PKCS1_SHA384),
        ("alg RS512", "RS512", &RSA_PKCS1_SHA512),
        ("alg PS256", "PS256", &RSA_PSS_SHA256),
    ];
    for (name, algorithm, encoding) in others {
        let input = input(algorithm);
        cases.bad(name, format!("{input}.{}", KEYS[1].signature_of(&input, encoding)), refusal);
    }
    let public = KEYS[1].pair.public_key();
    let modulus = public.modulus();
    let secrets = [
        ("HS256 keyed with the public key", public.as_der().unwrap().as_ref().to_vec()),
        ("HS256 keyed with the modulus", modulus.big_endian_without_leading_zero().to_vec()),
        ("HS256 keyed with the modulus as text", encode(modulus.big_endian_without_leading_zero()).into_bytes()),
        ("HS256 keyed with nothing", Vec::new()),
    ];
    for (name, secret) in secrets {
        let input = input("HS256");
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), input.as_bytes());
        cases.bad(name, format!("{input}.{}", encode(tag)), refusal);
    }
    let elliptic = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let input = input("ES256");
    let signature = elliptic.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
    cases.bad("ES256 with a key of their own", format!("{input}.{}", encode(signature)), refusal);
    let no_algorithm = KEYS[1].sign(r#"{"kid":"access"}"#, &access_claims(json!({})).to_string());
    cases.bad("no alg", no_algorithm, "TOKEN_MALFORMED");
}

pub(super) fn bad_keys(cases: &mut Cases) {
    let claims = access_claims(json!({})).to_string();
    let header = |more: Value| with(json!({ "kid": "access", "alg": "RS256" }), more).to_string();
    cases.bad("unknown key id", KEYS[2].token(&access_claims(json!({}))), "TOKEN_KEY_UNKNOWN");
    let path = KEYS[1].sign(&header(json!({ "kid": "../access" })), &claims);
    cases.bad("key id with a path", path, "TOKEN_KEY_UNKNOWN");
    cases.bad("key id in capitals", KEYS[1].sign(&header(json!({ "kid": "ACCESS" })), &claims), "TOKEN_KEY_UNKNOWN");
    cases.bad("no key id", KEYS[1].sign(r#"{"alg":"RS256"}"#, &claims), "TOKEN_KEY_ID_MISSING");
    cases.bad("empty key id", KEYS[1].sign(&header(json!({ "kid": "" })), &claims), "TOKEN_KEY_ID_MISSING");
    cases.bad("key id as a number", KEYS[1].sign(&header(json!({ "kid": 1 })), &claims), "TOKEN_MALFORMED");
    cases.bad("id of the pool's other key", KEYS[0].sign(&header(json!({})), &claims), "TOKEN_SIGNATURE_INVALID");
    cases.bad("foreign key under our key id", KEYS[2].sign(&header(json!({})), &claims), "TOKEN_SIGNATURE_INVALID");
    let embedded = KEYS[2].sign(&header(json!({ "jwk": KEYS[2].jwk() })), &claims);
    cases.bad("foreign key that the header brings", embedded, "TOKEN_SIGNATURE_INVALID");
    let address =
        KEYS[2].sign(&header(json!({ "jku": "https://evil.test/keys", "x5u": "https://evil.test/c" })), &claims);
    cases.bad("foreign key at an address of the header", address, "TOKEN_SIGNATURE_INVALID");
}

pub(super) fn bad_forms(cases: &mut Cases) {
    let token = access_token(json!({}));
    let (input, signature) = token.rsplit_once('.').unwrap();
    let (header, payload) = input.split_once('.').unwrap();
    let other = encode(access_claims(json!({ "org_id": "umbrella" })).to_string());
    let wrong = "TOKEN_SIGNATURE_INVALID";
    cases.bad("changed payload", format!("{header}.{other}.{signature}"), wrong);
    let reordered = encode(r#"{ "kid":"access", "alg":"RS256" }"#);
    cases.bad("changed header", format!("{reordered}.{payload}.{signature}"), wrong);
    let another = access_token(json!({ "sub": "somebody" }));
    cases.bad("signature of another token", format!("{input}.{}", another.rsplit_once('.').unwrap().1), wrong);
    cases.bad("cut signature", format!("{input}.{}", &signature[4..]), wrong);
    cases.bad("longer signature", format!("{input}.AAAA{signature}"), wrong);
    let broken = "TOKEN_MALFORMED";
    cases.bad("no signature", format!("{input}."), broken);
    cases.bad("no header", format!(".{payload}.{signature}"), broken);
    cases.bad("two parts", input.to_owned(), broken);
    cases.bad("four parts", format!("{token}.{signature}"), broken);
    cases.bad("empty", String::new(), broken);
    cases.bad("not a token", "Bearer".to_owned(), broken);
    cases.bad("blank in front", format!(" {token}"), broken);
    cases.bad("line break behind", format!("{token}\n"), broken);
    cases.bad("blank inside", format!("{header}. {payload}.{signature}"), broken);
    cases.bad("NUL behind", format!("{token}\0"), broken);
    let standard =
        KEYS[1].sign(r#"{"kid":"access","alg":"RS256","x":"???>>>"}"#, &access_claims(json!({})).to_string());
    let (signed_header, rest) = standard.split_once('.').unwrap();
    assert!(signed_header.contains(['-', '_']));
    cases.bad("standard base64", format!("{}.{rest}", signed_header.replace('-', "+").replace('_', "/")), broken);
}
