use std::fmt;

use serde::{Deserialize, Serialize};

/// The version of this protocol: both sides come from one release, and say so.
pub const VERSION: u32 = 1;

/// The program is ready for its question.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// [`VERSION`] as the program knows it.
    pub version: u32,
    /// What verifies, for the log.
    pub engine: String,
}

/// What is to be verified and read: a document that the first engine has accepted.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The document, decoded and decrypted.
    pub document: String,
    /// The certificates whose keys verified its signatures, DER in Base64, and no others.
    pub certificates: Vec<String>,
}

/// What the program has found.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "answer", rename_all = "snake_case", deny_unknown_fields)]
pub enum Answer {
    /// Every signature verifies; this stands in what they cover.
    Verified {
        /// What was read.
        reading: Box<Reading>,
    },
    /// The document is not what somebody signed with these keys.
    Rejected,
    /// It cannot tell.
    CannotProcess {
        /// What is in the way.
        obstacle: Obstacle,
    },
}

/// Why the program cannot tell.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// A signature or digest algorithm that it has not.
    Algorithm,
    /// A certificate that it cannot read.
    Certificate,
    /// The library gave up.
    Engine,
    /// What was verified is not of a form that its reader understands.
    Form,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Algorithm => "it has not the signature or digest algorithm",
            Self::Certificate => "it cannot read the certificate",
            Self::Engine => "its library gave up",
            Self::Form => "its reader does not understand the form",
        })
    }
}

/// What the program has read. Every value is as it was written; moments are milliseconds since 1970.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// The assertion's ID.
    pub assertion_id: String,
    /// Its Issuer.
    pub issuer: String,
    /// Its IssueInstant.
    pub issue_instant: i64,
    /// The Subject's NameID.
    pub name_id: Option<NameId>,
    /// How it says that the Subject is to be confirmed.
    pub confirmations: Vec<Confirmation>,
    /// The audiences of each AudienceRestriction.
    pub audiences: Vec<Vec<String>>,
    /// The first AuthnStatement's AuthnInstant.
    pub authn_instant: Option<i64>,
    /// Its SessionIndex.
    pub session_index: Option<String>,
    /// Its AuthnContextClassRef.
    pub authn_context: Option<String>,
    /// Its attributes, in order.
    pub attributes: Vec<Attribute>,
}

/// A NameID.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NameId {
    /// Its value.
    pub value: String,
    /// Its Format, when one is written.
    pub format: Option<String>,
}

/// A SubjectConfirmation.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// Its Method.
    pub method: Option<String>,
    /// The Recipient of its data.
    pub recipient: Option<String>,
    /// The InResponseTo of its data.
    pub in_response_to: Option<String>,
}

/// An Attribute.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// Its Name.
    pub name: String,
    /// Its values; nil, empty and blank ones look alike to the program.
    pub values: Vec<String>,
}

/// Shows how much there is, and nothing of it: documents are about people.
macro_rules! redacted {
    ($($name:ident: $value:ident => $shown:expr;)+) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let $value = self;
                write!(f, concat!(stringify!($name), "({})"), $shown)
            }
        })+
    };
}

redacted! {
    Question: question => format_args!("{} bytes", question.document.len());
    Reading: reading => format_args!("{} attributes", reading.attributes.len());
    NameId: name_id => format_args!("{:?}", name_id.format);
    Attribute: attribute => format_args!("{} values", attribute.values.len());
    Confirmation: confirmation => format_args!("{:?}", confirmation.method);
    Answer: answer => match answer {
        Answer::Verified { .. } => "verified".to_owned(),
        Answer::Rejected => "rejected".to_owned(),
        Answer::CannotProcess { obstacle } => obstacle.to_string(),
    };
}
