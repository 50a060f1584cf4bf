use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Map, Value, value::RawValue};

use crate::{failure::Failure, withheld::withhold};

/// The largest event; the enrichment service takes no larger one.
const JSON_BYTES_MAX: usize = 256 * 1024;

/// An event as Cognito sent it. What becomes of it is the same text, but for `response`.
pub(crate) struct Event<'a> {
    members: Vec<(String, &'a RawValue)>,
    /// Such as `TokenGeneration_HostedAuth`.
    pub(crate) source: String,
    /// Cognito's id of the pool.
    pub(crate) user_pool: String,
}

/// What is done with an event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Handling {
    /// Enrichment answers.
    Forward,
    /// It goes back as it came: nothing in it is ours, and much of it is secret.
    Return,
    /// Nobody knows what is in it.
    Refuse,
}

/// The triggers whose events leave the function.
const FORWARDED: [&str; 9] = [
    "TokenGeneration_",
    "InboundFederation_",
    "PreSignUp_",
    "PreAuthentication_",
    "PostAuthentication_",
    "PostConfirmation_",
    "DefineAuthChallenge_",
    "CreateAuthChallenge_",
    "VerifyAuthChallengeResponse_",
];

/// The triggers that are about passwords and codes.
const RETURNED: [&str; 4] = ["UserMigration_", "CustomMessage_", "CustomEmailSender_", "CustomSMSSender_"];

impl<'a> Event<'a> {
    /// Reads as much of an event as decides what becomes of it.
    pub(crate) fn parse(json: &'a str) -> Result<Self, Failure> {
        if json.len() > JSON_BYTES_MAX {
            return Err(Failure::TooLarge);
        }
        let members = members(json)?;
        let text = |name: &str| {
            let raw = find(&members, name).ok_or(Failure::Malformed)?;
            let text: String = serde_json::from_str(raw.get()).map_err(|_| Failure::Malformed)?;
            if text.is_empty() { Err(Failure::Malformed) } else { Ok(text) }
        };
        let (source, user_pool) = (text("triggerSource")?, text("userPoolId")?);
        Ok(Self { members, source, user_pool })
    }

    pub(crate) fn handling(&self) -> Handling {
        let is_one_of = |prefixes: &[&str]| prefixes.iter().any(|prefix| self.source.starts_with(prefix));
        if is_one_of(&FORWARDED) {
            Handling::Forward
        } else if is_one_of(&RETURNED) {
            Handling::Return
        } else {
            Handling::Refuse
        }
    }

    /// A member, read; `null` where there is none.
    pub(crate) fn member(&self, name: &str) -> Result<Value, Failure> {
        let Some(raw) = find(&self.members, name) else { return Ok(Value::Null) };
        serde_json::from_str(raw.get()).map_err(|_| Failure::Malformed)
    }

    /// The event without what must not leave the function.
    pub(crate) fn to_forward(&self) -> Result<String, Failure> {
        let mut event = Map::new();
        for (name, raw) in &self.members {
            let value = serde_json::from_str(raw.get()).map_err(|_| Failure::Malformed)?;
            event.insert(name.clone(), value);
        }
        withhold(&mut event);
        Ok(Value::Object(event).to_string())
    }

    /// The event with another `response`, a JSON object.
    pub(crate) fn answered(&self, response: &str) -> String {
        let mut answer = String::new();
        let mut separator = '{';
        let mut member = |name: &str, value: &str| {
            answer.push(separator);
            answer.push_str(&Value::from(name).to_string());
            answer.push(':');
            answer.push_str(value);
            separator = ',';
        };
        for (name, raw) in &self.members {
            member(name, if name == "response" { response } else { raw.get() });
        }
        if find(&self.members, "response").is_none() {
            member("response", response);
        }
        answer.push('}');
        answer
    }
}

/// The text of `response` in an answered event; `None` unless it is an object.
pub(crate) fn response_of(answer: &str) -> Option<&str> {
    let members = members(answer).ok()?;
    let response = find(&members, "response")?.get();
    response.starts_with('{').then_some(response)
}

fn find<'a>(members: &[(String, &'a RawValue)], name: &str) -> Option<&'a RawValue> {
    members.iter().find(|(member, _)| member == name).map(|(_, raw)| *raw)
}

fn members(json: &str) -> Result<Vec<(String, &RawValue)>, Failure> {
    let Members(members) = serde_json::from_str(json).map_err(|_| Failure::Malformed)?;
    let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    // With a member twice, two readers could read two events.
    if names.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(Failure::Malformed);
    }
    Ok(members)
}

struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}
