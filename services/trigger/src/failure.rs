use vestibule_lambda::Diagnostic;

/// Why Cognito gets no answer, and thus the person no tokens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Failure {
    /// The event is not one of Cognito's.
    Malformed,
    /// The event is larger than any of Cognito's.
    TooLarge,
    /// A trigger whose event may hold anything, so that it stays here.
    UnknownTrigger,
    /// Enrichment does not answer this trigger or this version of its event.
    Unsupported,
    /// Enrichment could not be asked, or could not answer in time.
    Unavailable,
    /// Enrichment said no.
    Refused {
        /// The stable reason, or the gRPC code where there is none.
        reason: String,
    },
    /// What enrichment answered is not an answer.
    AnswerMalformed,
}

impl Failure {
    /// A stable word, for logs, metrics and `errorType`.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Malformed => "TriggerMalformed",
            Self::TooLarge => "TriggerTooLarge",
            Self::UnknownTrigger => "TriggerUnknown",
            Self::Unsupported => "TriggerUnsupported",
            Self::Unavailable => "Unavailable",
            Self::Refused { .. } => "Refused",
            Self::AnswerMalformed => "AnswerMalformed",
        }
    }

    /// Whether it says nothing about the person: only such a failure may ever be passed over.
    pub(crate) const fn says_nothing(&self) -> bool {
        matches!(self, Self::Unavailable | Self::Unsupported)
    }

    /// What Cognito is told. It shows the message to the person, so it is a fixed sentence and the id under which the logs
    /// have the rest.
    pub(crate) fn diagnostic(&self, reference: &str) -> Diagnostic {
        let sentence = match self {
            Self::Refused { .. } => "This sign-in is not allowed.",
            _ => "This sign-in cannot be completed at the moment.",
        };
        Diagnostic { error_type: self.kind().to_owned(), error_message: format!("{sentence} Reference: {reference}") }
    }
}
