use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use super::TriggerError;

/// An event as Cognito hands it to a Lambda trigger. Its members are kept as the text they came in, so that handing the
/// event back changes nothing but what was meant to change.
#[derive(Debug)]
pub struct TriggerEvent<'a>(Vec<(String, &'a RawValue)>);

impl<'a> TriggerEvent<'a> {
    /// The largest event.
    pub const JSON_BYTES_MAX: usize = 256 * 1024;

    /// Reads the members of an event, not what is in them.
    ///
    /// # Errors
    /// [`TriggerError`] when it is too large, no JSON object, or has a member twice.
    pub fn parse(json: &'a str) -> Result<Self, TriggerError> {
        if json.len() > Self::JSON_BYTES_MAX {
            return Err(TriggerError::TooLarge);
        }
        let Members(members) = serde_json::from_str(json).map_err(TriggerError::NotAnObject)?;
        let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair.first() == pair.last()) {
            return Err(TriggerError::Repeated);
        }
        Ok(Self(members))
    }

    /// The version of its layout: `1`, `2` or `3`.
    ///
    /// # Errors
    /// [`TriggerError::Member`] when it is neither text nor number.
    pub fn version(&self) -> Result<String, TriggerError> {
        match self.value("version")? {
            Value::String(version) => Ok(version),
            Value::Number(version) => Ok(version.to_string()),
            _ => Err(TriggerError::Member { member: "version" }),
        }
    }

    /// What it is about, such as `TokenGeneration_HostedAuth`. Text, not an enum: Cognito adds sources.
    ///
    /// # Errors
    /// [`TriggerError::Member`].
    pub fn trigger_source(&self) -> Result<String, TriggerError> {
        self.text("triggerSource")
    }

    /// Cognito's id of the pool.
    ///
    /// # Errors
    /// [`TriggerError::Member`].
    pub fn user_pool_id(&self) -> Result<String, TriggerError> {
        self.text("userPoolId")
    }

    /// The username in the pool.
    ///
    /// # Errors
    /// [`TriggerError::Member`].
    pub fn user_name(&self) -> Result<String, TriggerError> {
        self.text("userName")
    }

    /// A member, read.
    ///
    /// # Errors
    /// [`TriggerError::Member`] when it is missing.
    pub(super) fn value(&self, member: &'static str) -> Result<Value, TriggerError> {
        let raw = self.raw(member).ok_or(TriggerError::Member { member })?;
        serde_json::from_str(raw.get()).map_err(|_| TriggerError::Member { member })
    }

    fn text(&self, member: &'static str) -> Result<String, TriggerError> {
        match self.value(member)? {
            Value::String(text) if !text.is_empty() => Ok(text),
            _ => Err(TriggerError::Member { member }),
        }
    }

    fn raw(&self, member: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(name, _)| name == member).map(|(_, raw)| *raw)
    }

    /// The event as JSON text, with `response` replaced when one is given.
    pub(super) fn to_json(&self, response: Option<&Value>) -> String {
        let replaced = response.map(Value::to_string);
        let member = |name: &str, text: &str| format!("{}:{text}", Value::from(name));
        let mut members: Vec<String> = self
            .0
            .iter()
            .map(|(name, raw)| match &replaced {
                Some(replaced) if name == "response" => member(name, replaced),
                _ => member(name, raw.get()),
            })
            .collect();
        if let (Some(replaced), None) = (&replaced, self.raw("response")) {
            members.push(member("response", replaced));
        }
        format!("{{{}}}", members.join(","))
    }
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
