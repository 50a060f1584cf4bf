use std::collections::BTreeSet;

use crate::page::{cells, code, files};

/// The names of all tests: functions under `#[test]` and the like, and the cases of the suite that every store runs.
fn tests() -> BTreeSet<String> {
    let sources = ["crates", "services", "tests"].iter().flat_map(|folder| files(folder, ".rs"));
    sources.flat_map(|(_, text)| functions_under_test(&text).into_iter().chain(cases(&text))).collect()
}

fn functions_under_test(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim) {
        let function = line.split_once("fn ").filter(|_| !line.starts_with("//")).map(|(_, rest)| rest);
        match function.and_then(|rest| rest.split_once('(')) {
            Some((name, _)) => {
                if is_test {
                    names.push(name.to_owned());
                }
                is_test = false;
            }
            None => is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test"),
        }
    }
    names
}

/// `module::case,` in the suite of the contract, and the names in `attacks! { ... }` and `attacks!(...)`.
fn cases(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_list = false;
    for line in text.lines().map(str::trim) {
        is_list |= line.starts_with("attacks!") || line.contains("suite! { @cases");
        if is_list {
            let words =
                line.split([',', ' ', '(', ')', '{', '}', ';']).map(|word| word.rsplit("::").next().unwrap_or(word));
            names.extend(words.filter(|word| word.contains('_')).map(str::to_owned));
        }
        is_list &= !line.contains('}') && !line.contains(");");
    }
    names
}

/// The letters that `text` begins with.
fn word(text: &str) -> &str {
    text.split(|letter: char| !letter.is_ascii_alphabetic()).next().unwrap_or_default()
}

#[test]
fn every_test_that_a_page_of_threats_names_exists() {
    let tests = tests();
    let classes: String = files("crates/saml/tests/saml/corpus", ".rs").into_iter().map(|(_, text)| text).collect();
    assert!(tests.contains("every_test_that_a_page_of_threats_names_exists") && !tests.contains("cells"));
    let mut named = 0;
    for (page, text) in files("crates/manual/src/threats", ".md") {
        for row in text.lines().filter_map(cells).filter(|row| row.len() == 3) {
            for name in code(row[2]) {
                let exists = match name.strip_prefix("Class::") {
                    Some(class) => classes.split("Class::").skip(1).any(|used| word(used) == class),
                    None => tests.contains(name),
                };
                assert!(exists, "{}: there is no test {name}", page.display());
                named += 1;
            }
        }
    }
    assert!(named > 100, "only {named} tests are named: are the tables still read?");
}

#[test]
fn every_threat_has_a_test() {
    for (page, text) in files("crates/manual/src/threats", ".md") {
        for row in text.lines().filter_map(cells).filter(|row| row.len() == 3 && row[2] != "our test") {
            assert!(code(row[2]).next().is_some(), "{}: nothing tests: {}", page.display(), row[0]);
        }
    }
}
