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
            let qualifiers =
                [&value.name_qualifier, &value.sp_name_qualifier].map(|one| one.as_deref().unwrap_or_default());
            Subject::NameIdAttribute { name, format: &value.format, qualifiers, value: &value.value }
        }
    };
    Ok(SubjectIndex::open(keys).await?.digest(connection, subject))
}
