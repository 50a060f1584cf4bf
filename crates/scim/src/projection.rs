use serde_json::Value;

use crate::{
    Refusal,
    document::{Document, ResourceType},
    limit::{PROJECTION_BYTES_MAX, PROJECTION_NAMES_MAX},
    path::{AttributePath, Named},
    schema::Returned,
};

/// Which attributes an answer holds (RFC 7644 section 3.9).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Projection {
    how: How,
}

#[derive(Clone, Debug, Default, PartialEq)]
enum How {
    #[default]
    All,
    Only(Vec<AttributePath>),
    Without(Vec<AttributePath>),
}

impl Projection {
    /// Reads `attributes` and `excludedAttributes`, lists with commas of which one may be given. What is not known selects
    /// nothing.
    ///
    /// # Errors
    /// [`Refusal::Projection`].
    pub fn parse(
        resource_type: ResourceType,
        attributes: Option<&str>,
        excluded_attributes: Option<&str>,
    ) -> Result<Self, Refusal> {
        let how = match (attributes, excluded_attributes) {
            (None, None) => How::All,
            (Some(names), None) => How::Only(paths(resource_type, names)?),
            (None, Some(names)) => How::Without(paths(resource_type, names)?),
            (Some(_), Some(_)) => return Err(Refusal::Projection),
        };
        Ok(Self { how })
    }

    /// Leaves out of the resource what is not asked for. `id` and `schemas` always stay.
    pub fn apply(&self, resource_type: ResourceType, document: &mut Document) {
        match &self.how {
            How::All => {}
            How::Only(paths) => {
                document.retain(|name, value| {
                    let mut asked = paths.iter().filter(|path| path.attribute.name == name).peekable();
                    if is_always(resource_type, name) {
                        return true;
                    }
                    let (named, mut whole, mut subs) = (asked.peek().is_some(), false, Vec::new());
                    for path in asked {
                        whole |= path.sub.is_none();
                        subs.extend(path.sub.map(|sub| sub.name));
                    }
                    if named && !whole {
                        inside(value, |name| subs.contains(&name));
                    }
                    named
                });
            }
            How::Without(paths) => {
                document.retain(|name, value| {
                    for path in paths.iter().filter(|path| path.attribute.name == name) {
                        match path.sub {
                            None => return is_always(resource_type, name),
                            Some(sub) => inside(value, |name| name != sub.name),
                        }
                    }
                    true
                });
            }
        }
    }

    /// Whether the members of a group are asked for: they may be many.
    #[must_use]
    pub fn wants(&self, attribute: &str) -> bool {
        match &self.how {
            How::All => true,
            How::Only(paths) => paths.iter().any(|path| path.attribute.name == attribute),
            How::Without(paths) => !paths.iter().any(|path| path.attribute.name == attribute && path.sub.is_none()),
        }
    }
}

fn paths(resource_type: ResourceType, names: &str) -> Result<Vec<AttributePath>, Refusal> {
    let names: Vec<&str> = names.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if names.len() > PROJECTION_NAMES_MAX || names.iter().map(|name| name.len()).sum::<usize>() > PROJECTION_BYTES_MAX {
        return Err(Refusal::Projection);
    }
    let known = names.into_iter().filter_map(|name| match Named::read(resource_type, name) {
        Named::Kept(path) => Some(path),
        Named::NotKept | Named::Unknown => None,
    });
    Ok(known.collect())
}

fn is_always(resource_type: ResourceType, name: &str) -> bool {
    name == "schemas" || resource_type.attribute(name).is_some_and(|attribute| attribute.returned == Returned::Always)
}

fn inside(value: &mut Value, wanted: impl Fn(&str) -> bool) {
    match value {
        Value::Object(whole) => whole.retain(|name, _| wanted(name)),
        Value::Array(values) => {
            for value in values.iter_mut().filter_map(Value::as_object_mut) {
                value.retain(|name, _| wanted(name));
            }
        }
        _ => {}
    }
}
