use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// The members of a JSON object: names, and values as the text they came in. No name is there twice, because two readers
/// could then read two objects.
#[derive(Debug, Default)]
pub(super) struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

/// How many names are compared with each other.
const COMPARED_MAX: usize = 16;

/// Why text is not the object that it should be.
#[derive(Debug)]
pub(super) enum MembersError {
    NotAnObject(serde_json::Error),
    Repeated,
}

impl<'a> Members<'a> {
    pub(super) fn parse(json: &'a str) -> Result<Self, MembersError> {
        let members: Self = serde_json::from_str(json).map_err(MembersError::NotAnObject)?;
        if members.has_repetition() { Err(MembersError::Repeated) } else { Ok(members) }
    }

    fn has_repetition(&self) -> bool {
        let names = || self.0.iter().map(|(name, _)| &**name);
        // Usually it takes less to compare a handful of names than to sort them; an attacker may send very many.
        if self.0.len() <= COMPARED_MAX {
            return names().enumerate().any(|(place, name)| names().take(place).any(|earlier| earlier == name));
        }
        let mut names: Vec<&str> = names().collect();
        names.sort_unstable();
        names.windows(2).any(|pair| pair.first() == pair.last())
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(member, _)| member == name).map(|(_, raw)| *raw)
    }

    /// A member that is text.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        text(self.get(name)?)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| &**name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(name, raw)| (&**name, *raw))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Text, borrowed where it has no escapes.
pub(super) fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let Text(text) = serde_json::from_str(raw.get()).ok()?;
    Some(text)
}

/// Whether a value is `true`, as a truth value or as the text that Cognito makes of one.
pub(super) fn is_true(raw: &RawValue) -> bool {
    raw.get() == "true" || text(raw).is_some_and(|text| text.eq_ignore_ascii_case("true"))
}

pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}

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
        // The largest event that is usual has a dozen members at one level.
        let mut members = Vec::with_capacity(12);
        while let Some((Text(name), value)) = map.next_entry()? {
            members.push((name, value));
        }
        Ok(Members(members))
    }
}
