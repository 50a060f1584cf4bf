use prost_types::{ListValue, Struct, value::Kind};
use serde_json::{Map, Number, Value};

/// Above it, not every whole number can be told from its neighbours (2^53).
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// A JSON value of the gRPC interface. A number without a fraction is a whole number, as somebody who writes `5` means it;
/// what is no JSON number is null, which no constant is.
#[must_use]
pub fn to_json(value: &prost_types::Value) -> Value {
    match &value.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(value)) => Value::Bool(*value),
        Some(Kind::NumberValue(value)) => number(*value),
        Some(Kind::StringValue(text)) => Value::from(text.as_str()),
        Some(Kind::ListValue(list)) => list.values.iter().map(to_json).collect(),
        Some(Kind::StructValue(object)) => {
            let members = object.fields.iter().map(|(name, value)| (name.clone(), to_json(value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
    }
}

fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() <= WHOLE_MAX {
        #[expect(clippy::cast_possible_truncation, reason = "it has no fraction and is at most 2^53")]
        let whole = value as i64;
        return Value::from(whole);
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// The same the other way.
#[must_use]
pub fn from_json(value: &Value) -> prost_types::Value {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(value) => Kind::BoolValue(*value),
        Value::Number(value) => Kind::NumberValue(value.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => Kind::StringValue(text.clone()),
        Value::Array(items) => Kind::ListValue(ListValue { values: items.iter().map(from_json).collect() }),
        Value::Object(members) => {
            let fields = members.iter().map(|(name, value)| (name.clone(), from_json(value))).collect();
            Kind::StructValue(Struct { fields })
        }
    };
    prost_types::Value { kind: Some(kind) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_json_says_is_what_the_interface_says() {
        for value in [
            json!(null),
            json!(true),
            json!(5),
            json!(-5),
            json!(0),
            json!(2.5),
            json!(9_007_199_254_740_992_i64),
            json!("text"),
            json!(["a", 1, false]),
            json!({ "seats": 5, "features": { "sso": true }, "tags": ["a"] }),
        ] {
            assert_eq!(to_json(&from_json(&value)), value);
        }
        let not_a_number = prost_types::Value { kind: Some(Kind::NumberValue(f64::NAN)) };
        assert_eq!(to_json(&not_a_number), Value::Null);
        assert_eq!(to_json(&prost_types::Value::default()), Value::Null);
    }
}
