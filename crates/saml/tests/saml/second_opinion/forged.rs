use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use vestibule_second_opinion_protocol::Answer;

use super::{answer, skipped};
use crate::{
    corpus::{Class, corpus},
    support::{ADA, RSA},
};

/// What became of the forgeries of one class.
#[derive(Default)]
struct Row {
    cases: usize,
    verified: usize,
    rejected: usize,
    cannot: usize,
    silent: usize,
}

/// It is never asked about them. Were it asked, with its own check of form and in the mode that returns only what was
/// hashed: it would take no message that the identity provider did not sign for another person's, but it would take much
/// that is signed and refused for other reasons, which are ours to check.
#[test]
fn what_it_would_say_of_forgeries_if_it_were_asked() {
    if skipped("what_it_would_say_of_forgeries_if_it_were_asked") {
        return;
    }
    let mut table: BTreeMap<Class, Row> = BTreeMap::new();
    for case in corpus() {
        let row = table.entry(case.class).or_default();
        row.cases += 1;
        let document = BASE64_STANDARD.decode(&case.value).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        // What is no text cannot even be asked about.
        let Some(document) = document else {
            row.cannot += 1;
            continue;
        };
        match answer(&document, &[RSA.certificate_der()]) {
            Some(Answer::Verified { reading }) => {
                row.verified += 1;
                if matches!(case.class, Class::Wrapping | Class::Stripping | Class::ForeignKey | Class::Tampering) {
                    assert_eq!(reading.name_id.unwrap().value, ADA, "{}", case.name);
                }
            }
            Some(Answer::Rejected) => row.rejected += 1,
            Some(Answer::CannotProcess { .. }) => row.cannot += 1,
            None => row.silent += 1,
        }
    }
    println!("{:<20} {:>6} {:>9} {:>9} {:>7} {:>10}", "class", "cases", "verified", "rejected", "cannot", "no answer");
    for (class, row) in &table {
        let Row { cases, verified, rejected, cannot, silent } = row;
        println!("{:<20} {cases:>6} {verified:>9} {rejected:>9} {cannot:>7} {silent:>10}", format!("{class:?}"));
    }
}
