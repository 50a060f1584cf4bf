//! What is read from a token, and the organization, which aws-jwt-verify knows nothing of.

use serde_json::{Value, json};
use vestibule_cognito_verifier::{
    Attempt, Clients, InvalidUserPool, Requirements, TokenUse, TokenUses, UserPool, VerifiedToken, Verifier,
};

use crate::issuer::{
    CLIENT, KEYS, POOL_ID, access_claims, access_requirements, access_token, after, id_token, key_set, now, verifier,
};

fn against(requirements: &Requirements, token: &str) -> Result<VerifiedToken, &'static str> {
    match verifier().attempt_against(token, requirements, now()) {
        Ok(Attempt::Verified(accepted)) => Ok(accepted),
        Ok(Attempt::NeedsKeys(wanted)) => panic!("{wanted:?}"),
        Err(error) => Err(error.reason()),
    }
}

fn organization(requirements: &Requirements, organization: Value) -> Result<Option<String>, &'static str> {
    let mut claims = access_claims(json!({}));
    claims["org_id"] = organization;
    against(requirements, &KEYS[1].token(&claims)).map(|accepted| accepted.organization().map(str::to_owned))
}

#[test]
fn the_organization_may_be_optional_required_or_one_of_some() {
    let optional = access_requirements();
    assert_eq!(organization(&optional, json!("acme")), Ok(Some("acme".to_owned())));
    assert_eq!(organization(&optional, Value::Null), Ok(None));

    let required = access_requirements().organization_required();
    assert_eq!(organization(&required, json!("acme")), Ok(Some("acme".to_owned())));
    for nothing in [Value::Null, json!(""), json!(["acme"]), json!({ "id": "acme" }), json!(1)] {
        assert_eq!(organization(&required, nothing), Err("TOKEN_ORGANIZATION_MISSING"));
    }

    let some = access_requirements().organization_one_of(["umbrella", "acme"]);
    assert_eq!(organization(&some, json!("acme")), Ok(Some("acme".to_owned())));
    assert_eq!(organization(&some, json!("Acme")), Err("TOKEN_ORGANIZATION_WRONG"));
    assert_eq!(organization(&some, Value::Null), Err("TOKEN_ORGANIZATION_MISSING"));
    let none = access_requirements().organization_one_of([""; 0]);
    assert_eq!(organization(&none, json!("acme")), Err("TOKEN_ORGANIZATION_WRONG"));
}

#[test]
fn the_organization_claim_can_have_another_name() {
    let requirements = access_requirements().organization_claim("tenant_id").organization_one_of(["t-1"]);
    let accepted = against(&requirements, &access_token(json!({ "tenant_id": "t-1" }))).unwrap();
    assert_eq!(accepted.organization(), Some("t-1"));
    let refused = against(&requirements, &access_token(json!({ "org_id": "t-1" }))).unwrap_err();
    assert_eq!(refused, "TOKEN_ORGANIZATION_MISSING");
}

#[test]
fn a_verified_access_token_says_whose_it_is() {
    let accepted = against(&access_requirements(), &access_token(json!({ "seats": 5 }))).unwrap();
    assert_eq!((accepted.user_pool_id(), accepted.token_use()), (POOL_ID, TokenUse::Access));
    assert_eq!(accepted.subject(), Some("9b1c6d1e-0000-4000-8000-000000000001"));
    assert_eq!((accepted.username(), accepted.client_id()), (Some("vestibule_u42"), Some(CLIENT)));
    assert_eq!(accepted.groups().collect::<Vec<_>>(), ["admin"]);
    assert_eq!(accepted.scopes().collect::<Vec<_>>(), ["openid", "invoices/read"]);
    assert_eq!((accepted.expires_at(), accepted.claim("seats")), (Some(after(3_600)), Some(&json!(5))));
}

#[test]
fn a_verified_id_token_says_whose_it_is() {
    let requirements = Requirements::new(TokenUses::Id, Clients::one_of([CLIENT]));
    let accepted = against(&requirements, &id_token(json!({}))).unwrap();
    assert_eq!((accepted.token_use(), accepted.client_id()), (TokenUse::Id, Some(CLIENT)));
    assert_eq!((accepted.username(), accepted.scopes().count()), (Some("vestibule_u42"), 0));
}

