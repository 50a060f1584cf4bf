use serde_json::json;
use vestibule_scim::{Refusal, SEARCH_URN, Search, limit};

#[test]
fn a_search_is_read_as_a_query_string_is() {
    let said = json!({
        "SCHEMAS": [SEARCH_URN],
        "Filter": "userName pr",
        "startIndex": -4,
        "count": 10,
        "attributes": ["userName", "emails.value"],
        "excludedAttributes": null,
        "sortBy": "userName",
    });
    let search = Search::parse(&said).unwrap();
    assert_eq!((search.filter.as_deref(), search.start_index, search.count), (Some("userName pr"), Some(-4), Some(10)));
    assert_eq!((search.attributes.as_deref(), search.excluded_attributes), (Some("userName,emails.value"), None));
    assert_eq!(Search::parse(&json!({ "schemas": [SEARCH_URN] })).unwrap(), Search::default());
}

#[test]
fn what_is_no_search_is_refused() {
    for wrong in [
        json!({ "filter": 1 }),
        json!({ "count": "10" }),
        json!({ "count": 1.5 }),
        json!({ "startIndex": 1e30 }),
        json!({ "attributes": "userName" }),
        json!({ "attributes": [1] }),
    ] {
        let mut said = wrong.clone();
        said["schemas"] = json!([SEARCH_URN]);
        assert!(matches!(Search::parse(&said), Err(Refusal::Value { .. })), "{wrong}");
    }
    assert_eq!(Search::parse(&json!({})), Err(Refusal::Schemas(SEARCH_URN)));
    assert_eq!(Search::parse(&json!([])), Err(Refusal::NotAnObject));
    let many = json!({ "schemas": [SEARCH_URN], "attributes": vec!["a"; limit::PROJECTION_NAMES_MAX + 1] });
    assert_eq!(Search::parse(&many), Err(Refusal::Projection));
}
