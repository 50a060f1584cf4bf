use serde_json::{Value, json};
use vestibule_scim::{Projection, Refusal, ResourceType};

use crate::ada;

fn projected(attributes: Option<&str>, excluded: Option<&str>) -> Value {
    let mut ada = ada();
    ada.insert("id".to_owned(), json!("1"));
    let projection = Projection::parse(ResourceType::User, attributes, excluded).unwrap();
    projection.apply(ResourceType::User, &mut ada);
    json!(ada)
}

#[test]
fn what_is_asked_for_and_what_always_stays() {
    assert_eq!(projected(Some("username, shoeSize"), None), json!({ "id": "1", "userName": "ada@acme.test" }));
    assert_eq!(
        projected(Some("name.givenName,emails.type"), None),
        json!({ "id": "1", "name": { "givenName": "Ada" }, "emails": [{ "type": "work" }, { "type": "home" }] })
    );
    let without = projected(None, Some("id,emails,name.familyName,externalId,active,displayName"));
    assert_eq!(without, json!({ "id": "1", "userName": "ada@acme.test", "name": { "givenName": "Ada" } }));
}

#[test]
fn both_lists_or_a_long_one_are_refused() {
    let parse = |one: Option<&str>, other: Option<&str>| Projection::parse(ResourceType::User, one, other);
    assert_eq!(parse(Some("id"), Some("id")), Err(Refusal::Projection));
    assert_eq!(parse(Some(&"id,".repeat(65)), None), Err(Refusal::Projection));
}
