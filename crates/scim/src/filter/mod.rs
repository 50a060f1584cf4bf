//! Filters (RFC 7644 section 3.4.2.2): read into a tree once, with limits on length, depth and number of comparisons, then
//! held against documents. Nothing is matched by a pattern, so the time is linear in filter and document.

mod evaluate;
mod parse;

use crate::{Refusal, document::ResourceType, path::AttributePath, schema::Attribute};

/// A filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// All of them hold.
    And(Vec<Filter>),
    /// One of them holds.
    Or(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// The attribute has a value.
    Present(AttributePath),
    /// A comparison.
    Compare(Comparison),
    /// One value of an attribute that has several satisfies the filter, as a whole.
    AnyValue {
        /// The attribute.
        attribute: AttributePath,
        /// What the value has to satisfy; its paths are relative to the value.
        filter: Box<Filter>,
    },
}

/// A comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// What is compared.
    pub path: AttributePath,
    /// How.
    pub operator: Operator,
    /// With what.
    pub with: Literal,
}

/// The operators (RFC 7644 table 3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Operator {
    /// `eq`
    Equal,
    /// `ne`
    NotEqual,
    /// `co`
    Contains,
    /// `sw`
    StartsWith,
    /// `ew`
    EndsWith,
    /// `gt`
    Greater,
    /// `ge`
    GreaterOrEqual,
    /// `lt`
    Less,
    /// `le`
    LessOrEqual,
}

/// What is compared with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Literal {
    /// A text or a moment.
    Text(String),
    /// True or false.
    Boolean(bool),
    /// Nothing: the attribute has no value.
    Null,
}

impl Filter {
    /// Reads a filter over resources of a type.
    ///
    /// # Errors
    /// [`Refusal::Filter`], [`Refusal::FilterTooLarge`], [`Refusal::FilterAttribute`], [`Refusal::FilterType`].
    pub fn parse(resource_type: ResourceType, text: &str) -> Result<Self, Refusal> {
        parse::filter(resource_type, text)
    }

    /// Reads the filter in brackets of a PATCH path: over the values of one attribute.
    pub(crate) fn over_values(
        resource_type: ResourceType,
        attribute: &'static Attribute,
        text: &str,
    ) -> Result<Self, Refusal> {
        parse::value_filter(resource_type, attribute, text)
    }

    /// The text that this attribute must equal for the filter to hold, if there is such a one: what an index can be asked
    /// for before the filter is held against what it finds.
    #[must_use]
    pub fn must_equal(&self, attribute: &str) -> Option<&str> {
        match self {
            Self::Compare(Comparison { path, operator: Operator::Equal, with: Literal::Text(text) })
                if path.attribute.name == attribute && path.sub.is_none() =>
            {
                Some(text)
            }
            Self::And(all) => all.iter().find_map(|one| one.must_equal(attribute)),
            _ => None,
        }
    }

    /// The texts that a value must have, when the filter says nothing but what attributes of the value equal.
    pub(crate) fn as_value(&self) -> Option<Vec<(&'static Attribute, &Literal)>> {
        match self {
            Self::Compare(Comparison { path, operator: Operator::Equal, with }) => Some(vec![(path.leaf(), with)]),
            Self::And(all) => {
                let parts: Option<Vec<_>> = all.iter().map(Self::as_value).collect();
                Some(parts?.into_iter().flatten().collect())
            }
            _ => None,
        }
    }
}
