use serde_json::json;
use vestibule_scim::{GROUP_URN, Refusal, ResourceType, ScimType, USER_URN, discovery};

use crate::{ada, user};

#[test]
fn names_are_compared_without_regard_to_case_and_written_in_theirs() {
    let read = user(json!({ "USERNAME": "ada", "Name": { "givenname": "Ada" }, "Active": "True" }));
    assert_eq!(json!(read), json!({ "userName": "ada", "name": { "givenName": "Ada" }, "active": true }));
}

#[test]
fn what_only_the_service_provider_says_and_what_is_not_kept_is_left_out() {
    let read = user(json!({
        "userName": "ada",
        "id": "mine",
        "meta": { "version": "W/\"7\"", "created": "2020-01-01T00:00:00Z" },
        "groups": [{ "value": "admins" }],
        "password": "t1meMa$heen",
        "title": "Countess",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "employeeNumber": "1" },
        "isAdmin": true,
    }));
    assert_eq!(json!(read), json!({ "userName": "ada" }));
}

#[test]
fn what_is_empty_is_not_there() {
    let read = user(json!({ "userName": "ada", "displayName": "", "emails": [], "name": {}, "externalId": null }));
    assert_eq!(json!(read), json!({ "userName": "ada" }));
}

#[test]
fn a_user_without_a_name_and_a_message_without_its_schema_are_refused() {
    let user = ResourceType::User;
    assert_eq!(user.document(&json!({ "schemas": [USER_URN] })), Err(Refusal::Required("userName")));
    assert_eq!(user.document(&json!({ "schemas": [USER_URN], "userName": " " })), Err(Refusal::Required("userName")));
    assert_eq!(user.document(&json!({ "userName": "ada" })), Err(Refusal::Schemas(USER_URN)));
    assert_eq!(user.document(&json!({ "schemas": [GROUP_URN], "userName": "a" })), Err(Refusal::Schemas(USER_URN)));
    assert_eq!(user.document(&json!([])), Err(Refusal::NotAnObject));
}

#[test]
fn a_user_below_a_urn_is_not_read_over() {
    let said = json!({ "schemas": [USER_URN], "userName": "ada", (USER_URN): { "active": false } });
    assert_eq!(ResourceType::User.document(&said), Err(Refusal::Path));
}

#[test]
fn values_of_another_type_are_refused() {
    for wrong in [
        json!({ "userName": 7 }),
        json!({ "userName": ["ada"] }),
        json!({ "userName": "ada", "active": "yes" }),
        json!({ "userName": "ada", "active": 1 }),
        json!({ "userName": "ada", "name": "Ada" }),
        json!({ "userName": "ada", "emails": ["ada@acme.test"] }),
        json!({ "userName": "ada", "emails": [{ "type": "work" }] }),
        json!({ "userName": "ada\u{0}" }),
        json!({ "userName": "a".repeat(1_025) }),
        json!({ "userName": "ada", "emails": [{ "value": "1", "primary": true }, { "value": "2", "primary": true }] }),
    ] {
        let mut said = wrong.clone();
        said["schemas"] = json!([USER_URN]);
        let refused = ResourceType::User.document(&said).unwrap_err();
        assert_eq!(refused.scim_type(), ScimType::InvalidValue, "{wrong}");
    }
}

#[test]
fn a_refusal_repeats_no_value() {
    let said = json!({ "schemas": [USER_URN], "userName": "ada", "active": "secret-value" });
    assert!(!ResourceType::User.document(&said).unwrap_err().to_string().contains("secret-value"));
}

#[test]
fn the_announced_schema_is_the_one_that_is_kept() {
    let schema = discovery::schema("https://scim.test", ResourceType::User);
    let announced: Vec<&str> =
        schema["attributes"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    for name in ada().keys().filter(|name| *name != "externalId") {
        assert!(announced.contains(&name.as_str()), "{name}");
    }
    assert!(!announced.contains(&"password"));
    assert_eq!(schema["id"], USER_URN);
}
