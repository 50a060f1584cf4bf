use vestibule_kernel::{Explain, Explanation, Kind, Violation};
use vestibule_settings::{Invalid, InvalidSettings};
use vestibule_tenancy::NameError;

/// Reads the fields of a request and keeps what is wrong with each, so that a caller learns everything at once.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<(&'static str, Violation)>);

impl Fields {
    /// The value of a field, or `None` and a violation.
    pub(crate) fn read<T>(&mut self, field: &str, value: Result<T, NameError>) -> Option<T> {
        value.map_err(|error| self.refuse(error.reason(), field, error.to_string())).ok()
    }

    /// The value of a field that may be left out.
    pub(crate) fn read_optional<T>(
        &mut self,
        field: &str,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, NameError>,
    ) -> Option<T> {
        if text.is_empty() { None } else { self.read(field, parse(text)) }
    }

    /// Notes what is wrong with a field.
    pub(crate) fn refuse(&mut self, reason: &'static str, field: &str, description: impl Into<String>) {
        self.0.push((reason, Violation { field: field.to_owned(), description: description.into() }));
    }

    /// The fields that are wrong, if any.
    pub(crate) fn finish(self) -> Result<(), InvalidFields> {
        if self.0.is_empty() { Ok(()) } else { Err(InvalidFields(self.0)) }
    }

    /// `values` when every field was right. Each `read` either gave a value or noted a violation.
    pub(crate) fn finish_with<T>(self, values: Option<T>) -> Result<T, InvalidFields> {
        match values {
            Some(values) if self.0.is_empty() => Ok(values),
            Some(_) | None => Err(InvalidFields(self.0)),
        }
    }
}

/// Fields of a request are wrong. The reason is that of the first one.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
#[error("{}", summary(.0))]
pub(crate) struct InvalidFields(Vec<(&'static str, Violation)>);

impl InvalidFields {
    pub(crate) fn one(reason: &'static str, field: &str, description: impl Into<String>) -> Self {
        let mut fields = Fields::default();
        fields.refuse(reason, field, description);
        Self(fields.0)
    }
}

fn summary(violations: &[(&'static str, Violation)]) -> String {
    let lines: Vec<String> =
        violations.iter().map(|(_, violation)| format!("{}: {}", violation.field, violation.description)).collect();
    lines.join("; ")
}

impl From<InvalidSettings> for InvalidFields {
    fn from(InvalidSettings(invalid): InvalidSettings) -> Self {
        let mut fields = Fields::default();
        for Invalid { field, reason, description } in invalid {
            fields.refuse(reason, &format!("connection.saml.settings.{field}"), description);
        }
        Self(fields.0)
    }
}

impl Explain for InvalidFields {
    fn explain(&self) -> Explanation {
        let reason = self.0.first().map_or("REQUEST_INVALID", |(reason, _)| reason);
        let violations = self.0.iter().map(|(_, violation)| violation.clone()).collect();
        Explanation { kind: Kind::Invalid, reason, violations }
    }
}
