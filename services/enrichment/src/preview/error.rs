use vestibule_claims::{InvalidPolicy, UnknownValue};
use vestibule_eventlog::LoadError;
use vestibule_kernel::{Explain, Explanation, Kind};
use vestibule_rpc::resource::InvalidName;
use vestibule_tenancy::NameError;

/// Why there is no preview.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PreviewError {
    #[error("say whose tokens")]
    SubjectRequired,
    #[error("field {field} has more than {max} entries")]
    ListTooLong { field: &'static str, max: usize },
    #[error(transparent)]
    Name(#[from] InvalidName),
    #[error("field hypothetical.roles[{index}]: {error}")]
    Role { index: usize, error: NameError },
    #[error("there is no such organization")]
    OrganizationUnknown,
    #[error("there is no such person in this organization")]
    PersonUnknown,
    #[error("the connection belongs to another organization")]
    ConnectionForeign,
    #[error(transparent)]
    EventVersion(#[from] UnknownValue),
    #[error(transparent)]
    Policy(#[from] InvalidPolicy),
    #[error("field {field}: another proposed policy is for the same target")]
    PolicyTwice { field: String },
    #[error("field {field}: these tokens do not depend on this policy")]
    PolicyNotUsed { field: String },
    #[error(transparent)]
    Log(#[from] LoadError),
}

impl Explain for PreviewError {
    fn explain(&self) -> Explanation {
        match self {
            Self::SubjectRequired => Explanation::field("SUBJECT_REQUIRED", "subject", self.to_string()),
            Self::ListTooLong { field, .. } => Explanation::field("LIST_TOO_LONG", *field, self.to_string()),
            Self::Name(error) => error.explain(),
            Self::Role { index, error } => {
                Explanation::field(error.reason(), format!("hypothetical.roles[{index}]"), error.to_string())
            }
            Self::OrganizationUnknown => Explanation::new(Kind::NotFound, "ORGANIZATION_UNKNOWN"),
            Self::PersonUnknown => Explanation::new(Kind::NotFound, "PERSON_UNKNOWN"),
            Self::ConnectionForeign => {
                Explanation::field("RESOURCE_NAME_INVALID", "hypothetical.connection", self.to_string())
            }
            Self::EventVersion(error) => Explanation::field("ENUM_VALUE_UNKNOWN", "event_version", error.to_string()),
            Self::Policy(error) => error.explain(),
            Self::PolicyTwice { field } => Explanation::field("POLICY_TWICE", field.clone(), self.to_string()),
            Self::PolicyNotUsed { field } => Explanation::field("POLICY_NOT_USED", field.clone(), self.to_string()),
            Self::Log(error) => error.explain(),
        }
    }
}
