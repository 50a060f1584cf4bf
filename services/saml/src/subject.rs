//! By what a person is found again: never by an e-mail address, which changes hands, but by what the identity provider
//! calls them, exactly, on this connection.

use vestibule_kernel::ConnectionId;
use vestibule_saml::NameId;
use vestibule_storage::{Key, KeyError, KeyStore};

/// What the key of the index is for.
const PURPOSE: &str = "index";

/// Whose it is: the deployment's.
const OWNER: &str = "";

/// Keeps these digests apart from others under the same key.
const LABEL: &str = "person.subject";

/// Where the subject was taken from. Choosing an attribute instead will be another source, so that a value in one never
/// means a value in the other.
const SOURCE: &str = "name_id";

/// The key under which subjects are digested: always the first that was made. A digest under another key would find
/// nobody, so this key is never replaced.
pub(crate) async fn index_key(keys: &KeyStore) -> Result<Key, KeyError> {
    match keys.all(PURPOSE, OWNER).await?.pop() {
        Some(first) => Ok(first),
        None => keys.current(PURPOSE, OWNER).await,
    }
}

/// The keyed digest of a subject: connection, source, format and exact value, each with its length in front.
pub(crate) fn digest(key: &Key, connection: ConnectionId, subject: &NameId) -> String {
    let connection = connection.uuid();
    let mut bytes = Vec::new();
    for part in
        [connection.as_bytes().as_slice(), SOURCE.as_bytes(), subject.format.as_bytes(), subject.value.as_bytes()]
    {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    hex::encode(key.hmac(LABEL, &bytes))
}
