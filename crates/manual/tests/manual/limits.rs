use std::collections::BTreeMap;

use crate::page::{cells, code, files, text};

/// The value of each constant that the page names, by file and name.
fn told() -> BTreeMap<(String, String), String> {
    let mut told = BTreeMap::new();
    let mut file = String::new();
    for row in text("crates/manual/src/limits.md").lines().filter_map(cells) {
        let [first, constant, value] = row.as_slice() else { continue };
        match (code(constant).next(), code(value).next()) {
            (Some(name), Some(value)) => {
                told.insert((file.clone(), name.to_owned()), value.to_owned());
            }
            _ => file = String::from(code(first).next().unwrap_or_default()),
        }
    }
    told
}

/// The name, type and value of the constants in a source file.
fn constants(source: &str) -> Vec<(&str, &str, &str)> {
    let declared = source.lines().filter_map(|line| {
        let (before, after) = line.split_once("const ")?;
        let is_item = before.trim().is_empty() || before.trim_start().starts_with("pub");
        let (name, rest) = after.split_once(": ").filter(|_| is_item)?;
        let (kind, value) = rest.split_once(" = ")?;
        Some((name, kind, value.strip_suffix(';')?))
    });
    declared
        .filter(|(name, _, _)| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_') && *name != "_")
        .collect()
}

#[test]
fn every_limit_is_what_the_code_says() {
    let told = told();
    assert!(told.len() > 100, "only {} limits are read: is the page still made of tables?", told.len());
    for ((file, name), value) in &told {
        let source = text(file);
        let actual = constants(&source).into_iter().find(|(declared, _, _)| declared == name);
        let (_, _, actual) = actual.unwrap_or_else(|| panic!("{file} has no constant {name}"));
        assert_eq!(actual, value, "{file}: {name}; change its row in crates/manual/src/limits.md");
    }
}

#[test]
fn every_file_of_limits_is_on_the_page_as_a_whole() {
    let told = told();
    let sources = ["crates", "services"].iter().flat_map(|folder| files(folder, "/limit.rs"));
    for (path, source) in sources {
        let path = path.to_string_lossy().into_owned();
        let file = path.split("/../../").last().unwrap();
        for (name, kind, value) in constants(&source).into_iter().filter(|(_, kind, _)| *kind != "()") {
            let known = told.contains_key(&(file.to_owned(), name.to_owned()));
            assert!(known, "add to crates/manual/src/limits.md, under {file}: {name} ({kind}) = {value}");
        }
    }
}
