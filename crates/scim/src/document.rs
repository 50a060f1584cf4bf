use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::{
    Refusal,
    limit::{MEMBERS_MAX, TEXT_CHARS_MAX, VALUES_MAX},
    path::{AttributePath, Named, is_core},
    schema::{Attribute, COMMON, GROUP, GROUP_URN, Kind, Mutability, USER, USER_URN},
};

/// A resource: attributes in canonical case, values of their type, no empty ones.
pub type Document = Map<String, Value>;

/// The types of resources that are served.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ResourceType {
    /// A person, as the directory knows them.
    User,
    /// A group of them.
    Group,
}

impl ResourceType {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::User, Self::Group];

    /// The URN of its schema.
    #[must_use]
    pub const fn urn(self) -> &'static str {
        match self {
            Self::User => USER_URN,
            Self::Group => GROUP_URN,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// Where such resources are, relative to the service provider's base URL.
    #[must_use]
    pub const fn endpoint(self) -> &'static str {
        match self {
            Self::User => "/Users",
            Self::Group => "/Groups",
        }
    }

    /// The attributes of its own schema.
    #[must_use]
    pub fn attributes(self) -> &'static [Attribute] {
        match self {
            Self::User => &USER,
            Self::Group => &GROUP,
        }
    }

    pub(crate) fn attribute(self, name: &str) -> Option<&'static Attribute> {
        self.attributes().iter().chain(&COMMON).find(|attribute| attribute.name.eq_ignore_ascii_case(name))
    }

    /// Reads a whole resource, as in POST and PUT. What only the service provider says, and what is not kept, is left out
    /// (RFC 7644 sections 3.3 and 3.5.1).
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn document(self, said: &Value) -> Result<Document, Refusal> {
        let said = said.as_object().ok_or(Refusal::NotAnObject)?;
        must_have_schema(said, self.urn())?;
        let mut document = Document::new();
        for (name, value) in said {
            let path = match Named::read(self, name) {
                Named::Kept(path) => path,
                // Unknown attributes are left out (RFC 7644 section 3.3), but not a whole user below a URN.
                Named::Unknown if is_core(name) => return Err(Refusal::Path),
                Named::NotKept | Named::Unknown => continue,
            };
            if path.attribute.mutability == Mutability::ReadOnly {
                continue;
            }
            // A dotted name is a path, and belongs into PATCH.
            let AttributePath { attribute, sub: None } = path else { continue };
            if let Some(value) = coerce(attribute, value)? {
                document.insert(attribute.name.to_owned(), value);
            }
        }
        self.check(&document)?;
        Ok(document)
    }

    /// Whether what a resource must have is there, and what may be there once is there once.
    pub(crate) fn check(self, document: &Document) -> Result<(), Refusal> {
        for attribute in self.attributes() {
            let value = document.get(attribute.name);
            if attribute.required && value.is_none() {
                return Err(Refusal::Required(attribute.name));
            }
            if let Some(Value::Array(values)) = value {
                let is_primary = |value: &&Value| value.get("primary") == Some(&Value::Bool(true));
                if values.iter().filter(is_primary).count() > 1 {
                    return Err(Refusal::SeveralPrimary(attribute.name));
                }
                if values.len() > values_max(attribute) {
                    return Err(Refusal::TooManyValues(attribute.name));
                }
            }
        }
        Ok(())
    }
}

/// Holds `schemas` to what the message should be (RFC 7643 section 3).
pub(crate) fn must_have_schema(said: &Document, urn: &'static str) -> Result<(), Refusal> {
    let schemas = said.iter().find(|(name, _)| name.eq_ignore_ascii_case("schemas")).map(|(_, value)| value);
    let holds = schemas.and_then(Value::as_array).is_some_and(|schemas| {
        schemas.iter().any(|schema| schema.as_str().is_some_and(|schema| schema.eq_ignore_ascii_case(urn)))
    });
    if holds { Ok(()) } else { Err(Refusal::Schemas(urn)) }
}

/// A value of the attribute's type; `None` when it is empty (RFC 7643 section 2.5).
pub(crate) fn coerce(attribute: &'static Attribute, value: &Value) -> Result<Option<Value>, Refusal> {
    if value.is_null() {
        return Ok(None);
    }
    if !attribute.multi_valued {
        return one(attribute, value);
    }
    let said = match value {
        Value::Array(values) => values.as_slice(),
        // One value for an attribute that has several: RFC 7644 section 3.5.2.1 shows it.
        one => std::slice::from_ref(one),
    };
    if said.len() > values_max(attribute) {
        return Err(Refusal::TooManyValues(attribute.name));
    }
    let (mut values, mut seen) = (Vec::with_capacity(said.len()), HashSet::new());
    for value in said {
        if let Some(value) = one(attribute, value)?
            && seen.insert(value.to_string())
        {
            values.push(value);
        }
    }
    Ok((!values.is_empty()).then_some(Value::Array(values)))
}

/// The same, of one value.
pub(crate) fn one(attribute: &'static Attribute, value: &Value) -> Result<Option<Value>, Refusal> {
    let refused = |expected| Err(Refusal::Value { attribute: attribute.name, expected });
    match (attribute.kind, value) {
        (_, Value::Null) => Ok(None),
        (Kind::String | Kind::Reference | Kind::DateTime, Value::String(text)) => text_value(attribute, text),
        (Kind::String | Kind::Reference | Kind::DateTime, _) => refused("a string"),
        (Kind::Boolean, Value::Bool(_)) => Ok(Some(value.clone())),
        // Entra ID says "True" and "False".
        (Kind::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(Some(Value::Bool(true))),
        (Kind::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(Some(Value::Bool(false))),
        (Kind::Boolean, _) => refused("true or false"),
        (Kind::Complex, Value::Object(said)) => complex(attribute, said),
        (Kind::Complex, _) => refused("an object"),
    }
}

fn text_value(attribute: &'static Attribute, text: &str) -> Result<Option<Value>, Refusal> {
    if text.chars().count() > TEXT_CHARS_MAX {
        return Err(Refusal::TextTooLong(attribute.name));
    }
    if text.chars().any(char::is_control) {
        return Err(Refusal::Value { attribute: attribute.name, expected: "a text without control characters" });
    }
    if text.trim().is_empty() {
        return Ok(None);
    }
    Ok(Some(Value::String(text.to_owned())))
}

fn complex(attribute: &'static Attribute, said: &Document) -> Result<Option<Value>, Refusal> {
    let mut value = Document::new();
    for (name, inside) in said {
        let Some(sub) = attribute.sub(name) else { continue };
        // `$ref` is the service provider's to make, of the id.
        if sub.kind == Kind::Reference {
            continue;
        }
        if let Some(inside) = one(sub, inside)? {
            value.insert(sub.name.to_owned(), inside);
        }
    }
    if attribute.multi_valued && !value.is_empty() && !value.contains_key("value") {
        return Err(Refusal::Value { attribute: attribute.name, expected: "objects with a `value`" });
    }
    Ok((!value.is_empty()).then_some(Value::Object(value)))
}

/// How many values the attribute may have.
pub(crate) fn values_max(attribute: &Attribute) -> usize {
    if attribute.name == "members" { MEMBERS_MAX } else { VALUES_MAX }
}
