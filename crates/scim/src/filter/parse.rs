use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{Comparison, Filter, Literal, Operator};
use crate::{
    Refusal,
    document::ResourceType,
    limit::{FILTER_BYTES_MAX, FILTER_DEPTH_MAX, FILTER_TERMS_MAX},
    path::{AttributePath, Named, is_path_byte},
    schema::{Attribute, Kind},
};

pub(super) fn filter(resource_type: ResourceType, text: &str) -> Result<Filter, Refusal> {
    Parser::over(resource_type, None, text)?.whole()
}

pub(super) fn value_filter(
    resource_type: ResourceType,
    attribute: &'static Attribute,
    text: &str,
) -> Result<Filter, Refusal> {
    Parser::over(resource_type, Some(attribute), text)?.whole()
}

/// A recursive descent; how deep it goes is limited, so is how often it stops at a comparison.
struct Parser<'a> {
    resource_type: ResourceType,
    /// Inside brackets: the attribute whose values are filtered.
    inside: Option<&'static Attribute>,
    text: &'a str,
    at: usize,
    depth: usize,
    terms: usize,
}

impl<'a> Parser<'a> {
    fn over(resource_type: ResourceType, inside: Option<&'static Attribute>, text: &'a str) -> Result<Self, Refusal> {
        if text.len() > FILTER_BYTES_MAX {
            return Err(Refusal::FilterTooLarge);
        }
        Ok(Self { resource_type, inside, text, at: 0, depth: 0, terms: 0 })
    }

    fn whole(mut self) -> Result<Filter, Refusal> {
        let filter = self.any()?;
        self.space();
        if self.rest().is_empty() { Ok(filter) } else { Err(self.expected("`and`, `or` or the end")) }
    }

    /// `or` binds least (RFC 7644 section 3.4.2.2, order of operations).
    fn any(&mut self) -> Result<Filter, Refusal> {
        let mut any = vec![self.all()?];
        while self.word("or") {
            any.push(self.all()?);
        }
        Ok(alone(any).unwrap_or_else(Filter::Or))
    }

    fn all(&mut self) -> Result<Filter, Refusal> {
        let mut all = vec![self.term()?];
        while self.word("and") {
            all.push(self.term()?);
        }
        Ok(alone(all).unwrap_or_else(Filter::And))
    }

    fn term(&mut self) -> Result<Filter, Refusal> {
        if self.before_parenthesis("not") {
            return Ok(Filter::Not(Box::new(self.between('(', ')')?)));
        }
        if self.peek() == Some(b'(') {
            return self.between('(', ')');
        }
        self.terms += 1;
        if self.terms > FILTER_TERMS_MAX {
            return Err(Refusal::FilterTooLarge);
        }
        let at = self.at;
        let path = self.path()?;
        if self.rest().starts_with('[') {
            return self.any_value(path, at);
        }
        if self.word("pr") {
            return Ok(Filter::Present(path));
        }
        let operator = self.operator()?;
        let with = self.literal()?;
        Self::comparison(path, operator, with)
    }

    fn any_value(&mut self, attribute: AttributePath, at: usize) -> Result<Filter, Refusal> {
        if self.inside.is_some() || !attribute.attribute.multi_valued || attribute.sub.is_some() {
            return Err(Refusal::Filter { at, expected: "an attribute with several values before a bracket" });
        }
        self.inside = Some(attribute.attribute);
        let filter = self.between('[', ']');
        self.inside = None;
        Ok(Filter::AnyValue { attribute, filter: Box::new(filter?) })
    }

    fn between(&mut self, open: char, close: char) -> Result<Filter, Refusal> {
        self.depth += 1;
        if self.depth > FILTER_DEPTH_MAX {
            return Err(Refusal::FilterTooLarge);
        }
        if !self.character(open) {
            return Err(self.expected("an opening parenthesis"));
        }
        let filter = self.any()?;
        if !self.character(close) {
            return Err(self.expected("a closing parenthesis or bracket"));
        }
        self.depth -= 1;
        Ok(filter)
    }

    fn path(&mut self) -> Result<AttributePath, Refusal> {
        self.space();
        let at = self.at;
        let length = self.rest().bytes().take_while(|byte| is_path_byte(*byte)).count();
        let name = self.rest().get(..length).unwrap_or_default();
        if name.is_empty() {
            return Err(self.expected("the name of an attribute"));
        }
        let path = match self.inside {
            Some(outer) => outer.sub(name).map(|sub| AttributePath { attribute: outer, sub: Some(sub) }),
            None => match Named::read(self.resource_type, name) {
                Named::Kept(path) => Some(path),
                Named::NotKept | Named::Unknown => None,
            },
        };
        self.at += length;
        path.ok_or(Refusal::FilterAttribute { at })
    }

