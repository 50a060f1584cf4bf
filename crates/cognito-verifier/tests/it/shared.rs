//! The tokens on which we and aws-jwt-verify have to agree.

mod bad_claim;
mod bad_signature;
mod good;
mod stricter;

use std::time::Duration;

use serde_json::{Value, json};
use vestibule_cognito_verifier::{Clients, Requirements, TokenUses};

use crate::issuer::CLIENT;

/// A token, what is asked of it, and what we say.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) token: String,
    /// The properties of aws-jwt-verify; null or absent is not asked for.
    pub(crate) asked: Value,
    /// The reason of our refusal; `None` when we accept.
    pub(crate) refusal: Option<&'static str>,
    /// Why aws-jwt-verify accepts what we refuse. It never refuses what we accept.
    pub(crate) difference: Option<&'static str>,
}

impl Case {
    /// The same requirements in our terms.
    pub(crate) fn requirements(&self) -> Requirements {
        let uses = match self.asked["tokenUse"].as_str() {
            Some("id") => TokenUses::Id,
            Some("access") => TokenUses::Access,
            _ => TokenUses::Either,
        };
        let texts = |name: &str| match &self.asked[name] {
            Value::String(one) => Some(vec![one.clone()]),
            Value::Array(several) => Some(several.iter().map(|value| value.as_str().unwrap().to_owned()).collect()),
            _ => None,
        };
        let mut requirements = Requirements::new(uses, texts("clientId").map_or(Clients::Any, Clients::OneOf));
        if let Some(groups) = texts("groups") {
            requirements = requirements.any_group_of(groups);
        }
        if let Some(scopes) = texts("scope") {
            requirements = requirements.any_scope_of(scopes);
        }
        requirements.leeway(Duration::from_secs(self.asked["graceSeconds"].as_u64().unwrap_or(0)))
    }
}

/// A list of cases in the making.
#[derive(Default)]
struct Cases(Vec<Case>);

impl Cases {
    fn push(&mut self, name: &'static str, token: String, asked: Value, refusal: Option<&'static str>) {
        self.0.push(Case { name, token, asked, refusal, difference: None });
    }

    fn good(&mut self, name: &'static str, token: String, asked: Value) {
        self.push(name, token, asked, None);
    }

    /// A bad token where an API's access token is expected.
    fn bad(&mut self, name: &'static str, token: String, refusal: &'static str) {
        self.push(name, token, api(json!({})), Some(refusal));
    }

    fn bad_for(&mut self, name: &'static str, token: String, asked: Value, refusal: &'static str) {
        self.push(name, token, asked, Some(refusal));
    }

    /// A token that aws-jwt-verify accepts and we do not.
    fn stricter(&mut self, name: &'static str, token: String, refusal: &'static str, why: &'static str) {
        self.0.push(Case { name, token, asked: api(json!({})), refusal: Some(refusal), difference: Some(why) });
    }
}

/// What an API asks of access tokens, and more.
fn api(more: Value) -> Value {
    with(json!({ "tokenUse": "access", "clientId": CLIENT }), more)
}

/// What an application asks of ID tokens, and more.
fn app(more: Value) -> Value {
    with(json!({ "tokenUse": "id", "clientId": CLIENT }), more)
}

fn with(mut asked: Value, more: Value) -> Value {
    let Value::Object(more) = more else { return asked };
    asked.as_object_mut().unwrap().extend(more);
    asked
}

/// The set.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Cases::default();
    good::good(&mut cases);
    good::good_if_asked(&mut cases);
    bad_claim::bad_times_and_uses(&mut cases);
    bad_claim::bad_issuers(&mut cases);
    bad_signature::bad_algorithms(&mut cases);
    bad_signature::bad_keys(&mut cases);
    bad_signature::bad_forms(&mut cases);
    bad_claim::bad_claims(&mut cases);
    stricter::stricter(&mut cases);
    cases.0
}
