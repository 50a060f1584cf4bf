use std::time::Duration;

use jsonwebtoken::{DecodingKey, Validation, decode, decode_header, jwk};
use serde_json::{Value, json};
use vestibule_kernel::SecretBytes;
use vestibule_oidc::{
    AdditionalClaims, Algorithm, EmailClaim, IdTokenClaims, JwkSet, KeyError, PersonClaims, ReservedClaim, SigningKey,
    UserinfoClaims,
};

use crate::fixture::now;

fn claims() -> IdTokenClaims {
    let mut additional = AdditionalClaims::default();
    additional.insert("roles", "admin editor").unwrap();
    IdTokenClaims {
        iss: "https://login.vestibule.test".to_owned(),
        sub: "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
        aud: "acme-pool".to_owned(),
        exp: now().plus(Duration::from_mins(5)),
        iat: now(),
        auth_time: Some(now()),
        nonce: Some("n".to_owned()),
        acr: None,
        person: PersonClaims {
            email: EmailClaim::Verified("ada@acme.test".to_owned()),
            name: "Ada Lovelace".to_owned(),
            given_name: "Ada".to_owned(),
            family_name: String::new(),
            additional,
        },
    }
}

#[test]
fn another_implementation_verifies_what_we_sign_with_the_published_key() {
    for (ours, theirs) in
        [(Algorithm::Rs256, jsonwebtoken::Algorithm::RS256), (Algorithm::Es256, jsonwebtoken::Algorithm::ES256)]
    {
        let key = SigningKey::parse(ours, None, &SigningKey::generate(ours).unwrap()).unwrap();
        let token = key.sign(&claims()).unwrap();

        let published: JwkSet = [key.jwk().clone()].into_iter().collect();
        let published: jwk::JwkSet = serde_json::from_value(serde_json::to_value(published).unwrap()).unwrap();
        let header = decode_header(&token).unwrap();
        assert_eq!((header.alg, header.typ.as_deref()), (theirs, Some("JWT")));
        let jwk = published.find(header.kid.as_deref().unwrap()).unwrap();

        let mut validation = Validation::new(theirs);
        validation.set_audience(&["acme-pool"]);
        validation.set_issuer(&["https://login.vestibule.test"]);
        validation.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
        validation.validate_exp = false; // the test's clock stands still
        let verified = decode::<Value>(&token, &DecodingKey::from_jwk(jwk).unwrap(), &validation).unwrap().claims;
        assert_eq!(verified["exp"], 1_795_246_500);
        assert_eq!(verified["auth_time"], 1_795_246_200);
        assert_eq!(verified["nonce"], "n");
        assert_eq!((&verified["email"], &verified["email_verified"]), (&json!("ada@acme.test"), &json!(true)));
        assert_eq!((&verified["family_name"], &verified["roles"]), (&json!(""), &json!("admin editor")));
        assert!(verified.get("acr").is_none());

        let mut forged = token.clone();
        forged.replace_range(
            token.len() - 10..token.len() - 9,
            if token.as_bytes()[token.len() - 10] == b'A' { "B" } else { "A" },
        );
        assert!(decode::<Value>(&forged, &DecodingKey::from_jwk(jwk).unwrap(), &validation).is_err());
    }
}

#[test]
fn a_key_has_the_same_name_on_every_instance_and_a_given_name_wins() {
    let secret = SigningKey::generate(Algorithm::Es256).unwrap();
    let first = SigningKey::parse(Algorithm::Es256, None, &secret).unwrap();
    let second = SigningKey::parse(Algorithm::Es256, None, &secret).unwrap();
    assert_eq!(first.jwk(), second.jwk());
    assert_eq!(SigningKey::parse(Algorithm::Es256, Some("2026-11"), &secret).unwrap().jwk().kid(), "2026-11");
}

#[test]
fn a_key_of_another_kind_or_size_is_refused() {
    let elliptic = SigningKey::generate(Algorithm::Es256).unwrap();
    assert_eq!(SigningKey::parse(Algorithm::Rs256, None, &elliptic).unwrap_err(), KeyError::Rejected);
    let garbage = SecretBytes::from(vec![1, 2, 3]);
    assert_eq!(SigningKey::parse(Algorithm::Es256, None, &garbage).unwrap_err(), KeyError::Rejected);
    let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa3072).unwrap();
    let der = aws_lc_rs::encoding::AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
    let larger = SecretBytes::from(der.as_ref().to_vec());
    assert_eq!(SigningKey::parse(Algorithm::Rs256, None, &larger).unwrap_err(), KeyError::WrongSize);
}

#[test]
fn a_private_key_is_not_printed_and_not_published() {
    let key = SigningKey::parse(Algorithm::Rs256, None, &SigningKey::generate(Algorithm::Rs256).unwrap()).unwrap();
    let published = serde_json::to_value(key.jwk()).unwrap();
    let mut members: Vec<_> = published.as_object().unwrap().keys().cloned().collect();
    members.sort();
    assert_eq!(members, ["alg", "e", "kid", "kty", "n", "use"]);
    assert_eq!((&published["use"], &published["e"]), (&json!("sig"), &json!("AQAB")));
    assert!(format!("{key:?}").contains("SigningKey"));
}

#[test]
fn an_address_that_is_not_released_goes_out_as_a_blank() {
    let mut person = PersonClaims { name: "Ada".to_owned(), ..PersonClaims::default() };
    let userinfo = serde_json::to_value(UserinfoClaims { sub: "s".to_owned(), person: person.clone() }).unwrap();
    let expected = json!({
        "sub": "s", "email": "", "email_verified": false, "name": "Ada", "given_name": "", "family_name": ""
    });
    assert_eq!(userinfo, expected);
    let stored = |person: &PersonClaims| serde_json::from_value(serde_json::to_value(person).unwrap()).unwrap();
    assert_eq!(person, stored(&person));
    person.email = EmailClaim::Verified("ada@acme.test".to_owned());
    person.additional.insert("groups", json!(["staff"])).unwrap();
    assert_eq!(person, stored(&person));
}

#[test]
fn a_mapping_cannot_supply_a_registered_claim() {
    let mut claims = AdditionalClaims::default();
    for name in ["sub", "iss", "aud", "email", "email_verified", "nonce", "name"] {
        assert_eq!(claims.insert(name, "forged"), Err(ReservedClaim), "{name}");
    }
    assert_eq!(claims.insert("groups", json!(["a"])), Ok(()));
}
