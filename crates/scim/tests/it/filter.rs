use serde_json::json;
use vestibule_scim::{Filter, Refusal, ResourceType, limit};

use crate::ada;

fn holds(filter: &str) -> bool {
    let mut ada = ada();
    ada.insert("meta".to_owned(), json!({ "created": "2026-01-02T03:04:05Z", "resourceType": "User" }));
    Filter::parse(ResourceType::User, filter).unwrap_or_else(|error| panic!("{filter}: {error}")).matches(&ada)
}

#[test]
fn every_operator() {
    for filter in [
        r#"userName eq "ADA@acme.test""#,
        r#"USERNAME Eq "ada@acme.test""#,
        r#"urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ada@acme.test""#,
        r#"externalId eq "00u1""#,
        r#"userName ne "bob""#,
        r#"userName co "@ACME""#,
        r#"userName sw "ada""#,
        r#"userName ew ".test""#,
        r#"userName gt "aaa""#,
        r#"userName ge "ada@acme.test""#,
        r#"userName lt "b""#,
        r#"userName le "ada@acme.test""#,
        "userName pr",
        "active eq true",
        r#"active eq "True""#,
        "active ne false",
        r#"name.familyName co "love""#,
        r#"emails eq "ada@home.test""#,
        r#"emails.value co "home""#,
        r#"emails[type eq "work"].value"#.split('.').next().unwrap(),
        r#"emails[type eq "work" and value co "@acme.test"]"#,
        r#"meta.created ge "2026-01-02T04:04:05+01:00""#,
        r#"meta.created lt "2027-01-01T00:00:00Z""#,
        "groups eq null",
        "displayName ne null",
    ] {
        assert!(holds(filter), "{filter}");
    }
    for filter in [
        r#"userName eq "ada""#,
        r#"externalId eq "00U1""#,
        r#"userName ne "ada@acme.test""#,
        r#"emails[type eq "home" and value co "@acme.test"]"#,
        "groups pr",
        "active eq false",
        r#"meta.created gt "2026-01-02T03:04:05Z""#,
        "userName eq null",
    ] {
        assert!(!holds(filter), "{filter}");
    }
}

#[test]
fn not_binds_more_than_and_and_and_more_than_or() {
    assert!(holds(r#"userName eq "x" and active eq true or displayName pr"#));
    assert!(!holds(r#"userName eq "x" and (active eq true or displayName pr)"#));
    assert!(holds(r#"not (userName eq "x") and active eq true"#));
    assert!(!holds(r#"not (userName eq "x" or active eq true)"#));
    assert!(holds(r#"NOT(userName eq "x")AND active eq true"#));
}

#[test]
fn what_cannot_be_read_is_refused_where_it_cannot() {
    for filter in [
        "",
        " ",
        "userName",
        "userName eq",
        "userName eq ada",
        r#"userName eq "ada"#,
        r#"userName eq "ada" and"#,
        r#"userName eq "ada" xor active pr"#,
        r#"(userName eq "ada""#,
        r#"userName eq "ada")"#,
        r#"userName like "ada""#,
        r#"userName eq "ada" "b""#,
        r#"userName eq {"a":1}"#,
        r#"userName eq ["a"]"#,
        "userName eq 7",
        r#"emails[type eq "work""#,
        r#"emails[emails[type eq "work"]]"#,
        r#"userName[value eq "x"]"#,
        "emails[]",
        "not userName pr",
        "()",
    ] {
        assert!(Filter::parse(ResourceType::User, filter).is_err(), "{filter}");
    }
    let unknown = Filter::parse(ResourceType::User, r#"active eq true and shoeSize eq "9""#);
    assert_eq!(unknown, Err(Refusal::FilterAttribute { at: 19 }));
    // Kept out, so nothing can be found by it: neither there nor not there would be true.
    assert!(Filter::parse(ResourceType::User, r#"password sw "t""#).is_err());
}

#[test]
fn a_comparison_with_another_type_is_refused() {
    for filter in [
        "userName eq true",
        r#"active eq "yes""#,
        "active gt true",
        r#"active co "t""#,
        r#"name eq "Ada""#,
        r#"meta.created gt "yesterday""#,
        r#"meta.created co "2026""#,
        "userName co null",
    ] {
        assert!(matches!(Filter::parse(ResourceType::User, filter), Err(Refusal::FilterType(_))), "{filter}");
    }
}

#[test]
fn what_an_index_can_answer_is_told() {
    let of = |filter| Filter::parse(ResourceType::User, filter).unwrap();
    assert_eq!(of(r#"userName eq "a""#).must_equal("userName"), Some("a"));
    assert_eq!(of(r#"active eq true and (userName eq "a")"#).must_equal("userName"), Some("a"));
    assert_eq!(of(r#"active eq true or userName eq "a""#).must_equal("userName"), None);
    assert_eq!(of(r#"not (userName eq "a")"#).must_equal("userName"), None);
    assert_eq!(of(r#"userName sw "a""#).must_equal("userName"), None);
}

#[test]
fn length_depth_and_number_of_comparisons_are_limited() {
    let long = format!(r#"userName eq "{}""#, "a".repeat(limit::FILTER_BYTES_MAX));
    let deep = |levels: usize| format!("{}active pr{}", "(".repeat(levels), ")".repeat(levels));
    let many = |terms: usize| vec!["active pr"; terms].join(" or ");
    let refused = |filter: &str| Filter::parse(ResourceType::User, filter) == Err(Refusal::FilterTooLarge);
    assert!(refused(&long));
    assert!(!refused(&deep(limit::FILTER_DEPTH_MAX)));
    assert!(refused(&deep(limit::FILTER_DEPTH_MAX + 1)));
    assert!(refused(&deep(900)));
    assert!(!refused(&many(limit::FILTER_TERMS_MAX)));
    assert!(refused(&many(limit::FILTER_TERMS_MAX + 1)));
}
