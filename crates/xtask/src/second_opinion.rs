//! The one program outside of the workspace: it links libxml2, libxmlsec1 and OpenSSL, which nothing else may.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::metadata::Metadata;
use crate::process::{capture, cargo, run as run_visibly};
use crate::workspace::root;

/// Its package.
pub(crate) const PACKAGE: &str = "vestibule-second-opinion";

/// Where tests find it.
pub(crate) const VARIABLE: &str = "VESTIBULE_TEST_SECOND_OPINION";

/// What it may link and the product may not, as the dynamic linker names it.
const FOREIGN: [&str; 5] = ["libxml2.", "libxmlsec1.", "libxslt.", "libssl.", "libcrypto."];

/// Its folder, which is a workspace of its own.
pub(crate) fn folder() -> PathBuf {
    root().join("services/second-opinion")
}

/// A `cargo` command in its folder.
pub(crate) fn cargo_there() -> Command {
    let mut command = cargo();
    command.current_dir(folder());
    command
}

/// Builds it and says where it lies.
pub(crate) fn build(target: &Path) -> Result<PathBuf> {
    run_visibly(cargo_there().args(["build", "--locked", "--package", PACKAGE]))?;
    Ok(target.join("debug").join(PACKAGE))
}

/// Fails when the built product links what only this program may, or when this program does not: then nothing was seen.
pub(crate) fn check_links() -> Result<String> {
    let target = Metadata::load()?.target_directory.join("debug");
    let product = foreign(&libraries(&target.join("vestibule"))?);
    if !product.is_empty() {
        bail!("vestibule links {}", product.join(" and "));
    }
    let program = foreign(&libraries(&target.join(PACKAGE))?);
    if program.is_empty() {
        bail!("{PACKAGE} links no library of its own, so this check sees nothing");
    }
    Ok(format!("only {PACKAGE} links {}", program.join(", ")))
}

/// Every library that the dynamic linker would load, the libraries of libraries as well.
fn libraries(program: &Path) -> Result<String> {
    capture(Command::new("ldd").arg(program))
}

fn foreign(libraries: &str) -> Vec<&'static str> {
    let is_linked = |name: &&str| libraries.lines().any(|line| line.trim_start().starts_with(*name));
    let found = FOREIGN.into_iter().filter(is_linked);
    found.map(|name| name.trim_end_matches('.')).collect()
}

#[cfg(test)]
mod tests {
    use toml::{Table, Value};

    use super::*;

    fn manifest(folder: &Path) -> Table {
        std::fs::read_to_string(folder.join("Cargo.toml")).unwrap().parse().unwrap()
    }

    #[test]
    fn libraries_are_known_by_their_names() {
        let linked =
            "\tlinux-vdso.so.1 (0x7ffc)\n\tlibxml2.so.2 => /lib/libxml2.so.2 (0x7f)\n\tlibc.so.6 => /lib/libc.so.6";
        assert_eq!(foreign(linked), ["libxml2"]);
        assert_eq!(foreign("\tstatically linked\n"), [""; 0]);
        assert_eq!(foreign("\tlibcryptography.so.3 => /lib/libcryptography.so.3"), [""; 0]);
    }

    #[test]
    fn it_stays_outside_of_the_workspace() {
        let product = manifest(&root());
        let excluded = product["workspace"]["exclude"].as_array().unwrap();
        assert!(excluded.contains(&Value::from("services/second-opinion")));
    }

    #[test]
    fn it_is_built_and_judged_as_everything_else_is() {
        let (product, program) = (manifest(&root()), manifest(&folder()));
        assert_eq!(product["workspace"]["lints"], program["lints"]);
        for profile in ["dev", "bench", "release"] {
            assert_eq!(product["profile"][profile], program["profile"][profile], "{profile}");
        }
        let workspace = &product["workspace"]["package"];
        for field in ["version", "edition", "rust-version", "license", "publish"] {
            assert_eq!(workspace[field], program["package"][field], "{field}");
        }
    }
}
