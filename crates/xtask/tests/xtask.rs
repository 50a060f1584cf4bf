//! Holds what lies in `deploy/` to the program: its commands, its settings, its files.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests: what is missing fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// The services that `vestibule serve` knows and that run apart in a deployment.
const SERVICES: [&str; 6] = ["registry", "routing", "saml", "enrichment", "gateway", "scim"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_path_buf()
}

fn compose() -> Value {
    let text = std::fs::read_to_string(root().join("deploy/compose.yaml")).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

/// The freshly built program, or nothing outside of `cargo xtask test`, where a missing one is a failure.
fn program() -> Option<String> {
    let program = std::env::var("VESTIBULE_TEST_BINARY").ok();
    if program.is_none() {
        assert!(std::env::var("VESTIBULE_TEST_REQUIRE_ALL").is_err(), "VESTIBULE_TEST_BINARY is not set");
        println!("skipped: VESTIBULE_TEST_BINARY is not set; `cargo xtask test` sets it");
    }
    program
}

/// What compose makes of `${NAME:-default}` when the variable is not set.
fn interpolated(text: &str) -> String {
    let Some((before, rest)) = text.split_once("${") else { return text.to_owned() };
    let (variable, after) = rest.split_once('}').unwrap();
    let (_, default) = variable.split_once(":-").unwrap();
    format!("{before}{default}{}", interpolated(after))
}

fn environment(service: &Value) -> BTreeMap<String, String> {
    let pairs = service["environment"].as_object().unwrap();
    pairs.iter().map(|(key, value)| (key.clone(), interpolated(value.as_str().unwrap()))).collect()
}

fn words(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
}

fn check_config(program: &str, service: &str, environment: &BTreeMap<String, String>) -> Output {
    let folder = tempfile::tempdir().unwrap();
    Command::new(program)
        .args(["serve", service, "--check-config"])
        .current_dir(folder.path())
        .env_clear()
        .envs(environment)
        .output()
        .unwrap()
}

#[test]
fn compose_runs_every_service_apart() {
    let compose = compose();
    let mut served = BTreeSet::new();
    for (name, service) in compose["services"].as_object().unwrap() {
        if service["image"] == "vestibule" && service["command"][0] == "serve" {
            assert_eq!(words(&service["command"]), ["serve", name]);
            served.insert(name.clone());
        }
    }
    assert_eq!(served, SERVICES.map(str::to_owned).into());
}

#[test]
fn every_volume_network_and_dependency_of_compose_exists() {
    let compose = compose();
    for (name, service) in compose["services"].as_object().unwrap() {
        for volume in words(&service["volumes"]) {
            let source = volume.split(':').next().unwrap();
            assert!(compose["volumes"].get(source).is_some(), "{name}: volume {source}");
        }
        for network in words(&service["networks"]) {
            assert!(compose["networks"].get(&network).is_some(), "{name}: network {network}");
        }
        for (other, _) in service["depends_on"].as_object().into_iter().flatten() {
            assert!(compose["services"].get(other).is_some(), "{name}: depends on {other}");
        }
    }
}

/// A new volume takes over the owner of the folder it is mounted on; where the image has none, the program may not write.
#[test]
fn every_folder_on_which_compose_mounts_a_volume_is_in_the_image() {
    let image = std::fs::read_to_string(root().join("deploy/Dockerfile")).unwrap();
    let made: BTreeSet<&str> = image.split_whitespace().collect();
    for (name, service) in compose()["services"].as_object().unwrap() {
        for volume in words(&service["volumes"]) {
            let folder = volume.split(':').nth(1).unwrap();
            let is_ours = folder.starts_with("/etc/vestibule/") && service["image"] == "vestibule";
            assert!(!is_ours || made.contains(folder), "{name}: {folder}");
        }
    }
}

/// A secret belongs into a file on a volume; the value of a variable shows in `docker inspect`.
#[test]
fn no_secret_lies_in_compose_and_every_file_it_names_is_on_a_volume() {
    for (name, service) in compose()["services"].as_object().unwrap() {
        let Some(variables) = service["environment"].as_object() else { continue };
        let mounted: Vec<String> =
            words(&service["volumes"]).iter().map(|volume| volume.split(':').nth(1).unwrap().to_owned()).collect();
        for (key, value) in variables {
            let value = value.as_str().unwrap();
            let secret = ["PASSWORD", "TOKEN", "SECRET", "KEY"].iter().any(|word| key.contains(word));
            assert!(!secret || key.ends_with("_FILE"), "{name}: {key}");
            let on_a_volume = mounted.iter().any(|folder| value.starts_with(&format!("{folder}/")));
            assert!(!key.ends_with("_FILE") || on_a_volume, "{name}: {key} = {value}");
        }
    }
}

#[test]
fn the_program_accepts_every_setting_of_compose_and_no_invented_one() {
    let Some(program) = program() else { return };
    let compose = compose();
    for name in SERVICES {
        let mut environment = environment(&compose["services"][name]);
        let checked = check_config(&program, name, &environment);
        assert!(checked.status.success(), "{name}: {}", String::from_utf8_lossy(&checked.stderr));

        environment.insert("VESTIBULE__GRPC__INVENTED".to_owned(), "1".to_owned());
        assert!(!check_config(&program, name, &environment).status.success(), "{name} accepts an unknown key");
    }
}

/// The step `init` is run for real, in a folder in the place of the volumes, twice.
#[test]
fn the_step_init_of_compose_makes_every_file_that_the_services_read() {
    let Some(program) = program() else { return };
    let compose = compose();
    let folder = tempfile::tempdir().unwrap();
    let volumes = folder.path().join("etc");
    for volume in ["shared", "registry", "people", "database", "keys"] {
        std::fs::create_dir_all(volumes.join(volume)).unwrap();
    }
    let script = compose["services"]["init"]["entrypoint"][2].as_str().unwrap();
    let script = script.replace("/etc/vestibule", volumes.to_str().unwrap()).replace("$$", "$");
    let path = format!("{}:/usr/bin:/bin", Path::new(&program).parent().unwrap().display());
    let contents = || {
        let run = Command::new("/bin/sh").args(["-euc", &script]).env_clear().env("PATH", &path).output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        let files = [
            "shared/server.key",
            "shared/service.token",
            "registry/registry.token",
            "shared/postgres.url",
            "people/people.token",
        ];
        files.map(|file| std::fs::read_to_string(volumes.join(file)).unwrap())
    };
    let first = contents();
    assert_eq!(first, contents(), "a second start changes nothing");
    assert!(first[3].starts_with("postgres://vestibule:") && first[3].trim_end().ends_with("@postgres/vestibule"));

    assert!(first[4].len() == 64 && first[4] != first[2], "a token of its own, long enough");

    for name in SERVICES.into_iter().chain(["provisioner"]) {
        for (key, value) in environment(&compose["services"][name]) {
            // The master key is made by the registry itself.
            let made_by_registry = value.ends_with("/master.key");
            if key.ends_with("_FILE") && !made_by_registry {
                let file = value.replace("/etc/vestibule", volumes.to_str().unwrap());
                assert!(Path::new(&file).is_file(), "{name}: {key} = {value} is not made");
            }
        }
    }
    assert!(!volumes.join("shared/registry.token").exists(), "only the registry and the operator hold that token");
    let holders = compose["services"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, service)| words(&service["volumes"]).iter().any(|volume| volume.starts_with("registry:")));
    assert_eq!(
        holders.map(|(name, _)| name.as_str()).collect::<BTreeSet<_>>(),
        ["init", "operator", "registry"].into()
    );
}

