//! The Python, Node and PHP programs that the interoperability tests talk to, each with an environment of its own below
//! `target/interop`. The first two are pinned with digests and are made anew only when the pins change; SimpleSAMLphp is
//! what Debian has.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::Environment;
use super::debian::{chromium, unpack};
use crate::process::run as run_visibly;
use crate::workspace::root;

/// Prepares both environments and returns the variables that lead the tests to them.
pub(super) fn prepare(target: &Path) -> Result<Environment> {
    let base = target.join("interop");
    fs::create_dir_all(&base)?;
    let source = root().join("tests/interop");
    let python = python(&source, &base.join("python"))?;
    Ok(vec![
        // A static binary that comes as a Python package.
        ("VESTIBULE_TEST_NATS_SERVER", python.with_file_name("nats-server").to_string_lossy().into_owned()),
        ("VESTIBULE_TEST_PYTHON", python.to_string_lossy().into_owned()),
        ("VESTIBULE_TEST_NODE_DIR", node(&source, &base.join("node"))?.to_string_lossy().into_owned()),
        ("VESTIBULE_TEST_CHROMIUM", chromium()?.to_string_lossy().into_owned()),
        ("VESTIBULE_TEST_SIMPLESAMLPHP", simplesamlphp(&base.join("simplesamlphp"))?.to_string_lossy().into_owned()),
    ])
}

fn simplesamlphp(folder: &Path) -> Result<PathBuf> {
    let program = folder.join("usr/share/simplesamlphp");
    if !program.join("www/module.php").is_file() {
        unpack("simplesamlphp", folder)?;
    }
    Ok(program)
}

fn python(source: &Path, folder: &Path) -> Result<PathBuf> {
    let requirements = source.join("requirements.txt");
    let stamp = folder.join("installed.txt");
    let python = folder.join("bin/python");
    if !same(&requirements, &stamp) {
        run_visibly(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder))?;
        run_visibly(
            Command::new(&python)
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"])
                .arg(&requirements),
        )?;
        fs::copy(&requirements, &stamp)?;
    }
    Ok(python)
}

fn node(source: &Path, folder: &Path) -> Result<PathBuf> {
    let stamp = folder.join("installed.json");
    fs::create_dir_all(folder)?;
    if !same(&source.join("package-lock.json"), &stamp) {
        for pins in ["package.json", "package-lock.json"] {
            fs::copy(source.join(pins), folder.join(pins)).with_context(|| format!("copying {pins}"))?;
        }
        let options = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
        run_visibly(Command::new("npm").args(options).current_dir(folder))?;
        fs::copy(source.join("package-lock.json"), &stamp)?;
    }
    // Node looks for packages beside the script, wherever a link to it may lie: so the scripts are copied, every time.
    for entry in fs::read_dir(source)? {
        let path = entry?.path();
        if let (Some(name), true) = (path.file_name(), path.extension().is_some_and(|extension| extension == "mjs")) {
            fs::copy(&path, folder.join(name))?;
        }
    }
    Ok(folder.to_path_buf())
}

fn same(one: &Path, other: &Path) -> bool {
    matches!((fs::read(one), fs::read(other)), (Ok(one), Ok(other)) if one == other)
}
