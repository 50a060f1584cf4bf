//! The rules on small invented workspaces, and on the real table.

use super::*;

fn member(name: &str, names: &[&str]) -> Member {
    let owned = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
    Member { name: name.to_owned(), names: owned(names), names_in_tests: owned(&[]), links: owned(names) }
}

/// The whole workspace with no imports at all, but for `changed`.
fn workspace(changed: Member) -> Vec<Member> {
    let others = LAYERS.iter().filter(|layer| layer.package != changed.name);
    let mut members: Vec<Member> = others.map(|layer| member(layer.package, &[])).collect();
    members.push(changed);
    members
}

fn found(changed: Member) -> Vec<String> {
    violations(LAYERS, &workspace(changed))
}

#[test]
fn allowed_imports_pass() {
    assert_eq!(found(member("vestibule-tenancy", &["vestibule-kernel", "vestibule-decider", "serde"])), [""; 0]);
    assert_eq!(found(member("vestibule-eventlog-sqlite", &["vestibule-eventlog", "sqlx", "tokio"])), [""; 0]);
    assert_eq!(found(member("vestibule", &["vestibule-gateway-service", "vestibule-sandbox"])), [""; 0]);
}

#[test]
fn a_service_may_not_import_another() {
    assert_eq!(
        found(member("vestibule-gateway-service", &["vestibule-saml-service"])),
        ["vestibule-gateway-service: may not use vestibule-saml-service"]
    );
}

#[test]
fn a_service_may_not_import_another_in_its_tests_either() {
    let mut gateway = member("vestibule-gateway-service", &[]);
    gateway.names_in_tests.insert("vestibule-saml-service".to_owned());
    assert_eq!(found(gateway), ["vestibule-gateway-service: may not use vestibule-saml-service in its tests"]);
}

#[test]
fn a_pure_crate_may_not_link_a_runtime_through_another_package() {
    let mut saml = member("vestibule-saml", &["innocent"]);
    saml.links.insert("tokio".to_owned());
    assert_eq!(found(saml), ["vestibule-saml: is pure and may not link tokio"]);
}

#[test]
fn only_the_two_stores_may_name_sqlx() {
    assert_eq!(
        found(member("vestibule-registry-service", &["sqlx"])),
        ["vestibule-registry-service: only vestibule-eventlog-postgres and vestibule-eventlog-sqlite may name sqlx"]
    );
}

#[test]
fn no_service_links_what_simulates_others() {
    for simulator in ["vestibule-sandbox", "vestibule-saml-idp"] {
        assert_eq!(
            found(member("vestibule-saml-service", &[simulator])),
            [format!("vestibule-saml-service: may not use {simulator}")]
        );
    }
}

#[test]
fn the_lower_may_not_use_the_higher() {
    assert_eq!(
        found(member("vestibule-kernel", &["vestibule-eventlog"])),
        ["vestibule-kernel: may not use vestibule-eventlog"]
    );
}

#[test]
fn a_crate_that_the_table_does_not_know_fails() {
    assert_eq!(found(member("vestibule-surprise", &[])), ["vestibule-surprise: is not in the table"]);
}

#[test]
fn a_crate_that_is_gone_from_the_workspace_fails() {
    let mut members = workspace(member("vestibule-kernel", &[]));
    members.retain(|member| member.name != "vestibule-manual");
    assert_eq!(violations(LAYERS, &members), ["vestibule-manual: is in the table, but not in the workspace"]);
}

#[test]
fn in_the_table_services_use_no_service_and_lower_layers_no_higher_one() {
    for (place, layer) in LAYERS.iter().enumerate() {
        for used in layer.may_use {
            let position = LAYERS.iter().position(|other| other.package == *used);
            assert!(position.is_some_and(|position| position < place), "{} uses {used}", layer.package);
            let uses_service = LAYERS.iter().any(|other| other.package == *used && other.kind == Kind::Service);
            assert!(!uses_service || layer.package == "vestibule", "{} uses {used}", layer.package);
        }
    }
}
