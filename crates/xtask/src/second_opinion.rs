//! The one program outside of the workspace: it links libxml2, libxmlsec1 and OpenSSL, which nothing else may.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::apart::SECOND_OPINION;
use crate::metadata::Metadata;
use crate::process::capture;

/// What it may link and the product may not, as the dynamic linker names it.
const FOREIGN: [&str; 5] = ["libxml2.", "libxmlsec1.", "libxslt.", "libssl.", "libcrypto."];

/// Fails when the built product links what only this program may, or when this program does not: then nothing was seen.
pub(crate) fn check_links() -> Result<String> {
    let target = Metadata::load()?.target_directory.join("debug");
    let product = foreign(&libraries(&target.join("vestibule"))?);
    if !product.is_empty() {
        bail!("vestibule links {}", product.join(" and "));
    }
    let program = foreign(&libraries(&target.join(SECOND_OPINION.package))?);
    if program.is_empty() {
        bail!("{} links no library of its own, so this check sees nothing", SECOND_OPINION.package);
    }
    Ok(format!("only {} links {}", SECOND_OPINION.package, program.join(", ")))
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
    use super::*;

    #[test]
    fn libraries_are_known_by_their_names() {
        let linked =
            "\tlinux-vdso.so.1 (0x7ffc)\n\tlibxml2.so.2 => /lib/libxml2.so.2 (0x7f)\n\tlibc.so.6 => /lib/libc.so.6";
        assert_eq!(foreign(linked), ["libxml2"]);
        assert_eq!(foreign("\tstatically linked\n"), [""; 0]);
        assert_eq!(foreign("\tlibcryptography.so.3 => /lib/libcryptography.so.3"), [""; 0]);
    }
}
