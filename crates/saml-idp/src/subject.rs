/// Who signs in, and what the identity provider says about them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Subject {
    /// The NameID's value.
    pub name_id: String,
    /// The NameID's Format; `None` leaves the attribute out.
    pub name_id_format: Option<String>,
    /// The attributes, in the order in which they are written.
    pub attributes: Vec<SubjectAttribute>,
}

/// One SAML attribute (core section 2.7.3.1).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SubjectAttribute {
    /// Its Name.
    pub name: String,
    /// Its NameFormat; `None` leaves the XML attribute out.
    pub name_format: Option<String>,
    /// Its FriendlyName; `None` leaves the XML attribute out.
    pub friendly_name: Option<String>,
    /// Its values.
    pub values: Vec<String>,
}

impl Subject {
    /// A subject known by a persistent NameID, the best that an identity provider can send.
    #[must_use]
    pub fn persistent(name_id: impl Into<String>) -> Self {
        Self::with_format(name_id, "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent")
    }

    /// A subject known by an e-mail address, what most identity providers send.
    #[must_use]
    pub fn email(name_id: impl Into<String>) -> Self {
        Self::with_format(name_id, "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress")
    }

    /// A subject whose NameID is another one at each sign-in.
    #[must_use]
    pub fn transient(name_id: impl Into<String>) -> Self {
        Self::with_format(name_id, "urn:oasis:names:tc:SAML:2.0:nameid-format:transient")
    }

    /// A subject with any NameID format.
    #[must_use]
    pub fn with_format(name_id: impl Into<String>, format: impl Into<String>) -> Self {
        Self { name_id: name_id.into(), name_id_format: Some(format.into()), attributes: Vec::new() }
    }

    /// Adds an attribute without NameFormat and FriendlyName.
    #[must_use]
    pub fn with<V: Into<String>>(mut self, name: impl Into<String>, values: impl IntoIterator<Item = V>) -> Self {
        self.attributes.push(SubjectAttribute {
            name: name.into(),
            name_format: None,
            friendly_name: None,
            values: values.into_iter().map(Into::into).collect(),
        });
        self
    }
}
