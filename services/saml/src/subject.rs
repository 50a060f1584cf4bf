//! By what a person is found again: never by an e-mail address, which changes hands, but by what the identity provider
//! calls them, exactly, on this connection.

use vestibule_kernel::ConnectionId;
use vestibule_saml::SubjectId;
use vestibule_storage::{KeyError, KeyStore, Subject, SubjectIndex};

/// The keyed digest of a subject.
pub(crate) async fn digest(keys: &KeyStore, connection: ConnectionId, subject: &SubjectId) -> Result<String, KeyError> {
    let subject = match subject {
        SubjectId::NameId(name_id) => Subject::NameId { format: &name_id.format, value: &name_id.value },
        SubjectId::Attribute { name, value } => Subject::Attribute { name, value },
        SubjectId::NameIdAttribute { name, value } => {
            Subject::NameIdAttribute { name, format: &value.format, value: &value.value }
        }
    };
    Ok(SubjectIndex::open(keys).await?.digest(connection, subject))
}
