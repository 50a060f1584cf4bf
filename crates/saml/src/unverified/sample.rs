use super::root;
use crate::{
    Attribute, Mapping, NameId, NormalisedIdentity, Refusal,
    attribute::{Said, read},
    check::Checklist,
    name::{ASSERTION, PROTOCOL},
    response,
};

/// What a message says of a person, **without any proof**: to show what a mapping makes of it, never to sign anybody in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sample {
    subject: NameId,
    attributes: Vec<Attribute>,
}

impl Sample {
    /// Reads the form value `SAMLResponse` with one Assertion, under the same limits as [`crate::validate`].
    ///
    /// # Errors
    /// The refusal, when it cannot be read; [`Refusal::AssertionEncrypted`] when only its addressee can.
    pub fn read(saml_response: &str) -> Result<Self, Refusal> {
        root(saml_response, |root| {
            if !root.is(PROTOCOL, "Response") {
                return Err(Refusal::NotAResponse);
            }
            if root.named(ASSERTION, "EncryptedAssertion").next().is_some() {
                return Err(Refusal::AssertionEncrypted);
            }
            let assertion = root.only(ASSERTION, "Assertion").ok_or(Refusal::AssertionMissing)?;
            let subject = assertion.only(ASSERTION, "Subject");
            if subject.is_some_and(|subject| subject.named(ASSERTION, "EncryptedID").next().is_some()) {
                return Err(Refusal::AssertionEncrypted);
            }
            let name_id = subject.and_then(|subject| subject.only(ASSERTION, "NameID"));
            let subject = response::name_id::read(name_id.ok_or(Refusal::NameIdMissing)?)?;
            let attributes = response::attributes::read(assertion, &mut Checklist::default())?;
            Ok(Self { subject, attributes })
        })
    }

    /// What `mapping` makes of it.
    #[must_use]
    pub fn normalise(&self, mapping: &Mapping) -> NormalisedIdentity {
        read(Said { subject: &self.subject, attributes: &self.attributes }, mapping)
    }
}
