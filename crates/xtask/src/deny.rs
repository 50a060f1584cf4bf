//! Holds what is linked to `deny.toml`: banned packages, second versions, licences, registries.
//!
//! The check is our own, so that it runs on a machine with nothing but cargo; where cargo-deny is installed it runs as
//! well, on the same file. Bans and versions come from `cargo tree`, which knows the features that are really on;
//! licences and sources from `cargo metadata`, which rather lists too much.

mod licence;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::apart;
use crate::metadata::{Metadata, Package};
use crate::process::{capture, cargo, find, run as run_visibly};
use crate::workspace::{complain, root, say};

/// `deny.toml`, as far as this check reads it.
#[derive(Deserialize)]
struct Policy {
    bans: Bans,
    licenses: Licences,
    sources: Sources,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Entry>,
    skip: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "crate")]
    package: String,
    reason: String,
}

#[derive(Deserialize)]
struct Licences {
    allow: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    allow_registry: BTreeSet<String>,
}

/// Package name to the versions of it that are linked.
type Linked = BTreeMap<String, BTreeSet<String>>;

/// Fails with everything that the `deny.toml` of the workspace, or of a program outside of it, does not allow.
pub(crate) fn run() -> Result<()> {
    check(&root())?;
    apart::ALL.iter().try_for_each(|apart| check(&apart.folder()))
}

