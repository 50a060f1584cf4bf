use serde_json::Value;

use crate::{
    Refusal,
    document::{Document, must_have_schema},
    limit::{PROJECTION_BYTES_MAX, PROJECTION_NAMES_MAX},
};

/// The schema of searches.
pub const SEARCH_URN: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/// What is searched for (RFC 7644 section 3.4.3), as the query string of a list says it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Search {
    /// The filter, as it was sent.
    pub filter: Option<String>,
    /// The place of the first resource of the page, from 1.
    pub start_index: Option<i64>,
    /// How many resources the page may have.
    pub count: Option<i64>,
    /// Attributes that are asked for, with commas between them.
    pub attributes: Option<String>,
    /// Attributes that are to be left out, with commas between them.
    pub excluded_attributes: Option<String>,
}

impl Search {
    /// Reads a search. What is asked for with regard to sorting changes nothing, as in a list.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn parse(said: &Value) -> Result<Self, Refusal> {
        let said = said.as_object().ok_or(Refusal::NotAnObject)?;
        must_have_schema(said, SEARCH_URN)?;
        Ok(Self {
            filter: text(said, "filter")?,
            start_index: number(said, "startIndex")?,
            count: number(said, "count")?,
            attributes: names(said, "attributes")?,
            excluded_attributes: names(said, "excludedAttributes")?,
        })
    }
}

fn member<'a>(said: &'a Document, name: &str) -> Option<&'a Value> {
    let found = said.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value).filter(|value| !value.is_null())
}

fn text(said: &Document, attribute: &'static str) -> Result<Option<String>, Refusal> {
    match member(said, attribute) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        Some(_) => Err(Refusal::Value { attribute, expected: "a string" }),
    }
}

fn number(said: &Document, attribute: &'static str) -> Result<Option<i64>, Refusal> {
    let number = |value: &Value| value.as_i64().ok_or(Refusal::Value { attribute, expected: "a whole number" });
    member(said, attribute).map(number).transpose()
}

fn names(said: &Document, attribute: &'static str) -> Result<Option<String>, Refusal> {
    let Some(value) = member(said, attribute) else { return Ok(None) };
    let refused = || Refusal::Value { attribute, expected: "names of attributes, in an array" };
    let values = value.as_array().ok_or_else(refused)?;
    let names: Option<Vec<&str>> = values.iter().map(Value::as_str).collect();
    let names = names.ok_or_else(refused)?;
    if names.len() > PROJECTION_NAMES_MAX || names.iter().map(|name| name.len()).sum::<usize>() > PROJECTION_BYTES_MAX {
        return Err(Refusal::Projection);
    }
    Ok(Some(names.join(",")).filter(|names| !names.is_empty()))
}
