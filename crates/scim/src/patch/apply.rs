use std::collections::HashSet;

use serde_json::Value;

use super::{Operation, Verb, target::Target};
use crate::{
    Refusal,
    document::{Document, coerce, one, values_max},
    filter::{Filter, Literal},
    schema::{Attribute, Mutability},
};

pub(super) fn apply(document: &mut Document, operation: &Operation) -> Result<(), Refusal> {
    let Operation { verb, target, value } = operation;
    let attribute = target.path.attribute;
    apply_to(document, *verb, target, value.as_ref())?;
    // One of several values that has lost its `value` says nothing any more.
    keep(document, attribute, |one| !attribute.multi_valued || one.get("value").is_some());
    Ok(())
}

fn apply_to(document: &mut Document, verb: Verb, target: &Target, value: Option<&Value>) -> Result<(), Refusal> {
    let attribute = target.path.attribute;
    match (verb, &target.filter, target.path.sub) {
        (Verb::Remove, None, None) => remove(document, attribute, value),
        (Verb::Remove, None, Some(sub)) => {
            changeable(sub)?;
            each(document, attribute, |_| true, |inside| drop(inside.remove(sub.name)));
            Ok(())
        }
        (Verb::Remove, Some(filter), None) => {
            keep(document, attribute, |value| !value.as_object().is_some_and(|value| filter.matches_value(value)));
            Ok(())
        }
        (Verb::Remove, Some(filter), Some(sub)) => {
            changeable(sub)?;
            each(document, attribute, |value| filter.matches_value(value), |inside| drop(inside.remove(sub.name)));
            Ok(())
        }
        (verb, None, None) => set(document, verb, attribute, value),
        (verb, _, _) => set_inside(document, verb, target, value),
    }
}

/// Sets a whole attribute: replaces it, or adds values, or parts of a complex one.
fn set(
    document: &mut Document,
    verb: Verb,
    attribute: &'static Attribute,
    value: Option<&Value>,
) -> Result<(), Refusal> {
    let value = coerce(attribute, value.unwrap_or(&Value::Null))?;
    match (value, document.get_mut(attribute.name)) {
        (None, _) if verb == Verb::Add => {}
        (None, _) => {
            if attribute.required {
                return Err(Refusal::Required(attribute.name));
            }
            document.remove(attribute.name);
        }
        (Some(Value::Array(added)), Some(Value::Array(values))) if verb == Verb::Add => {
            add_values(attribute, values, added)?;
        }
        // RFC 7644 section 3.5.2.3: of a complex attribute, the parts that are given are replaced.
        (Some(Value::Object(parts)), Some(Value::Object(whole))) => whole.extend(parts),
        (Some(value), _) => {
            document.insert(attribute.name.to_owned(), value);
        }
    }
    Ok(())
}

fn add_values(attribute: &'static Attribute, values: &mut Vec<Value>, added: Vec<Value>) -> Result<(), Refusal> {
    // A new primary value takes the place of the one before (RFC 7644 section 3.5.2).
    if added.iter().any(is_primary) {
        values.iter_mut().for_each(not_primary);
    }
    let key = |value: &Value| {
        // The same member is the same, whatever else is said of it.
        let by_value = if attribute.name == "members" { value.get("value") } else { None };
        by_value.unwrap_or(value).to_string()
    };
    let mut known: HashSet<String> = values.iter().map(key).collect();
    for value in added {
        if known.insert(key(&value)) {
            values.push(value);
        }
    }
    if values.len() > values_max(attribute) {
        return Err(Refusal::TooManyValues(attribute.name));
    }
    Ok(())
}

/// Sets parts of values: of a complex attribute, of every value, or of those that a filter selects.
fn set_inside(document: &mut Document, verb: Verb, target: &Target, value: Option<&Value>) -> Result<(), Refusal> {
    let attribute = target.path.attribute;
    let value = value.unwrap_or(&Value::Null);
    let parts = match target.path.sub {
        Some(sub) => {
            changeable(sub)?;
            vec![(sub, one(sub, value)?)]
        }
        None => parts(attribute, value)?,
    };
    let selects = |value: &Document| target.filter.as_ref().is_none_or(|filter| filter.matches_value(value));
    let becomes_primary = parts.iter().any(|(sub, value)| sub.name == "primary" && *value == Some(Value::Bool(true)));
    if becomes_primary {
        each(document, attribute, |value| !selects(value), |inside| drop(inside.remove("primary")));
    }
    let mut selected = false;
    each(document, attribute, selects, |inside| {
        selected = true;
        put(inside, &parts);
    });
    if selected {
        return Ok(());
    }
    // RFC 7644 section 3.5.2.3: a filter that selects nothing has no target, but an addition makes what it describes.
    let made = match &target.filter {
        Some(_) if verb == Verb::Replace => return Err(Refusal::NoTarget(attribute.name)),
        Some(filter) => described(filter).ok_or(Refusal::NoTarget(attribute.name))?,
        None => Document::new(),
    };
    add_made(document, attribute, made, &parts)
}

