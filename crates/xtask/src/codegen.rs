//! Compiles `proto/` into checked-in Rust, so that a build needs no protobuf compiler; and the types of published events
//! into checked-in documents, so that a consumer needs no Rust.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use prost::Message;
use tonic_prost_build::FileDescriptorSet;

use crate::process::{cargo, run as run_visibly};
use crate::workspace::{root, say};

/// The folder of generated code, relative to the root.
const GENERATED: &str = "crates/rpc/src/generated";

/// The descriptors that gRPC reflection answers from.
const DESCRIPTOR: &str = "descriptor.bin";

/// The folder of the documents about published events, relative to the root.
const EVENTS: &str = "proto/vestibule/events/v1";

/// How `cargo xtask codegen` is called.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Writes nothing; fails when the checked-in code differs from what `proto/` gives.
    #[arg(long)]
    pub(crate) check: bool,
}

/// Generates the code, or with `--check` compares it with what is checked in.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let target = root().join(GENERATED);
    if arguments.check {
        check(&root().join("proto"), &target)?;
    } else {
        write(&root().join("proto"), &target)?;
    }
    document_events(arguments.check)
}

/// The JSON Schemas and the AsyncAPI document come from types that only their own crate links.
fn document_events(check: bool) -> Result<()> {
    let mut command = cargo();
    command.args(["run", "--quiet", "--locked", "--package", "vestibule-bus", "--example", "contract", "--"]);
    if check {
        command.arg("--check");
    }
    run_visibly(command.arg(EVENTS))
}

fn write(protos: &Path, target: &Path) -> Result<()> {
    let fresh = generate(protos)?;
    fs::create_dir_all(target)?;
    for stale in contents(target)?.keys().filter(|name| !fresh.contains_key(*name)) {
        fs::remove_file(target.join(stale))?;
        say(&format!("removed   {GENERATED}/{stale}"));
    }
    for (name, content) in &fresh {
        let path = target.join(name);
        if fs::read(&path).is_ok_and(|old| old == *content) {
            say(&format!("unchanged {GENERATED}/{name}"));
        } else {
            fs::write(&path, content).with_context(|| format!("writing {}", path.display()))?;
            say(&format!("written   {GENERATED}/{name}"));
        }
    }
    Ok(())
}

/// Compares `target` with what the protos give now.
pub(crate) fn check(protos: &Path, target: &Path) -> Result<()> {
    let fresh = generate(protos)?;
    let checked_in = contents(target)?;
    let mut differing: Vec<&str> = fresh
        .iter()
        .filter(|(name, content)| checked_in.get(*name) != Some(content))
        .map(|(name, _)| name.as_str())
        .collect();
    differing.extend(checked_in.keys().filter(|name| !fresh.contains_key(*name)).map(String::as_str));
    if differing.is_empty() {
        say(&format!("{GENERATED}: {} files, all as proto/ gives them", fresh.len()));
        return Ok(());
    }
    bail!("{GENERATED} differs from proto/ in {}; run `cargo xtask codegen`", differing.join(", "))
}

/// File name to content, for all that the protos give.
fn generate(protos: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let files = proto_files(protos)?;
    ensure!(!files.is_empty(), "no .proto file below {}", protos.display());
    let mut descriptors =
        protox::compile(&files, [protos]).map_err(|error| anyhow::anyhow!("{error:?}")).context("compiling proto/")?;

    let scratch = tempfile::tempdir()?;
    tonic_prost_build::configure()
        .build_client(true)
        .build_server(true)
        .emit_rerun_if_changed(false)
        .out_dir(scratch.path())
        .compile_fds(descriptors.clone())
        .context("generating Rust")?;
    format(scratch.path())?;

    let mut generated = contents(scratch.path())?;
    without_comments(&mut descriptors);
    generated.insert(DESCRIPTOR.to_owned(), descriptors.encode_to_vec());
    Ok(generated)
}

/// Reflection needs no comments and no source positions; they would be most of the file.
fn without_comments(descriptors: &mut FileDescriptorSet) {
    for file in &mut descriptors.file {
        file.source_code_info = None;
    }
}

/// Formats as `cargo fmt` would, so that both agree on the checked-in files.
fn format(folder: &Path) -> Result<()> {
    let files: Vec<PathBuf> = contents(folder)?.into_keys().map(|name| folder.join(name)).collect();
    let status = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(root())
        .args(files)
        .status()
        .context("starting rustfmt; `rustup component add rustfmt` installs it")?;
    ensure!(status.success(), "rustfmt refused the generated code");
    Ok(())
}

/// Every `.proto` below `folder`, in a stable order.
fn proto_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(proto_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// File name to content, for all files directly in `folder`; nothing when there is no such folder.
fn contents(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut found = BTreeMap::new();
    if !folder.exists() {
        return Ok(found);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().context("an entry without a name")?.to_string_lossy().into_owned();
        found.insert(name, fs::read(&path)?);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROTO: &str = r#"
        syntax = "proto3";
        package vestibule.probe.v1;
        import "google/protobuf/field_mask.proto";
        import "google/protobuf/timestamp.proto";
        // Answers.
        service ProbeService {
          // Says the same.
          rpc Echo(EchoRequest) returns (EchoResponse);
        }
        message EchoRequest { string text = 1; google.protobuf.FieldMask mask = 2; }
        message EchoResponse { string text = 1; google.protobuf.Timestamp at = 2; }
    "#;

    fn protos(text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("probe.proto"), text).unwrap();
        folder
    }

    #[test]
    fn a_service_gives_client_server_and_descriptors() {
        let generated = generate(protos(PROTO).path()).unwrap();
        assert_eq!(generated.keys().collect::<Vec<_>>(), ["descriptor.bin", "vestibule.probe.v1.rs"]);
        let code = String::from_utf8(generated["vestibule.probe.v1.rs"].clone()).unwrap();
        assert!(code.contains("pub struct ProbeServiceClient"));
        assert!(code.contains("pub trait ProbeService:"));
        assert!(code.contains("::prost_types::FieldMask"));
        let descriptors = FileDescriptorSet::decode(generated["descriptor.bin"].as_slice()).unwrap();
        assert_eq!(descriptors.file.len(), 3, "reflection needs the imported files too");
    }

    #[test]
    fn check_passes_on_fresh_code_and_fails_on_any_difference() {
        let source = protos(PROTO);
        let target = tempfile::tempdir().unwrap();
        write(source.path(), target.path()).unwrap();
        check(source.path(), target.path()).unwrap();

        fs::write(target.path().join("vestibule.gone.v1.rs"), "").unwrap();
        assert!(check(source.path(), target.path()).unwrap_err().to_string().contains("vestibule.gone.v1.rs"));
        write(source.path(), target.path()).unwrap();
        check(source.path(), target.path()).unwrap();

        fs::write(source.path().join("probe.proto"), PROTO.replace("Echo(", "Repeat(")).unwrap();
        assert!(check(source.path(), target.path()).is_err());
    }

    #[test]
    fn a_mistake_in_a_proto_is_reported_with_its_place() {
        let error = generate(protos("syntax = \"proto3\"; message A { Unknown b = 1; }").path()).unwrap_err();
        assert!(format!("{error:#}").contains("Unknown"), "{error:#}");
    }
}