    fn operator(&mut self) -> Result<Operator, Refusal> {
        let operators = [
            ("eq", Operator::Equal),
            ("ne", Operator::NotEqual),
            ("co", Operator::Contains),
            ("sw", Operator::StartsWith),
            ("ew", Operator::EndsWith),
            ("gt", Operator::Greater),
            ("ge", Operator::GreaterOrEqual),
            ("lt", Operator::Less),
            ("le", Operator::LessOrEqual),
        ];
        let found = operators.into_iter().find(|(word, _)| self.word(word));
        found.map(|(_, operator)| operator).ok_or_else(|| self.expected("an operator"))
    }

    /// A JSON value (RFC 7644 section 3.4.2.2: `compValue`). Neither objects nor arrays, however deep, and no numbers: no
    /// attribute holds them.
    fn literal(&mut self) -> Result<Literal, Refusal> {
        let words = [("true", Literal::Boolean(true)), ("false", Literal::Boolean(false)), ("null", Literal::Null)];
        if let Some((_, literal)) = words.into_iter().find(|(word, _)| self.word(word)) {
            return Ok(literal);
        }
        let is_text = self.peek() == Some(b'"');
        let mut texts = serde_json::Deserializer::from_str(self.rest()).into_iter::<String>();
        match texts.next() {
            Some(Ok(text)) if is_text => {
                self.at += texts.byte_offset();
                Ok(Literal::Text(text))
            }
            _ => Err(self.expected("a JSON string, true, false or null")),
        }
    }

    fn comparison(path: AttributePath, operator: Operator, with: Literal) -> Result<Filter, Refusal> {
        let mut comparison = Comparison { path, operator, with };
        let attribute = comparison.compared();
        let equality = matches!(operator, Operator::Equal | Operator::NotEqual);
        let fits = match (attribute.kind, &comparison.with) {
            (Kind::Complex, _) => false,
            (_, Literal::Null) | (Kind::Boolean, Literal::Boolean(_)) => equality,
            (Kind::Boolean, Literal::Text(text)) if text.eq_ignore_ascii_case("true") => {
                comparison.with = Literal::Boolean(true);
                equality
            }
            (Kind::Boolean, Literal::Text(text)) if text.eq_ignore_ascii_case("false") => {
                comparison.with = Literal::Boolean(false);
                equality
            }
            (Kind::DateTime, Literal::Text(text)) => {
                let ordered = !matches!(operator, Operator::Contains | Operator::StartsWith | Operator::EndsWith);
                ordered && OffsetDateTime::parse(text, &Rfc3339).is_ok()
            }
            (Kind::String | Kind::Reference, Literal::Text(_)) => true,
            _ => false,
        };
        if fits { Ok(Filter::Compare(comparison)) } else { Err(Refusal::FilterType(attribute.name)) }
    }

    /// Takes a word, in any case, when it stands here by itself.
    fn word(&mut self, word: &str) -> bool {
        self.space();
        let Some((here, behind)) = self.rest().split_at_checked(word.len()) else { return false };
        let ends = behind.bytes().next().is_none_or(|byte| !is_path_byte(byte));
        let found = here.eq_ignore_ascii_case(word) && ends;
        if found {
            self.at += word.len();
        }
        found
    }

    /// Takes a word when a parenthesis follows.
    fn before_parenthesis(&mut self, word: &str) -> bool {
        let before = self.at;
        let found = self.word(word) && self.peek() == Some(b'(');
        if !found {
            self.at = before;
        }
        found
    }

    fn character(&mut self, wanted: char) -> bool {
        self.space();
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn peek(&mut self) -> Option<u8> {
        self.space();
        self.rest().bytes().next()
    }

    fn space(&mut self) {
        self.at += self.rest().bytes().take_while(|byte| *byte == b' ').count();
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    const fn expected(&self, expected: &'static str) -> Refusal {
        Refusal::Filter { at: self.at, expected }
    }
}

/// The only one, or all of them.
fn alone(mut filters: Vec<Filter>) -> Result<Filter, Vec<Filter>> {
    match filters.pop() {
        Some(only) if filters.is_empty() => Ok(only),
        Some(last) => {
            filters.push(last);
            Err(filters)
        }
        None => Err(filters),
    }
}
