//! Messages into the types of the domain, and resources into messages.

pub(crate) mod certificate;
pub(crate) mod claim_policy;
pub(crate) mod connection;
pub(crate) mod domain;
pub(crate) mod mask;
pub(crate) mod metadata;
pub(crate) mod onboarding;
pub(crate) mod organization;
pub(crate) mod person;
pub(crate) mod user_pool;

use vestibule_tenancy::{NameError, Note};

use crate::field::{Fields, InvalidFields};

/// Why something is done, for operators; may be empty.
pub(crate) fn note(text: &str) -> Result<Note, InvalidFields> {
    read_note(Note::parse(text))
}

/// The same, where it must not be empty.
pub(crate) fn required_note(text: &str) -> Result<Note, InvalidFields> {
    read_note(Note::required(text))
}

fn read_note(note: Result<Note, NameError>) -> Result<Note, InvalidFields> {
    let mut fields = Fields::default();
    let note = fields.read("note", note);
    fields.finish_with(note)
}
