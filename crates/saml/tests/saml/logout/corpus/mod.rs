//! The hostile corpus of logout messages: each with the check that catches it and the reason it is refused for.

mod form;
mod query;
mod value;

use std::collections::BTreeSet;

use vestibule_saml::{CheckName, CheckStatus, LogoutVerdict, MessageKind, Refusal};

use super::{judge_form, judge_query};

type Caught = (CheckName, Refusal);

/// What is sent.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Sent {
    Query(String),
    Request(String),
    Response(String),
}

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) caught: Caught,
    pub(crate) sent: Sent,
}

const ENCODING: CheckName = CheckName::MessageEncoding;
const UNSIGNED: Caught = (CheckName::SignaturePresent, Refusal::SignatureMissing);
const MISPLACED: Caught = (CheckName::SignaturePresent, Refusal::SignatureMisplaced);
const INVALID: Caught = (CheckName::SignatureValue, Refusal::SignatureInvalid);
const ALGORITHM: Caught = (CheckName::SignatureAlgorithm, Refusal::SignatureAlgorithmNotAllowed);
const SHAPE: Caught = (CheckName::LogoutShape, Refusal::NotALogoutMessage);

pub(crate) fn corpus() -> Vec<Case> {
    let rows = [query::all(), form::all(), value::all()];
    rows.into_iter().flatten().map(|(name, caught, sent)| Case { name, caught, sent }).collect()
}

type Row = (&'static str, Caught, Sent);

fn judge(sent: &Sent) -> LogoutVerdict {
    match sent {
        Sent::Query(query) => judge_query(query),
        Sent::Request(value) => judge_form(MessageKind::Request, value),
        Sent::Response(value) => judge_form(MessageKind::Response, value),
    }
}

#[test]
fn each_forgery_is_caught_by_the_check_that_is_there_for_it() {
    let mut wrong = Vec::new();
    for case in corpus() {
        let verdict = judge(&case.sent);
        let caught = verdict.failed_check().map(|check| check.name);
        let refusal = verdict.outcome.as_ref().err().copied();
        if (caught, refusal) != (Some(case.caught.0), Some(case.caught.1)) {
            wrong.push(format!("{}: {:?}", case.name, verdict.failed_check()));
        }
        let mut behind = verdict.checks.iter().skip_while(|check| check.status != CheckStatus::Failed).skip(1);
        assert!(behind.all(|check| check.status == CheckStatus::NotReached), "{}", case.name);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_case_stands_twice() {
    let corpus = corpus();
    assert!(corpus.len() >= 75, "{} cases", corpus.len());
    let (mut names, mut messages) = (BTreeSet::new(), BTreeSet::new());
    for case in &corpus {
        assert!(names.insert(case.name), "two cases are named {}", case.name);
        assert!(messages.insert(&case.sent), "{} repeats the message of another case", case.name);
    }
}
