//! Holds the imports between crates to the table: `layers/table.rs`.

mod table;

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use crate::metadata::Metadata;
use crate::workspace::{complain, say};
use table::{HELD_BY, IMPURE, Kind, LAYERS, Layer};

/// One crate of the workspace as the rules see it.
struct Member {
    name: String,
    /// What its own code names.
    names: BTreeSet<String>,
    /// What only its tests name.
    names_in_tests: BTreeSet<String>,
    /// What its own code links over any number of steps.
    links: BTreeSet<String>,
}

/// Fails with every import that the table does not allow.
pub(crate) fn run() -> Result<()> {
    let metadata = Metadata::load()?;
    let members: Vec<Member> = metadata
        .members()
        .map(|package| Member {
            name: package.name.clone(),
            names: package.names(),
            names_in_tests: package.names_in_tests(),
            links: metadata.linked_by(package),
        })
        .collect();
    let found = violations(LAYERS, &members);
    if found.is_empty() {
        say(&format!("{} crates keep to their layers", members.len()));
        return Ok(());
    }
    for violation in &found {
        complain(violation);
    }
    bail!("{} imports against the table in crates/xtask/src/layers/table.rs", found.len())
}

fn violations(layers: &[Layer], members: &[Member]) -> Vec<String> {
    let ours: BTreeSet<&str> = members.iter().map(|member| member.name.as_str()).collect();
    let mut found = Vec::new();
    for member in members {
        match layers.iter().find(|layer| layer.package == member.name) {
            Some(layer) => found.extend(against_layer(layers, layer, member, &ours)),
            None => found.push(format!("{}: is not in the table", member.name)),
        }
        found.extend(against_holders(member));
    }
    let gone = layers.iter().filter(|layer| !ours.contains(layer.package));
    found.extend(gone.map(|layer| format!("{}: is in the table, but not in the workspace", layer.package)));
    found
}

fn against_layer(layers: &[Layer], layer: &Layer, member: &Member, ours: &BTreeSet<&str>) -> Vec<String> {
    let mut found = Vec::new();
    for used in member.names.iter().filter(|name| ours.contains(name.as_str())) {
        if !layer.may_use.contains(&used.as_str()) {
            found.push(format!("{}: may not use {used}", member.name));
        }
    }
    if layer.kind == Kind::Pure {
        let impure = member.links.iter().filter(|name| IMPURE.contains(&name.as_str()));
        found.extend(impure.map(|name| format!("{}: is pure and may not link {name}", member.name)));
    }
    if layer.kind == Kind::Service {
        let services = layers.iter().filter(|other| other.kind == Kind::Service);
        let tested = services.filter(|other| member.names_in_tests.contains(other.package));
        found.extend(tested.map(|other| format!("{}: may not use {} in its tests", member.name, other.package)));
    }
    found
}

fn against_holders(member: &Member) -> Vec<String> {
    HELD_BY
        .iter()
        .filter(|(held, holders)| member.names.contains(*held) && !holders.contains(&member.name.as_str()))
        .map(|(held, holders)| format!("{}: only {} may name {held}", member.name, holders.join(" and ")))
        .collect()
}

#[cfg(test)]
mod tests;