fn check(folder: &Path) -> Result<()> {
    let path = folder.join("deny.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let policy: Policy = toml::from_str(&text).with_context(|| format!("reading {}", path.display()))?;
    let built = linked(folder, "normal,build")?;
    let metadata = Metadata::load_in(folder)?;

    let mut found = banned(&policy, &linked(folder, "normal,build,dev")?);
    found.extend(second_versions(&policy, &built));
    found.extend(metadata.packages.iter().filter_map(|package| licence_or_source(&policy, package)));
    for violation in &found {
        complain(violation);
    }
    if !found.is_empty() {
        bail!("{} violations of {}", found.len(), path.display());
    }
    say(&format!("{} packages keep to {}", built.len(), path.display()));
    if find("cargo-deny").is_some() {
        run_visibly(cargo().current_dir(folder).args(["deny", "--offline", "check", "bans", "licenses", "sources"]))?;
    }
    Ok(())
}

fn linked(folder: &Path, edges: &str) -> Result<Linked> {
    let mut command = cargo();
    command.current_dir(folder).args(["tree", "--workspace", "--locked", "--prefix", "none", "-e", edges]);
    let tree = capture(&mut command)?;
    Ok(read_tree(&tree))
}

/// Reads lines such as `tonic v0.14.9` or `askama_derive v0.16.0 (proc-macro)`.
fn read_tree(tree: &str) -> Linked {
    let mut linked = Linked::new();
    for line in tree.lines() {
        let mut words = line.split_whitespace();
        if let (Some(name), Some(version)) = (words.next(), words.next().and_then(|word| word.strip_prefix('v'))) {
            linked.entry(name.to_owned()).or_default().insert(version.to_owned());
        }
    }
    linked
}

fn banned(policy: &Policy, linked: &Linked) -> Vec<String> {
    let banned = policy.bans.deny.iter().filter(|entry| linked.contains_key(&entry.package));
    banned
        .map(|entry| {
            format!("{0} is banned: {1}; `cargo tree -i {0}` shows who asks for it", entry.package, entry.reason)
        })
        .collect()
}

/// Second versions without an exception, and exceptions without a second version.
fn second_versions(policy: &Policy, linked: &Linked) -> Vec<String> {
    let mut found = Vec::new();
    for (name, versions) in linked {
        let unexplained =
            versions.iter().filter(|version| !policy.bans.skip.iter().any(|skip| skip.names(name, version)));
        let unexplained: Vec<&str> = unexplained.map(String::as_str).collect();
        if unexplained.len() > 1 {
            found.push(format!("{name} is linked in versions {} without an exception", unexplained.join(" and ")));
        }
    }
    for skip in &policy.bans.skip {
        let needed =
            linked.iter().any(|(name, versions)| versions.len() > 1 && versions.iter().any(|v| skip.names(name, v)));
        if !needed {
            found.push(format!("the exception for {} is no longer needed ({})", skip.package, skip.reason));
        }
    }
    found
}

impl Entry {
    /// Whether this entry, such as `base64@0.22`, names that version of that package.
    fn names(&self, name: &str, version: &str) -> bool {
        let Some((package, wanted)) = self.package.split_once('@') else {
            return self.package == name;
        };
        let rest = version.strip_prefix(wanted);
        package == name && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

fn licence_or_source(policy: &Policy, package: &Package) -> Option<String> {
    let Some(source) = &package.source else {
        return None; // ours: no registry and the workspace's own licence
    };
    let registry = source.strip_prefix("registry+").unwrap_or(source);
    if !policy.sources.allow_registry.contains(registry) {
        return Some(format!("{} {} comes from {source}", package.name, package.version));
    }
    match package.license.as_deref().map(|expression| licence::allowed(expression, &policy.licenses.allow)) {
        Some(Ok(true)) => None,
        Some(Ok(false)) => Some(format!(
            "{} {}: licence {} is not on the list",
            package.name,
            package.version,
            package.license.as_deref().unwrap_or_default()
        )),
        Some(Err(error)) => Some(format!("{} {}: {error}", package.name, package.version)),
        None => Some(format!("{} {} states no licence", package.name, package.version)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Policy {
        toml::from_str(
            r#"
            [bans]
            deny = [{ crate = "ring", reason = "one provider" }]
            skip = [{ crate = "base64@0.22", reason = "tonic" }]
            [licenses]
            allow = ["MIT"]
            [sources]
            allow-registry = ["https://github.com/rust-lang/crates.io-index"]
            "#,
        )
        .unwrap()
    }

    #[test]
    fn the_checked_in_policy_can_be_read_and_bans_the_other_providers() {
        let policy: Policy = toml::from_str(&fs::read_to_string(root().join("deny.toml")).unwrap()).unwrap();
        for package in ["ring", "openssl", "openssl-sys", "native-tls", "samael", "libxml"] {
            assert!(policy.bans.deny.iter().any(|entry| entry.package == package), "{package}");
        }
    }

    #[test]
    fn a_banned_package_is_found() {
        assert_eq!(banned(&policy(), &read_tree("tonic v0.14.9\naws-lc-rs v1.19.0 (*)")), [""; 0]);
        assert_eq!(banned(&policy(), &read_tree("ring v0.17.14")).len(), 1);
    }

    #[test]
    fn a_second_version_needs_an_exception_and_an_exception_a_second_version() {
        let excused = "base64 v0.22.1\nbase64 v0.23.1\n";
        assert_eq!(second_versions(&policy(), &read_tree(excused)), [""; 0]);
        let prost = format!("{excused}prost v0.13.5\nprost v0.14.4\n");
        assert_eq!(
            second_versions(&policy(), &read_tree(&prost)),
            ["prost is linked in versions 0.13.5 and 0.14.4 without an exception"]
        );
        assert_eq!(
            second_versions(&policy(), &read_tree("base64 v0.23.1")),
            ["the exception for base64@0.22 is no longer needed (tonic)"]
        );
    }

    #[test]
    fn an_exception_names_whole_parts_of_a_version() {
        let entry = Entry { package: "pem@3".to_owned(), reason: String::new() };
        assert!(entry.names("pem", "3.0.6"));
        assert!(!entry.names("pem", "30.0.6"));
        assert!(!entry.names("pemmican", "3.0.6"));
    }

    fn package(license: Option<&str>, source: &str) -> Package {
        let fields = serde_json::json!({
            "id": "probe", "name": "probe", "version": "1.0.0", "dependencies": [],
            "license": license, "source": source,
        });
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn licence_and_registry_must_be_listed() {
        let registry = "registry+https://github.com/rust-lang/crates.io-index";
        assert_eq!(licence_or_source(&policy(), &package(Some("MIT"), registry)), None);
        assert!(licence_or_source(&policy(), &package(Some("GPL-3.0"), registry)).is_some());
        assert!(licence_or_source(&policy(), &package(None, registry)).is_some());
        assert!(licence_or_source(&policy(), &package(Some("MIT"), "git+https://example.test/probe")).is_some());
    }
}
