//! The hostile corpus: every forgery we know of, with the check that catches it and the reason it is refused for.
//!
//! The cases are made anew in each run by the simulated identity provider and by cutting up what it signed, so that
//! each is as genuine as a forgery can be. A case is one line of a table: its name, what it is, the check, the refusal.

mod address;
mod encryption;
mod message;
mod signature;
mod time;
mod value;
mod wrapping;

use std::{collections::BTreeSet, sync::LazyLock};

use vestibule_saml::{CheckName, CheckStatus, Expectation, Refusal, Verdict, validate};
use vestibule_saml_idp::saml_response_value;

use crate::support::expectation;

/// What kind of attack a case is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Class {
    Wrapping,
    DuplicateId,
    Stripping,
    ForeignKey,
    AlgorithmConfusion,
    Tampering,
    Reference,
    Transform,
    SignatureForm,
    ParserDifferential,
    Canonicalisation,
    Truncation,
    Encoding,
    ExternalEntity,
    Bomb,
    Shape,
    Status,
    Issuer,
    Audience,
    Recipient,
    Destination,
    InResponseTo,
    Time,
    Subject,
    AuthnContext,
    Encryption,
}

/// What the connection expects.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Setting {
    /// It has a key and takes what is encrypted and what is not.
    #[default]
    Usual,
    /// It has no key.
    NoDecryptionKeys,
    /// It takes only what is encrypted.
    EncryptionRequired,
    /// It takes only a hardware token.
    StrongAuthnContext,
}

/// One forgery.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) class: Class,
    pub(crate) name: String,
    /// The CVE or paper that tells of it; empty where it is common knowledge.
    pub(crate) reference: &'static str,
    pub(crate) check: CheckName,
    pub(crate) refusal: Refusal,
    /// The form value, as it is posted.
    pub(crate) value: String,
    pub(crate) setting: Setting,
}

impl Case {
    fn verdict(&self) -> Verdict {
        let usual = expectation();
        validate(
            &self.value,
            &match self.setting {
                Setting::Usual => usual,
                Setting::NoDecryptionKeys => Expectation { decryption: None, ..usual },
                Setting::EncryptionRequired => Expectation { encryption_required: true, ..usual },
                Setting::StrongAuthnContext => Expectation { required_authn_context: &STRONG, ..usual },
            },
        )
    }
}

static STRONG: LazyLock<Vec<String>> =
    LazyLock::new(|| vec!["urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken".to_owned()]);

/// Which check refuses, and why.
type Caught = (CheckName, Refusal);

/// Cases of one class that are known from one place and are caught alike.
fn cases<N: Into<String>>(
    class: Class,
    reference: &'static str,
    (check, refusal): Caught,
    messages: impl IntoIterator<Item = (N, String)>,
) -> Vec<Case> {
    let case = |(name, xml): (N, String)| {
        let value = saml_response_value(&xml);
        Case { class, name: name.into(), reference, check, refusal, value, setting: Setting::Usual }
    };
    messages.into_iter().map(case).collect()
}

/// The whole corpus.
pub(crate) fn corpus() -> Vec<Case> {
    [wrapping::all(), signature::all(), value::all(), message::all(), address::all(), time::all(), encryption::all()]
        .into_iter()
        .flatten()
        .collect()
}

#[test]
fn each_forgery_is_caught_by_the_check_that_is_there_for_it() {
    let mut wrong = Vec::new();
    for case in corpus() {
        let verdict = case.verdict();
        let caught = verdict.failed_check().map(|check| check.name);
        let refusal = verdict.outcome.as_ref().err().copied();
        if (caught, refusal) != (Some(case.check), Some(case.refusal)) {
            wrong.push(format!("{:?}, {} ({}): {:?}", case.class, case.name, case.reference, verdict.failed_check()));
        }
        // Nothing behind the check was looked at.
        let mut behind = verdict.checks.iter().skip_while(|check| check.status != CheckStatus::Failed).skip(1);
        assert!(behind.all(|check| check.status == CheckStatus::NotReached), "{}", case.name);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Refusals of a connection that is set up in another way than the corpus's: each has tests of its own.
const ELSEWHERE: &[Refusal] = &[Refusal::CertificateNotValid, Refusal::InResponseToUnexpected];

#[test]
fn the_corpus_has_every_refusal_and_no_case_twice() {
    let corpus = corpus();
    assert!(corpus.len() >= 100, "{} cases", corpus.len());
    let of_logout = crate::logout::corpus();
    let refused: BTreeSet<_> = corpus
        .iter()
        .map(|case| case.refusal)
        .chain(of_logout.iter().map(|case| case.caught.1))
        .map(Refusal::reason)
        .collect();
    let caught = |refusal: &&Refusal| refused.contains(refusal.reason()) || ELSEWHERE.contains(refusal);
    let missing: Vec<_> = Refusal::ALL.iter().filter(|refusal| !caught(refusal)).collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
    let (mut names, mut messages) = (BTreeSet::new(), BTreeSet::new());
    for case in &corpus {
        assert!(names.insert((case.class, &case.name)), "two cases are named {}", case.name);
        assert!(messages.insert(&case.value), "{} repeats the message of another case", case.name);
    }
}
