use vestibule_kernel::{ConnectionId, DirectoryId};

use crate::{Key, KeyError, KeyStore};

/// What the key of the index is for.
const PURPOSE: &str = "index";

/// Whose it is: the deployment's.
const OWNER: &str = "";

/// Keeps these digests apart from others under the same key.
const LABEL: &str = "person.subject";

/// Keeps the digests of what is unique within a directory apart from them.
const DIRECTORY_LABEL: &str = "directory";

/// The keyed digests by which people are found: of what an identity provider calls them, exactly, on one connection. Whoever
/// looks for a person and whoever re-links one has to come to the same digest, so it is made here only.
#[derive(Clone, Debug)]
pub struct SubjectIndex(Key);

/// What an identity provider calls a person.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Subject<'a> {
    /// The NameID.
    NameId {
        /// Its Format, never left out.
        format: &'a str,
        /// Its value.
        value: &'a str,
    },
    /// The one value of an attribute. A value in an attribute never means the same value in a NameID or in another one.
    Attribute {
        /// Its Name.
        name: &'a str,
        /// Its value.
        value: &'a str,
    },
    /// The NameID that is the one value of an attribute.
    NameIdAttribute {
        /// The attribute's Name.
        name: &'a str,
        /// The NameID's Format, never left out.
        format: &'a str,
        /// Who gave the name, and for whom it was made; empty when it does not say. What came through a hub may bear the
        /// same value from two identity providers.
        qualifiers: [&'a str; 2],
        /// The NameID's value.
        value: &'a str,
    },
}

impl SubjectIndex {
    /// The index of this deployment. Its key is always the first that was made: a digest under another key would find
    /// nobody, so it is never replaced.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn open(keys: &KeyStore) -> Result<Self, KeyError> {
        match keys.all(PURPOSE, OWNER).await?.pop() {
            Some(first) => Ok(Self(first)),
            None => Ok(Self(keys.current(PURPOSE, OWNER).await?)),
        }
    }

    /// The digest, 64 hexadecimal digits, over connection, source, names and value, each with its length in front: no two
    /// subjects have the same bytes.
    #[must_use]
    pub fn digest(&self, connection: ConnectionId, subject: Subject<'_>) -> String {
        let said: &[&str] = match &subject {
            Subject::NameId { format, value } => &["name_id", format, value],
            Subject::Attribute { name, value } => &["attribute", name, value],
            Subject::NameIdAttribute { name, format, qualifiers: [given_by, given_for], value } => {
                &["name_id_attribute", name, format, given_by, given_for, value]
            }
        };
        self.over(LABEL, connection.uuid(), said)
    }

    /// The digest, 64 hexadecimal digits, by which a user of a directory is found: over the directory, which attribute it
    /// is, and the value. The same value in two directories has two digests.
    #[must_use]
    pub fn directory_digest(&self, directory: DirectoryId, attribute: &str, value: &str) -> String {
        self.over(DIRECTORY_LABEL, directory.uuid(), &[attribute, value])
    }

    fn over(&self, label: &str, owner: uuid::Uuid, said: &[&str]) -> String {
        let mut bytes = Vec::new();
        for part in std::iter::once(owner.as_bytes().as_slice()).chain(said.iter().map(|part| part.as_bytes())) {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part);
        }
        hex::encode(self.0.hmac(label, &bytes))
    }
}

impl std::fmt::Debug for Subject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Subject(redacted)")
    }
}
