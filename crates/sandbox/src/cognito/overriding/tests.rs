use serde_json::{Map, Value, json};

use super::{GroupOverriding, Overriding, OverridingError, TokenKind};
use crate::cognito::LambdaVersion;

fn read(details: &Value) -> Result<Overriding, OverridingError> {
    let answer = json!({ "version": "2", "response": { "claimsAndScopeOverrideDetails": details } });
    Overriding::read(LambdaVersion::V2, &answer)
}

fn id_claims(details: &Value) -> Map<String, Value> {
    let mut claims = json!({ "sub": "s", "email": "a@b.test", "cognito:groups": ["g"] }).as_object().unwrap().clone();
    read(details).unwrap().id_token.apply(TokenKind::Id, "client", &mut claims);
    claims
}

#[test]
fn nothing_is_written_in_three_ways() {
    for nothing in [json!(null), json!([]), json!({})] {
        let read = read(&nothing).unwrap();
        assert!(matches!(read.groups, GroupOverriding::Keep));
        assert_eq!(read.access_token.scopes(&["openid".to_owned()]), ["openid"]);
    }
}

#[test]
fn reserved_claims_stay_and_suppressing_wins() {
    let claims = id_claims(&json!({ "idTokenGeneration": {
        "claimsToAddOrOverride": {
            "sub": "other", "cognito:username": "x", "aud": "client", "dev:x": "x", "nonce": "x",
            "org_id": "o-1", "secret": "s", "org": { "roles": ["admin"], "seats": 5 },
        },
        "claimsToSuppress": ["secret", "email", "sub"],
    } }));
    let expected = json!({
        "sub": "s", "cognito:groups": ["g"], "org_id": "o-1", "org": { "roles": ["admin"], "seats": 5 },
    });
    assert_eq!(Value::Object(claims), expected);
}

#[test]
fn an_access_token_gets_no_audience_but_its_own_client() {
    for (audience, arrives) in [("client", true), ("another", false)] {
        let details = json!({ "accessTokenGeneration": { "claimsToAddOrOverride": { "aud": audience } } });
        let mut claims = Map::new();
        read(&details).unwrap().access_token.apply(TokenKind::Access, "client", &mut claims);
        assert_eq!(claims.contains_key("aud"), arrives, "{audience}");
    }
}

#[test]
fn groups_are_kept_only_when_the_key_is_left_out() {
    assert!(matches!(read(&json!({ "idTokenGeneration": {} })).unwrap().groups, GroupOverriding::Keep));
    for suppressing in [json!(null), json!({}), json!({ "groupsToOverride": [] })] {
        match read(&json!({ "groupOverrideDetails": suppressing })).unwrap().groups {
            GroupOverriding::Replace(groups) => assert!(groups.names.is_empty()),
            GroupOverriding::Keep => panic!("an empty groupOverrideDetails suppresses the groups"),
        }
    }
    let suppressed = id_claims(&json!({ "idTokenGeneration": { "claimsToSuppress": ["cognito:groups"] } }));
    assert!(!suppressed.contains_key("cognito:groups"));
}

#[test]
fn scopes_are_added_and_suppressed() {
    let details = json!({ "accessTokenGeneration": {
        "scopesToAdd": ["api/read", "api/write", "openid"],
        "scopesToSuppress": ["api/write", "email"],
    } });
    let scopes = read(&details).unwrap().access_token.scopes(&["openid".to_owned(), "email".to_owned()]);
    assert_eq!(scopes, ["openid", "api/read"]);
}

#[test]
fn answers_of_another_form_are_refused() {
    for nothing in [json!({}), json!("x")] {
        let refused = Overriding::read(LambdaVersion::V2, &nothing);
        assert!(matches!(refused, Err(OverridingError::Unrecognizable)));
    }
    let refused = [
        json!({ "idTokenGeneration": { "claimsToAddOrOverride": ["org_id"] } }),
        json!({ "idTokenGeneration": { "claimsToSuppress": "email" } }),
        json!({ "idTokenGeneration": { "claimsToAddOrOverride": { "email_verified": [true] } } }),
        json!({ "accessTokenGeneration": { "scopesToAdd": ["a b"] } }),
        json!({ "groupOverrideDetails": { "groupsToOverride": "admins" } }),
    ];
    for details in refused {
        assert!(read(&details).is_err(), "{details}");
    }
}

#[test]
fn the_first_version_has_texts_for_the_id_token_only() {
    let read = |details: Value| {
        let answer = json!({ "version": "1", "response": { "claimsOverrideDetails": details } });
        Overriding::read(LambdaVersion::V1, &answer)
    };
    let details = json!({
        "claimsToAddOrOverride": { "org_id": "o-1" },
        "claimsToSuppress": ["email"],
        "groupOverrideDetails": { "groupsToOverride": ["g"] },
    });
    let overriding = read(details).unwrap();
    let mut claims = json!({ "email": "a@b.test" }).as_object().unwrap().clone();
    overriding.id_token.apply(TokenKind::Id, "client", &mut claims);
    assert_eq!(Value::Object(claims), json!({ "org_id": "o-1" }));
    let mut claims = Map::new();
    overriding.access_token.apply(TokenKind::Access, "client", &mut claims);
    assert!(claims.is_empty() && matches!(overriding.groups, GroupOverriding::Replace(_)));
    let number = read(json!({ "claimsToAddOrOverride": { "seats": 5 } }));
    assert!(matches!(number, Err(OverridingError::NotText(name)) if name == "seats"));
}
