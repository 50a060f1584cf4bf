//! What `cargo metadata` says of the workspace and of everything it links.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::process::{capture, cargo};
use crate::workspace::root;

/// The answer of `cargo metadata`, as far as the checks need it.
#[derive(Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) target_directory: PathBuf,
    workspace_members: BTreeSet<String>,
    resolve: Resolve,
}

/// One package, ours or another's.
#[derive(Deserialize)]
pub(crate) struct Package {
    id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    pub(crate) source: Option<String>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<EdgeKind>,
}

#[derive(Deserialize)]
struct EdgeKind {
    kind: Option<String>,
}

impl Metadata {
    /// Asks cargo, for the platform this runs on and with the lock file as it is.
    pub(crate) fn load() -> Result<Self> {
        Self::load_in(&root())
    }

    /// The same about the workspace in this folder.
    pub(crate) fn load_in(folder: &Path) -> Result<Self> {
        let (host, mut command) = (host()?, cargo());
        command.args(["metadata", "--format-version", "1", "--locked", "--filter-platform", &host]);
        let text = capture(command.current_dir(folder))?;
        serde_json::from_str(&text).context("reading the answer of cargo metadata")
    }

    /// The crates of this workspace.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// The names of all packages that a build of `package` links, over any number of steps.
    pub(crate) fn linked_by(&self, package: &Package) -> BTreeSet<String> {
        let names: BTreeMap<&str, &str> = self.packages.iter().map(|p| (p.id.as_str(), p.name.as_str())).collect();
        let nodes: BTreeMap<&str, &Node> = self.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let mut seen = BTreeSet::new();
        let mut open = vec![package.id.as_str()];
        while let Some(id) = open.pop() {
            let edges = nodes.get(id).map(|node| node.deps.as_slice()).unwrap_or_default();
            let linked = edges.iter().filter(|edge| edge.dep_kinds.iter().any(|kind| kind.kind.is_none()));
            open.extend(linked.map(|edge| edge.pkg.as_str()).filter(|next| seen.insert(*next)));
        }
        seen.into_iter().filter_map(|id| names.get(id)).map(|name| (*name).to_owned()).collect()
    }
}

impl Package {
    /// The packages its manifest names for its own code, not for its tests.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        self.of_kind(|kind| kind != Some("dev"))
    }

    /// The packages its manifest names for its tests.
    pub(crate) fn names_in_tests(&self) -> BTreeSet<String> {
        self.of_kind(|kind| kind == Some("dev"))
    }

    fn of_kind(&self, wanted: impl Fn(Option<&str>) -> bool) -> BTreeSet<String> {
        let matching = self.dependencies.iter().filter(|dependency| wanted(dependency.kind.as_deref()));
        matching.map(|dependency| dependency.name.clone()).collect()
    }
}

/// The target triple of this machine.
fn host() -> Result<String> {
    let version = capture(std::process::Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("`rustc -vV` names no host")?.to_owned())
}
