//! Writes the JSON Schemas and the AsyncAPI document of the published events into the directory that is named, or with
//! `--check` holds what is there against the code. `cargo xtask codegen` calls it.

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use vestibule_bus::contract;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--check", directory] => check(Path::new(directory)),
        [directory] => write(Path::new(directory)),
        _ => Err(io::Error::other("usage: contract [--check] DIRECTORY")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn write(directory: &Path) -> io::Result<()> {
    let files = contract::files();
    fs::create_dir_all(directory.join("schema"))?;
    for stale in present(directory)?.keys().filter(|name| !files.contains_key(*name)) {
        fs::remove_file(directory.join(stale))?;
    }
    for (name, text) in files {
        fs::write(directory.join(name), text)?;
    }
    Ok(())
}

fn check(directory: &Path) -> io::Result<()> {
    let (files, present) = (contract::files(), present(directory)?);
    let differing = files.iter().filter(|(name, text)| present.get(*name) != Some(text)).map(|(name, _)| name);
    let stale = present.keys().filter(|name| !files.contains_key(*name));
    let names: Vec<&str> = differing.chain(stale).map(String::as_str).collect();
    if names.is_empty() {
        return Ok(());
    }
    let names = names.join(", ");
    Err(io::Error::other(format!("{names}: not what the code gives; run `cargo xtask codegen`")))
}

/// The JSON files that are there.
fn present(directory: &Path) -> io::Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for folder in [directory.to_owned(), directory.join("schema")] {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path: PathBuf = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json")
                && let Ok(name) = path.strip_prefix(directory)
            {
                found.insert(name.display().to_string(), fs::read_to_string(&path)?);
            }
        }
    }
    Ok(found)
}

fn tell(text: &str) {
    use io::Write as _;
    let _ = writeln!(io::stderr(), "{text}");
}
