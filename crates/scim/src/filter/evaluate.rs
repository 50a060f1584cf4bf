use std::cmp::Ordering;

use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{Comparison, Filter, Literal, Operator};
use crate::{
    document::Document,
    path::AttributePath,
    schema::{Attribute, Kind},
};

impl Filter {
    /// Whether the resource satisfies the filter.
    #[must_use]
    pub fn matches(&self, document: &Document) -> bool {
        match self {
            Self::And(all) => all.iter().all(|one| one.matches(document)),
            Self::Or(any) => any.iter().any(|one| one.matches(document)),
            Self::Not(filter) => !filter.matches(document),
            Self::Present(path) => !found(document, *path).is_empty(),
            Self::Compare(comparison) => comparison.holds(&found(document, comparison.path)),
            Self::AnyValue { attribute, filter } => values(document.get(attribute.attribute.name))
                .iter()
                .any(|value| value.as_object().is_some_and(|value| filter.matches_value(value))),
        }
    }

    /// Whether one value of an attribute satisfies a filter over its values.
    pub(crate) fn matches_value(&self, value: &Document) -> bool {
        match self {
            Self::And(all) => all.iter().all(|one| one.matches_value(value)),
            Self::Or(any) => any.iter().any(|one| one.matches_value(value)),
            Self::Not(filter) => !filter.matches_value(value),
            Self::Present(path) => value.contains_key(path.leaf().name),
            Self::Compare(comparison) => {
                comparison.holds(&value.get(comparison.path.leaf().name).into_iter().collect::<Vec<_>>())
            }
            // The grammar has no brackets inside brackets.
            Self::AnyValue { .. } => false,
        }
    }
}

impl Comparison {
    /// With several values, one that satisfies it is enough; `ne` is the opposite of `eq`.
    fn holds(&self, found: &[&Value]) -> bool {
        let leaf = self.compared();
        match (self.operator, &self.with) {
            (Operator::Equal, Literal::Null) => found.is_empty(),
            (Operator::NotEqual, Literal::Null) => !found.is_empty(),
            (Operator::NotEqual, with) => !found.iter().any(|value| satisfies(leaf, value, Operator::Equal, with)),
            (operator, with) => found.iter().any(|value| satisfies(leaf, value, operator, with)),
        }
    }

    /// The attribute whose values are compared: `value` of a complex one that has several.
    pub(super) fn compared(&self) -> &'static Attribute {
        let leaf = self.path.leaf();
        if leaf.kind == Kind::Complex { leaf.sub("value").unwrap_or(leaf) } else { leaf }
    }
}

/// The values at a path; of a complex attribute that has several, their `value`.
fn found(document: &Document, path: AttributePath) -> Vec<&Value> {
    let outer = values(document.get(path.attribute.name));
    match path.sub {
        Some(sub) => outer.iter().filter_map(|value| value.get(sub.name)).collect(),
        None if path.attribute.multi_valued && path.attribute.kind == Kind::Complex => {
            outer.iter().filter_map(|value| value.get("value")).collect()
        }
        None => outer.iter().collect(),
    }
}

fn values(value: Option<&Value>) -> &[Value] {
    match value {
        None => &[],
        Some(Value::Array(values)) => values,
        Some(one) => std::slice::from_ref(one),
    }
}

fn satisfies(attribute: &Attribute, value: &Value, operator: Operator, with: &Literal) -> bool {
    match (value, with) {
        (Value::Bool(value), Literal::Boolean(with)) => operator == Operator::Equal && value == with,
        (Value::String(value), Literal::Text(with)) if attribute.kind == Kind::DateTime => {
            moment(value).zip(moment(with)).is_some_and(|(value, with)| in_order(operator, value.cmp(&with)))
        }
        (Value::String(value), Literal::Text(with)) if attribute.case_exact => compare(value, operator, with),
        (Value::String(value), Literal::Text(with)) => compare(&value.to_lowercase(), operator, &with.to_lowercase()),
        _ => false,
    }
}

fn compare(value: &str, operator: Operator, with: &str) -> bool {
    match operator {
        Operator::Contains => value.contains(with),
        Operator::StartsWith => value.starts_with(with),
        Operator::EndsWith => value.ends_with(with),
        operator => in_order(operator, value.cmp(with)),
    }
}

fn in_order(operator: Operator, order: Ordering) -> bool {
    match operator {
        Operator::Equal => order.is_eq(),
        Operator::Greater => order.is_gt(),
        Operator::GreaterOrEqual => order.is_ge(),
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::NotEqual | Operator::Contains | Operator::StartsWith | Operator::EndsWith => false,
    }
}

fn moment(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}
