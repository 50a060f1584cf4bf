use proptest::prelude::*;
use serde_json::{Value, json};
use vestibule_scim::{Document, Filter, PATCH_URN, Patch, Projection, Refusal, ResourceType, USER_URN, limit, read};

use crate::ada;

#[test]
fn a_key_that_comes_twice_is_refused_however_it_is_spelt() {
    for body in [
        r#"{"userName":"ada","userName":"bob"}"#,
        r#"{"userName":"ada","USERNAME":"bob"}"#,
        r#"{"name":{"givenName":"a","givenname":"b"}}"#,
        r#"{"active":true,"\u0061ctive":false}"#,
    ] {
        assert_eq!(read(body.as_bytes()), Err(Refusal::DuplicateKey), "{body}");
    }
}

#[test]
fn what_is_deep_or_no_json_is_refused() {
    let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    assert!(read(nested(limit::DEPTH_MAX).as_bytes()).is_ok());
    assert_eq!(read(nested(limit::DEPTH_MAX + 1).as_bytes()), Err(Refusal::TooDeep));
    assert_eq!(read(nested(100_000).as_bytes()), Err(Refusal::TooDeep));
    for body in [&b""[..], b"{", b"{} {}", b"\xff", b"{\"a\":}", b"nan"] {
        assert_eq!(read(body), Err(Refusal::NotJson), "{body:?}");
    }
}

#[test]
fn a_patch_with_too_many_operations_is_refused() {
    let operation = json!({ "op": "replace", "path": "active", "value": false });
    let said = json!({ "schemas": [PATCH_URN], "Operations": vec![operation; limit::OPERATIONS_MAX + 1] });
    assert_eq!(Patch::parse(ResourceType::User, &said), Err(Refusal::Operations));
}

#[test]
fn operations_that_hide_in_a_value_without_a_path_are_counted() {
    let hidden = |count: usize| -> Value {
        let names = (0..count).map(|number| (format!("members[value eq \"{number}\"]"), json!({})));
        let value: Document = names.collect();
        json!({ "schemas": [PATCH_URN], "Operations": [{ "op": "add", "value": value }] })
    };
    assert!(Patch::parse(ResourceType::Group, &hidden(limit::OPERATIONS_MAX)).is_ok());
    assert_eq!(Patch::parse(ResourceType::Group, &hidden(limit::OPERATIONS_MAX + 1)), Err(Refusal::Operations));
}

proptest! {
    #[test]
    fn nothing_that_is_sent_panics(text in ".{0,200}", bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&bytes);
        for resource_type in ResourceType::ALL {
            if let Ok(filter) = Filter::parse(resource_type, &text) {
                let _ = filter.matches(&ada());
            }
            let said = json!({ "schemas": [PATCH_URN], "Operations": [{ "op": "add", "path": text, "value": "x" }] });
            if let Ok(patch) = Patch::parse(resource_type, &said) {
                let _ = patch.apply(&ada());
            }
            let _ = Projection::parse(resource_type, Some(&text), None);
        }
    }

    #[test]
    fn filters_that_look_like_filters_do_not_panic(
        text in r#"(userName|emails|active|name\.givenName|emails\[type) (eq|co|pr|gt|and|or|not|\(|\)|\]) ?("a"|true|null|\))?( and | or )?(active pr|\))?"#
    ) {
        if let Ok(filter) = Filter::parse(ResourceType::User, &text) {
            let _ = filter.matches(&ada());
        }
    }

    #[test]
    fn a_patched_user_is_one_that_could_have_been_sent(
        op in "add|replace|remove|Add|Replace|Remove",
        path in r#"userName|active|emails|emails\[type eq "work"\](\.value)?|name|name\.givenName|displayName|externalId|emails\.type"#,
        value in prop_oneof![
            Just(json!("x")), Just(json!(true)), Just(json!({ "value": "x@acme.test", "primary": true })),
            Just(json!([{ "value": "y@acme.test", "type": "work" }])), Just(Value::Null), Just(json!({ "givenName": "X" })),
        ],
    ) {
        let said = json!({ "schemas": [PATCH_URN], "Operations": [{ "op": op, "path": path, "value": value }] });
        if let Ok(changed) = Patch::parse(ResourceType::User, &said).and_then(|patch| patch.apply(&ada())) {
            let mut whole = json!(changed);
            whole["schemas"] = json!([USER_URN]);
            prop_assert_eq!(ResourceType::User.document(&whole), Ok(changed));
        }
    }
}