/// What publishes and what consumes begins when the streams are there.
#[test]
fn compose_makes_the_streams_before_the_registry_publishes() {
    let services = &compose()["services"];
    assert_eq!(words(&services["streams"]["command"]), ["nats", "apply"]);
    assert_eq!(services["streams"]["depends_on"]["nats"]["condition"], "service_healthy");
    assert_eq!(services["registry"]["depends_on"]["streams"]["condition"], "service_completed_successfully");
    let (streams, registry) = (environment(&services["streams"]), environment(&services["registry"]));
    for same in ["VESTIBULE__DEPLOYMENT__ENVIRONMENT", "VESTIBULE__NATS__URL"] {
        assert_eq!(streams[same], registry[same], "{same}");
    }
}

/// The step `streams` is run for real on a NATS server of the test's own, twice.
#[test]
fn the_step_streams_of_compose_makes_what_is_declared_once() {
    let (Some(program), Ok(server)) = (program(), std::env::var("VESTIBULE_TEST_NATS_SERVER")) else {
        assert!(std::env::var("VESTIBULE_TEST_REQUIRE_ALL").is_err(), "VESTIBULE_TEST_NATS_SERVER is not set");
        println!("skipped: VESTIBULE_TEST_NATS_SERVER is not set; `cargo xtask test` sets it");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = Command::new(server);
    command.args(["--addr", "127.0.0.1", "--port", &port.to_string(), "--jetstream", "--store_dir"]).arg(folder.path());
    let _server = Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());

    let compose = compose();
    let step = &compose["services"]["streams"];
    let run = |more: &[&str]| {
        let settings = environment(step)
            .into_iter()
            .map(|(key, value)| (key, value.replace("nats://nats:4222", &format!("nats://127.0.0.1:{port}"))));
        let mut command = Command::new(&program);
        command.args(words(&step["command"])).args(more).current_dir(folder.path()).env_clear().envs(settings);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let planned = run(&["--dry-run"]);
    for made in ["stream vestibule: ", "stream vestibule-dead-letters: ", "consumer cognito-sign-out of vestibule: "] {
        assert!(planned.contains(made), "{made}: {planned}");
    }
    assert!(run(&[]).ends_with("everything is as declared now\n"));
    assert_eq!(run(&[]), "everything is as declared\n", "a second start changes nothing");
}

/// A program, until the test ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What `serve all --check-config` prints: every setting as it is understood.
fn understood(program: &str, arguments: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(program)
        .args(["serve", "all", "--check-config"])
        .args(arguments)
        .current_dir(folder.path())
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_example_of_a_configuration_shows_every_setting_with_its_default() {
    let Some(program) = program() else { return };
    let file = root().join("deploy/vestibule.toml");
    let defaults = understood(&program, &[]);
    assert_eq!(understood(&program, &["--config", file.to_str().unwrap()]), defaults);

    let text = std::fs::read_to_string(&file).unwrap();
    for (section, keys) in defaults.as_object().unwrap() {
        let shown = text.split(&format!("\n[{section}]\n")).nth(1).map(|rest| rest.split("\n[").next().unwrap());
        for key in keys.as_object().unwrap().keys() {
            let line = |line: &str| line.trim_start_matches("# ").starts_with(&format!("{key} ="));
            assert!(shown.is_some_and(|shown| shown.lines().any(line)), "[{section}] {key} is not shown");
        }
    }
}

#[test]
fn the_provisioner_takes_what_compose_gives_it() {
    let Ok(program) = std::env::var("VESTIBULE_TEST_PROVISIONER") else {
        assert!(std::env::var("VESTIBULE_TEST_REQUIRE_ALL").is_err(), "VESTIBULE_TEST_PROVISIONER is not set");
        println!("skipped: VESTIBULE_TEST_PROVISIONER is not set; `cargo xtask test` sets it");
        return;
    };
    let compose = compose();
    let service = &compose["services"]["provisioner"];
    assert_eq!(words(&service["entrypoint"]), [program.rsplit('/').next().unwrap()]);
    let check = |change: &dyn Fn(&mut BTreeMap<String, String>)| {
        let mut settings = environment(service);
        change(&mut settings);
        Command::new(&program).arg("--check-config").env_clear().envs(settings).output().unwrap()
    };
    let checked = check(&|_| {});
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let refused = check(&|settings| {
        settings.get_mut("VESTIBULE__TARGETS").unwrap().replace_range(.., "[]");
    });
    assert_eq!(refused.status.code(), Some(64));
}