/// Adds the value that `parts` say, begun as `made`.
fn add_made(
    document: &mut Document,
    attribute: &'static Attribute,
    mut made: Document,
    parts: &[(&'static Attribute, Option<Value>)],
) -> Result<(), Refusal> {
    put(&mut made, parts);
    if made.is_empty() {
        return Ok(());
    }
    if !attribute.multi_valued {
        document.insert(attribute.name.to_owned(), Value::Object(made));
        return Ok(());
    }
    if !made.contains_key("value") {
        return Err(Refusal::NoTarget(attribute.name));
    }
    let values = document.entry(attribute.name).or_insert_with(|| Value::Array(Vec::new()));
    match values {
        Value::Array(values) => add_values(attribute, values, vec![Value::Object(made)]),
        _ => Err(Refusal::NoTarget(attribute.name)),
    }
}

fn parts(attribute: &'static Attribute, value: &Value) -> Result<Vec<(&'static Attribute, Option<Value>)>, Refusal> {
    let said = value.as_object().ok_or(Refusal::Value { attribute: attribute.name, expected: "an object" })?;
    let known = said.iter().filter_map(|(name, value)| Some((attribute.sub(name)?, value)));
    known.map(|(sub, value)| changeable(sub).and_then(|()| Ok((sub, one(sub, value)?)))).collect()
}

fn put(inside: &mut Document, parts: &[(&'static Attribute, Option<Value>)]) {
    for (sub, value) in parts {
        match value {
            Some(value) => drop(inside.insert(sub.name.to_owned(), value.clone())),
            None => drop(inside.remove(sub.name)),
        }
    }
}

/// The value that a filter describes, when it says nothing but what equals what.
fn described(filter: &Filter) -> Option<Document> {
    let says = filter.as_value()?;
    let part = |(attribute, literal): (&'static Attribute, &Literal)| {
        let value = match literal {
            Literal::Text(text) => Value::String(text.clone()),
            Literal::Boolean(value) => Value::Bool(*value),
            Literal::Null => return None,
        };
        Some((attribute.name.to_owned(), value))
    };
    says.into_iter().map(part).collect()
}

/// Removes a whole attribute, or, as Entra ID asks for it, the values that the operation's own value names.
fn remove(document: &mut Document, attribute: &'static Attribute, value: Option<&Value>) -> Result<(), Refusal> {
    if attribute.required {
        return Err(Refusal::Mutability(attribute.name));
    }
    let named = match value {
        Some(Value::Array(values)) if attribute.multi_valued => values.as_slice(),
        Some(value @ Value::Object(_)) if attribute.multi_valued => std::slice::from_ref(value),
        Some(Value::Null) | None => {
            document.remove(attribute.name);
            return Ok(());
        }
        Some(_) => return Err(Refusal::Value { attribute: attribute.name, expected: "what to remove, in an array" }),
    };
    let mut gone = HashSet::new();
    for value in named {
        let value = one(attribute, value)?.ok_or(Refusal::NoTarget(attribute.name))?;
        gone.extend(value.get("value").and_then(Value::as_str).map(str::to_owned));
    }
    keep(document, attribute, |value| value.get("value").and_then(Value::as_str).is_none_or(|id| !gone.contains(id)));
    Ok(())
}

/// Keeps the values of an attribute that are wanted, and none of them empty.
fn keep(document: &mut Document, attribute: &'static Attribute, wanted: impl FnMut(&Value) -> bool) {
    let is_empty = match document.get_mut(attribute.name) {
        Some(Value::Array(values)) => {
            values.retain(wanted);
            values.is_empty()
        }
        Some(Value::Object(whole)) => whole.is_empty(),
        _ => false,
    };
    if is_empty {
        document.remove(attribute.name);
    }
}

/// Does something with the complex value of an attribute, or with those of several that are selected.
fn each(
    document: &mut Document,
    attribute: &'static Attribute,
    selects: impl Fn(&Document) -> bool,
    mut change: impl FnMut(&mut Document),
) {
    match document.get_mut(attribute.name) {
        Some(Value::Object(whole)) => change(whole),
        Some(Value::Array(values)) => {
            for value in values.iter_mut().filter_map(Value::as_object_mut).filter(|value| selects(value)) {
                change(value);
            }
        }
        _ => {}
    }
}

fn is_primary(value: &Value) -> bool {
    value.get("primary") == Some(&Value::Bool(true))
}

fn not_primary(value: &mut Value) {
    if let Some(value) = value.as_object_mut() {
        value.remove("primary");
    }
}

fn changeable(attribute: &'static Attribute) -> Result<(), Refusal> {
    if attribute.mutability == Mutability::ReadWrite { Ok(()) } else { Err(Refusal::Mutability(attribute.name)) }
}
