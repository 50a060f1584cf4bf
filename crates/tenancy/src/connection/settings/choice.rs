use serde::{Deserialize, Serialize};

/// By what a person is recognised again.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "from")]
pub enum SubjectSource {
    /// By the NameID, which must not be transient.
    #[default]
    NameId,
    /// By an attribute that the identity provider never changes and never gives to somebody else.
    Attribute {
        /// Its exact name.
        name: String,
    },
}

/// Whether requests to an identity provider are signed.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SignRequests {
    /// When its metadata asks for it (SAML metadata section 2.4.3).
    #[default]
    WhenAsked,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Whether assertions must be encrypted.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    /// Plain ones are taken too.
    #[default]
    Optional,
    /// Plain ones are refused.
    Required,
}

/// What the validity of a trusted certificate means.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateValidity {
    /// The key is what is trusted; an expired certificate around it is a warning.
    #[default]
    Warn,
    /// Outside its validity a certificate verifies nothing.
    Enforce,
}
