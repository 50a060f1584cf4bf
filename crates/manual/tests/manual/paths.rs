use crate::page::{code, pages, root, text};

/// Folders whose names in backticks are taken for paths.
const FOLDERS: [&str; 6] = ["crates/", "services/", "proto/", "deploy/", "tests/", ".ci/"];

fn missing(text: &str) -> Vec<String> {
    let paths = code(text).filter(|text| FOLDERS.iter().any(|folder| text.starts_with(folder)));
    // A path with a placeholder names many.
    let plain = paths.filter(|path| !path.contains(['<', '*', ' ']));
    plain.filter(|path| !root().join(path).exists()).map(str::to_owned).collect()
}

#[test]
fn every_file_that_a_page_names_exists() {
    for (page, text) in pages() {
        assert_eq!(missing(&text), Vec::<String>::new(), "{}", page.display());
    }
    assert_eq!(missing(&text("README.md")), Vec::<String>::new(), "README.md");
    assert_eq!(missing("`crates/nowhere/src/lib.rs`").len(), 1, "the check itself works");
}

#[test]
fn every_page_is_part_of_the_handbook() {
    for (page, _) in pages() {
        let module = page.with_extension("rs");
        let name = page.file_name().unwrap().to_string_lossy().into_owned();
        let included = std::fs::read_to_string(&module).unwrap_or_else(|_| panic!("{} has no module", page.display()));
        assert!(included.contains(&format!("include_str!(\"{name}\")")), "{} is not included", page.display());
    }
}
