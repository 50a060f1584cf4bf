use serde_json::Value;

use super::{CONSTANT_DEPTH_MAX, CONSTANT_JSON_BYTES_MAX};

/// Whether Cognito takes this constant as the value of a claim: a text, a number, a boolean, a list of those, or an object.
pub(super) fn check_constant(value: &Value) -> Result<(), &'static str> {
    let kind = match value {
        Value::Null => false,
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Object(_) => true,
        Value::Array(items) => items.iter().all(|item| item.is_string() || item.is_number() || item.is_boolean()),
    };
    if !kind {
        return Err("a constant is a text, a number, a boolean, a list of those, or an object");
    }
    if !fits(value, CONSTANT_DEPTH_MAX) {
        return Err("a constant has at most 4 levels, and no control characters in its texts");
    }
    // Its length is only asked for when its depth is known to be small: writing recurs.
    if value.to_string().len() > CONSTANT_JSON_BYTES_MAX {
        return Err("a constant has at most 2048 bytes as JSON");
    }
    Ok(())
}

fn fits(value: &Value, depth: usize) -> bool {
    let plain = |text: &str| !text.chars().any(char::is_control);
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => plain(text),
        Value::Array(items) => depth > 1 && items.iter().all(|item| fits(item, depth - 1)),
        Value::Object(members) => depth > 1 && members.iter().all(|(name, item)| plain(name) && fits(item, depth - 1)),
    }
}
