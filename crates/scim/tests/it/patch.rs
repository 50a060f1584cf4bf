use serde_json::{Value, json};
use vestibule_scim::{Document, GROUP_URN, PATCH_URN, Patch, Refusal, ResourceType};

use crate::{ada, user};

fn patch(resource_type: ResourceType, document: &Document, operations: Value) -> Result<Value, Refusal> {
    let said = json!({ "schemas": [PATCH_URN], "Operations": operations });
    Patch::parse(resource_type, &said)?.apply(document).map(|changed| json!(changed))
}

fn patched(operations: Value) -> Value {
    patch(ResourceType::User, &ada(), operations).unwrap()
}

fn team() -> Document {
    let said =
        json!({ "schemas": [GROUP_URN], "displayName": "Team", "members": [{ "value": "1" }, { "value": "2" }] });
    ResourceType::Group.document(&said).unwrap()
}

#[test]
fn entra_deactivates_with_a_capital_letter_and_a_text() {
    assert_eq!(patched(json!([{ "op": "Replace", "path": "active", "value": "False" }]))["active"], false);
    assert_eq!(patched(json!([{ "op": "replace", "path": "active", "value": false }]))["active"], false);
    assert_eq!(patched(json!([{ "op": "Replace", "value": { "active": "False" } }]))["active"], false);
}

#[test]
fn okta_deactivates_without_a_path() {
    let changed = patched(json!([{ "op": "replace", "value": { "active": false } }]));
    assert_eq!(changed["active"], false);
}

#[test]
fn entra_replaces_dotted_names_without_a_path() {
    let changed = patched(json!([{ "op": "replace", "value": {
        "displayName": "A. King",
        "name.familyName": "King",
        "emails[type eq \"work\"].value": "king@acme.test",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": "Mathematics",
        "title": "Countess",
    } }]));
    assert_eq!(changed["displayName"], "A. King");
    assert_eq!(changed["name"], json!({ "givenName": "Ada", "familyName": "King" }));
    assert_eq!(changed["emails"][0]["value"], "king@acme.test");
    assert_eq!(changed["emails"][1]["value"], "ada@home.test");
    assert!(changed.get("title").is_none());
}

#[test]
fn an_addition_makes_the_value_that_its_filter_describes_and_a_replacement_does_not() {
    let add = json!([{ "op": "Add", "path": "emails[type eq \"other\"].value", "value": "ada@club.test" }]);
    assert_eq!(patched(add)["emails"][2], json!({ "type": "other", "value": "ada@club.test" }));
    let replace = json!([{ "op": "replace", "path": "emails[type eq \"other\"].value", "value": "ada@club.test" }]);
    assert_eq!(patch(ResourceType::User, &ada(), replace), Err(Refusal::NoTarget("emails")));
    let vague = json!([{ "op": "add", "path": "emails[type sw \"o\"].value", "value": "ada@club.test" }]);
    assert_eq!(patch(ResourceType::User, &ada(), vague), Err(Refusal::NoTarget("emails")));
}

#[test]
fn a_new_primary_address_takes_the_place_of_the_one_before() {
    let add = json!([{ "op": "add", "path": "emails", "value": [{ "value": "new@acme.test", "primary": true }] }]);
    let emails = patched(add)["emails"].clone();
    assert!(emails[0].get("primary").is_none(), "{emails}");
    assert_eq!(emails[2]["primary"], true);
    let set = json!([{ "op": "replace", "path": "emails[type eq \"home\"].primary", "value": true }]);
    let emails = patched(set)["emails"].clone();
    assert!(emails[0].get("primary").is_none(), "{emails}");
    assert_eq!(emails[1]["primary"], true);
}

#[test]
fn parts_of_a_name_are_merged_and_removed() {
    let merged = patched(json!([{ "op": "replace", "path": "name", "value": { "familyName": "King" } }]));
    assert_eq!(merged["name"], json!({ "givenName": "Ada", "familyName": "King" }));
    let removed =
        patched(json!([{ "op": "remove", "path": "name.givenName" }, { "op": "remove", "path": "displayName" }]));
    assert_eq!(removed["name"], json!({ "familyName": "Lovelace" }));
    assert!(removed.get("displayName").is_none());
    let bare = user(json!({ "userName": "ada" }));
    let made = patch(ResourceType::User, &bare, json!([{ "op": "add", "path": "name.givenName", "value": "Ada" }]));
    assert_eq!(made.unwrap()["name"], json!({ "givenName": "Ada" }));
}

