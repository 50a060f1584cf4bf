use vestibule_kernel::Timestamp;

use super::{MetadataError, around, earliest_end};
use crate::{
    name::{METADATA, PUBLICATION},
    xml::Node,
};

/// When a signed document was made, as far as it says so itself: enough to tell an older copy from a newer one.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct MetadataStamp {
    /// The creationInstant of the outermost `PublicationInfo` (SAML metadata extensions for registration and publication
    /// information section 2.2).
    pub published_at: Option<Timestamp>,
    /// The earliest validUntil (SAML metadata section 2.3.2).
    pub valid_until: Option<Timestamp>,
}

impl MetadataStamp {
    /// Nothing outside of what is signed says anything here: whoever wrote it there could make everything later look old.
    pub(super) fn of(provider: Node<'_>, signed: Node<'_>) -> Result<Self, MetadataError> {
        let outside = signed.parent().map(Node::id);
        let covered = || around(provider).take_while(|node| Some(node.id()) != outside);
        let extensions = covered().skip(1).flat_map(|node| node.named(METADATA, "Extensions"));
        let told = extensions.flat_map(|node| node.named(PUBLICATION, "PublicationInfo"));
        // It only ever refuses what is older, so one that cannot be read says nothing.
        let published_at = told.filter_map(|node| node.attribute("creationInstant")?.parse().ok()).last();
        Ok(Self { published_at, valid_until: earliest_end(covered())? })
    }

    /// Whether a document with this stamp was made before the one with the `known` stamp. What was stamped once is stamped from
    /// then on: a copy from before that time has no stamp.
    #[must_use]
    pub fn is_older_than(&self, known: &Self) -> bool {
        let older = |one: Option<Timestamp>, known: Timestamp| one.is_none_or(|one| one < known);
        match (known.published_at, known.valid_until) {
            // How long documents are to be believed may be shortened; when they were made goes forward only.
            (Some(published_at), _) => older(self.published_at, published_at),
            (None, Some(valid_until)) => older(self.valid_until, valid_until),
            (None, None) => false,
        }
    }
}
