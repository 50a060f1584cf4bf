//! What may be configured.

use std::path::Path;

use vestibule_host::config::{Flags, load};
use vestibule_provisioner::{
    Served,
    config::{Config, Groups, UserName},
};

const ACME: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

fn loaded(targets: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("provisioner.toml");
    std::fs::write(&file, targets).unwrap();
    load(Some(&file), Flags::default()).map_err(|error| error.to_string())
}

fn target(change: &str, organizations: &str) -> String {
    let (key, value) = change.split_once('=').unwrap_or(("name", "\"crm\""));
    let mut lines = vec![
        ("name", "\"crm\"".to_owned()),
        ("organizations", organizations.to_owned()),
        ("address", "\"https://crm.example/scim/v2\"".to_owned()),
        ("token_file", "\"crm.token\"".to_owned()),
    ];
    lines.retain(|(known, _)| *known != key);
    lines.push((key, value.to_owned()));
    let lines: Vec<String> = lines.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
    format!("[[targets]]\n{}", lines.concat())
}

#[test]
fn an_organization_has_one_service_and_everybody_else_another() {
    let both = target("", &format!("[\"{ACME}\"]")) + &target("name=\"rest\"", "[\"*\"]");
    let served = loaded(&both).unwrap().served().unwrap();
    let acme = ACME.parse().unwrap();
    assert_eq!(served, [Served::Only([acme].into()), Served::Others([acme].into())]);
    assert!(served[0].has(acme) && !served[1].has(acme) && served[0].is_one() && !served[1].is_one());
}

#[test]
fn what_cannot_work_is_refused() {
    let twice = target("", &format!("[\"{ACME}\"]")) + &target("name=\"b\"", &format!("[\"{ACME}\"]"));
    for (text, why) in [
        (String::new(), "at least one"),
        (target("", "[]"), "names no organization"),
        (target("", "[\"acme\"]"), "no organization's id"),
        (target("", &format!("[\"*\", \"{ACME}\"]")), "stands alone"),
        (twice, "two services want the people of"),
        (target("", "[\"*\"]") + &target("name=\"b\"", "[\"*\"]"), "everybody else"),
        (target("", "[\"*\"]") + &target("", &format!("[\"{ACME}\"]")), "one name"),
        (target("name=\"C R M\"", "[\"*\"]"), "lower-case"),
        (target("address=\"http://crm.example/\"", "[\"*\"]"), "https"),
        (target("address=\"ftp://127.0.0.1/\"", "[\"*\"]"), "https"),
        (target("address=\"https://me:secret@crm.example/\"", "[\"*\"]"), "without user"),
        (target("address=\"https://crm.example/?x=1\"", "[\"*\"]"), "query"),
        (target("requests_per_second=0", "[\"*\"]"), "from 1"),
        (target("timeout_seconds=301", "[\"*\"]"), "300"),
        (target("unknown=1", "[\"*\"]"), "unknown"),
        (target("groups=\"all\"", "[\"*\"]"), "all"),
        (format!("environment = \"Prod\"\n{}", target("", "[\"*\"]")), "lower-case"),
        (format!("[nats]\nreplicas = 2\n{}", target("", "[\"*\"]")), "1, 3 or 5"),
    ] {
        let refused = loaded(&text).unwrap_err();
        assert!(refused.contains(why), "{why}: {refused}");
    }
    for loopback in ["http://127.0.0.1:8080/", "http://localhost:8080/", "http://[::1]:8080/"] {
        loaded(&target(&format!("address=\"{loopback}\""), "[\"*\"]")).unwrap();
    }
}

#[test]
fn the_example_shows_every_setting_with_its_default() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/provisioner.toml");
    let example: Config = load(Some(&path), Flags::default()).unwrap();
    let mut shown = serde_json::to_value(&example).unwrap();
    let targets = shown["targets"].take();
    let mut defaults = serde_json::to_value(Config::default()).unwrap();
    defaults["targets"].take();
    assert_eq!(shown, defaults);
    let text = std::fs::read_to_string(&path).unwrap();
    for key in defaults.as_object().unwrap().keys().chain(targets[0].as_object().unwrap().keys()) {
        assert!(text.contains(key.as_str()), "{key} is not shown");
    }
    let target = &example.targets[0];
    assert_eq!((target.user_name, target.groups), (UserName::Person, Groups::Roles));
    assert_eq!((target.requests_per_second, target.timeout_seconds), (10, 30));
}