#[test]
fn without_any_clients_nobody_is_let_in() {
    let nobody = Requirements::new(TokenUses::Access, Clients::OneOf(Vec::new()));
    assert_eq!(against(&nobody, &access_token(json!({}))).unwrap_err(), "TOKEN_CLIENT_WRONG");
}

#[test]
fn each_pool_has_its_own_requirements_and_its_own_keys() {
    let verifier = verifier();
    let other = UserPool::new("us-east-1_Other9").unwrap();
    verifier.trust(&other, &Requirements::new(TokenUses::Access, Clients::one_of(["other"])));
    verifier.preload(&other, json!({ "keys": [KEYS[2].jwk()] }).to_string().as_bytes()).unwrap();
    let issuer = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Other9";

    let theirs = KEYS[2].token(&access_claims(json!({ "iss": issuer, "client_id": "other" })));
    let Ok(Attempt::Verified(accepted)) = verifier.attempt(&theirs, now()) else { panic!("refused") };
    assert_eq!(accepted.user_pool_id(), "us-east-1_Other9");
    let with_our_client = KEYS[2].token(&access_claims(json!({ "iss": issuer })));
    assert_eq!(verifier.attempt(&with_our_client, now()).unwrap_err().reason(), "TOKEN_CLIENT_WRONG");
    // Our key does not open their pool, whatever its name is there.
    assert!(matches!(
        verifier.attempt(&KEYS[1].token(&access_claims(json!({ "iss": issuer }))), now()),
        Ok(Attempt::NeedsKeys(_))
    ));
    assert!(matches!(verifier.attempt(&access_token(json!({})), now()), Ok(Attempt::Verified(_))));
}

#[test]
fn trusting_a_pool_again_changes_its_requirements_and_keeps_its_keys() {
    let verifier = verifier();
    verifier.trust(&crate::issuer::pool(), &access_requirements().any_group_of(["owner"]));
    assert_eq!(verifier.attempt(&access_token(json!({})), now()).unwrap_err().reason(), "TOKEN_GROUP_MISSING");
}

#[test]
fn a_pool_that_is_trusted_no_more_is_nobody() {
    let verifier = verifier();
    verifier.distrust(&crate::issuer::pool());
    assert_eq!(verifier.attempt(&access_token(json!({})), now()).unwrap_err().reason(), "TOKEN_ISSUER_UNKNOWN");
    verifier.trust(&crate::issuer::pool(), &access_requirements());
    assert!(
        matches!(verifier.attempt(&access_token(json!({})), now()), Ok(Attempt::NeedsKeys(_))),
        "its keys are gone"
    );
}

#[test]
fn a_pool_has_two_issuers_and_an_emulator_has_one() {
    let issuers = |pool: UserPool| pool.issuers().map(str::to_owned).collect::<Vec<_>>();
    let pool = UserPool::new(POOL_ID).unwrap();
    assert_eq!(issuers(pool), [crate::issuer::ISSUER, crate::issuer::UPDATED_ISSUER]);
    let emulated = UserPool::with_issuer("local_1", "http://localhost:9229/local_1").unwrap();
    assert_eq!(issuers(emulated), ["http://localhost:9229/local_1"]);
    for id in [
        "",
        "eu-west-1",
        "_x",
        "eu-west-1_",
        "eu-west_1",
        "eu-west-1_a/b",
        "evil.test/eu-west-1_a",
        "eu--1_a",
        "EU-west-1_a",
    ] {
        assert_eq!(UserPool::new(id), Err(InvalidUserPool::Id), "{id}");
    }
    for address in ["http://idp.evil.test/p", "ftp://localhost/p", "localhost/p", "http://localhost.evil.test/p", ""] {
        assert_eq!(UserPool::with_issuer("p", address), Err(InvalidUserPool::Address), "{address}");
        assert_eq!(UserPool::new(POOL_ID).unwrap().key_set_at(address), Err(InvalidUserPool::Address), "{address}");
    }
}

#[test]
fn a_verifier_that_trusts_nobody_accepts_nothing() {
    let verifier = Verifier::new();
    verifier.preload(&crate::issuer::pool(), key_set().to_string().as_bytes()).unwrap();
    assert_eq!(verifier.attempt(&access_token(json!({})), now()).unwrap_err().reason(), "TOKEN_ISSUER_UNKNOWN");
}