#[test]
fn members_come_and_go_in_every_shape() {
    let members = |operations| patch(ResourceType::Group, &team(), operations).unwrap()["members"].clone();
    // Entra ID adds one, twice the same is one.
    let add = json!([{ "op": "Add", "path": "members", "value": [{ "$ref": null, "value": "3" }, { "value": "2" }] }]);
    assert_eq!(members(add), json!([{ "value": "1" }, { "value": "2" }, { "value": "3" }]));
    // Entra ID names whom to remove in the value; with the flag for compliance, in the path, as Okta does.
    for remove in [
        json!([{ "op": "Remove", "path": "members", "value": [{ "$ref": null, "value": "1" }] }]),
        json!([{ "op": "remove", "path": "members[value eq \"1\"]" }]),
    ] {
        assert_eq!(members(remove), json!([{ "value": "2" }]));
    }
    assert_eq!(members(json!([{ "op": "remove", "path": "members" }])), Value::Null);
    let replace = json!([{ "op": "replace", "path": "members", "value": [{ "value": "9", "display": "X" }] }]);
    assert_eq!(members(replace), json!([{ "value": "9" }]));
    // Nobody is removed by a removal that does not say whom.
    let refused = patch(ResourceType::Group, &team(), json!([{ "op": "remove", "path": "members", "value": "1" }]));
    assert!(matches!(refused, Err(Refusal::Value { .. })));
    let gone = json!([{ "op": "remove", "path": "members[value eq \"7\"]" }]);
    assert_eq!(members(gone).as_array().unwrap().len(), 2);
}

#[test]
fn okta_renames_a_group_and_sends_its_id_along() {
    let renamed = json!([{ "op": "replace", "value": { "id": "ours", "displayName": "Crew" } }]);
    assert_eq!(patch(ResourceType::Group, &team(), renamed).unwrap()["displayName"], "Crew");
}

#[test]
fn what_is_not_the_clients_to_change_is_refused_by_its_path() {
    for path in ["id", "meta", "meta.version", "groups", "groups[value eq \"1\"]"] {
        let refused = patch(ResourceType::User, &ada(), json!([{ "op": "replace", "path": path, "value": "x" }]));
        assert!(matches!(refused, Err(Refusal::Mutability(_))), "{path}: {refused:?}");
    }
    let refused = patch(ResourceType::User, &ada(), json!([{ "op": "remove", "path": "userName" }]));
    assert_eq!(refused, Err(Refusal::Mutability("userName")));
    let refused = patch(ResourceType::User, &ada(), json!([{ "op": "replace", "path": "userName", "value": "" }]));
    assert_eq!(refused, Err(Refusal::Required("userName")));
}

#[test]
fn a_misspelt_path_is_refused_because_it_might_have_ended_somebodys_access() {
    for path in ["activ", "name.nick", "emails[type eq \"work\"", "emails.", "[type eq \"work\"]", "userName[value pr]"]
    {
        let refused = patch(ResourceType::User, &ada(), json!([{ "op": "replace", "path": path, "value": "x" }]));
        assert!(refused.is_err(), "{path}");
    }
    // Below a URN of the core it is no extension's attribute, either.
    for name in [
        "urn:ietf:params:scim:schemas:core:2.0:User",
        "urn:ietf:params:scim:schemas:core:2.0:Users:active",
        "URN:ietf:params:scim:schemas:core:2.0:Group:active",
        "urn:ietf:params:scim:schemas:core:1.0:active",
    ] {
        let path = json!([{ "op": "replace", "path": name, "value": false }]);
        assert!(patch(ResourceType::User, &ada(), path).is_err(), "{name}");
        let nested = json!([{ "op": "replace", "value": { (name): { "active": false } } }]);
        assert!(patch(ResourceType::User, &ada(), nested).is_err(), "{name}");
    }
    let whole =
        json!([{ "op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User:active", "value": false }]);
    assert_eq!(patched(whole)["active"], false);
    let named = patch(ResourceType::User, &ada(), json!([{ "op": "replace", "value": { "activ": false } }]));
    assert_eq!(named, Err(Refusal::Path));
}

#[test]
fn known_attributes_that_are_not_kept_change_nothing() {
    let operations = json!([
        { "op": "add", "path": "title", "value": "Countess" },
        { "op": "add", "path": "addresses[type eq \"work\"].formatted", "value": "London" },
        { "op": "replace", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager", "value": "7" },
        { "op": "replace", "path": "password", "value": "t1meMa$heen" },
    ]);
    assert_eq!(patched(operations), json!(ada()));
}

#[test]
fn all_operations_or_none() {
    let operations =
        json!([{ "op": "replace", "path": "active", "value": false }, { "op": "remove", "path": "userName" }]);
    assert!(patch(ResourceType::User, &ada(), operations).is_err());
    for operations in [
        json!([]),
        json!({}),
        json!([{ "op": "move", "path": "active" }]),
        json!([{ "path": "active", "value": true }]),
        json!([{ "op": "replace", "path": "active" }]),
        json!([{ "op": "remove" }]),
        json!([{ "op": "add", "value": "x" }]),
        json!([{ "op": "add", "path": 7, "value": "x" }]),
        json!(["x"]),
    ] {
        assert!(patch(ResourceType::User, &ada(), operations.clone()).is_err(), "{operations}");
    }
}
