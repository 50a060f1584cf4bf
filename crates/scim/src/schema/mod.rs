//! The attributes that are kept, with their characteristics (RFC 7643 section 7). What a person is recognised, named,
//! reached and let in by is kept; the rest of the core schema is not, because what is not there cannot leak.

mod resources;

pub(crate) use resources::{COMMON, GROUP, NOT_KEPT, USER};

/// The core schema of users.
pub const USER_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// The core schema of groups.
pub const GROUP_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// The data types that occur (RFC 7643 section 2.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A text.
    String,
    /// True or false.
    Boolean,
    /// A moment.
    DateTime,
    /// A URI.
    Reference,
    /// Attributes of its own.
    Complex,
}

/// Who may say and change it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mutability {
    /// The client.
    ReadWrite,
    /// The service provider.
    ReadOnly,
    /// The client, once.
    Immutable,
}

/// When it is in an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Returned {
    /// Always.
    Always,
    /// Unless the client asks for others.
    Default,
}

/// Whether two resources may have the same.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Uniqueness {
    /// They may.
    None,
    /// They may not within one service provider, which for us is one directory.
    Server,
}

/// An attribute.
#[derive(Debug)]
pub struct Attribute {
    /// Its name in canonical case.
    pub name: &'static str,
    /// Its data type.
    pub kind: Kind,
    /// Whether it can have several values.
    pub multi_valued: bool,
    /// Whether a resource must have it.
    pub required: bool,
    /// Whether case matters when it is compared.
    pub case_exact: bool,
    /// Who may change it.
    pub mutability: Mutability,
    /// When it is in an answer.
    pub returned: Returned,
    /// Whether it is unique.
    pub uniqueness: Uniqueness,
    /// For people.
    pub description: &'static str,
    /// Values that are usual.
    pub canonical_values: &'static [&'static str],
    /// What a reference may point to.
    pub reference_types: &'static [&'static str],
    /// The attributes of a complex one.
    pub sub_attributes: &'static [Attribute],
}

impl Attribute {
    const fn new(name: &'static str, kind: Kind, description: &'static str) -> Self {
        Self {
            name,
            kind,
            multi_valued: false,
            required: false,
            case_exact: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            uniqueness: Uniqueness::None,
            description,
            canonical_values: &[],
            reference_types: &[],
            sub_attributes: &[],
        }
    }

    const fn text(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Kind::String, description)
    }

    const fn complex(name: &'static str, sub_attributes: &'static [Self], description: &'static str) -> Self {
        Self { sub_attributes, ..Self::new(name, Kind::Complex, description) }
    }

    const fn reference(name: &'static str, to: &'static [&'static str], description: &'static str) -> Self {
        Self { case_exact: true, reference_types: to, ..Self::new(name, Kind::Reference, description) }
    }

    const fn several(self) -> Self {
        Self { multi_valued: true, ..self }
    }

    const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    const fn exact(self) -> Self {
        Self { case_exact: true, ..self }
    }

    const fn read_only(self) -> Self {
        Self { mutability: Mutability::ReadOnly, ..self }
    }

    const fn immutable(self) -> Self {
        Self { mutability: Mutability::Immutable, ..self }
    }

    const fn always(self) -> Self {
        Self { returned: Returned::Always, ..self }
    }

    const fn unique(self) -> Self {
        Self { uniqueness: Uniqueness::Server, ..self }
    }

    const fn usually(self, canonical_values: &'static [&'static str]) -> Self {
        Self { canonical_values, ..self }
    }

    /// The attribute of this name inside.
    #[must_use]
    pub fn sub(&self, name: &str) -> Option<&'static Self> {
        self.sub_attributes.iter().find(|sub| sub.name.eq_ignore_ascii_case(name))
    }
}
