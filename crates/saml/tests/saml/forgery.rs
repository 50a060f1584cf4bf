//! The forgeries that the sandbox's identity provider offers, each refused for the reason it names.

use std::collections::BTreeSet;

use vestibule_saml_idp::{Forgery, Signed};

use crate::support::{accept, forged, genuine, judge};

#[test]
fn each_forgery_is_refused_for_the_reason_it_names() {
    for signed in [Signed::Assertion, Signed::Response, Signed::Both] {
        accept(judge(&genuine(signed)));
    }
    let mut messages = BTreeSet::new();
    for forgery in Forgery::ALL {
        let message = forged(*forgery);
        let verdict = judge(&message);
        let reason = verdict.outcome.as_ref().err().map(|refusal| refusal.reason());
        assert_eq!(reason, Some(forgery.reason()), "{}: {:?}", forgery.name(), verdict.failed_check());
        assert!(messages.insert(message), "{} is the message of another one", forgery.name());
    }
}
