use vestibule_kernel::{Explain, Explanation, Kind, Violation};
use vestibule_tenancy::connection::settings::SettingsViolation;

/// Settings that cannot be. The reason is that of the first; each has a violation.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{}", summary(.0))]
pub struct InvalidSettings(pub Vec<Invalid>);

/// The field that is not a setting.
pub(crate) const UPDATE_MASK: &str = "update_mask";

/// What is wrong with one field.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Invalid {
    /// The field of the settings.
    pub field: &'static str,
    /// Stable, `UPPER_SNAKE_CASE`.
    pub reason: &'static str,
    /// The rule that it breaks.
    pub description: String,
}

impl From<SettingsViolation> for Invalid {
    fn from(violation: SettingsViolation) -> Self {
        Self {
            field: if violation.field == "subject" { "subject_attribute" } else { violation.field },
            reason: violation.problem.reason(),
            description: violation.problem.to_string(),
        }
    }
}

fn summary(invalid: &[Invalid]) -> String {
    let lines: Vec<String> = invalid.iter().map(|one| format!("{}: {}", one.field, one.description)).collect();
    lines.join("; ")
}

impl Explain for InvalidSettings {
    fn explain(&self) -> Explanation {
        let reason = self.0.first().map_or("REQUEST_INVALID", |first| first.reason);
        let violation = |one: &Invalid| Violation {
            field: if one.field == UPDATE_MASK { one.field.to_owned() } else { format!("settings.{}", one.field) },
            description: one.description.clone(),
        };
        Explanation { kind: Kind::Invalid, reason, violations: self.0.iter().map(violation).collect() }
    }
}
