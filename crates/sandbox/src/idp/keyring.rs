use std::{collections::BTreeMap, time::Duration};

use vestibule_kernel::Timestamp;
use vestibule_saml_idp::{IdentityProvider, KeyType, SigningKey};

use super::SetUpError;
use crate::roster::Login;

/// How long the certificates are valid.
const CERTIFICATE_LIFETIME: Duration = Duration::from_hours(365 * 24);
/// How far back they begin, so that a clock slightly behind does not refuse them.
const CERTIFICATE_BACKDATED: Duration = Duration::from_hours(1);

/// One identity provider for each login; logins of one software share the key and the entity id.
pub(super) fn providers(
    base_url: &str,
    logins: &'static [Login],
    given: Vec<(&'static str, SigningKey)>,
    now: Timestamp,
) -> Result<BTreeMap<&'static str, IdentityProvider>, SetUpError> {
    let mut keys: BTreeMap<&'static str, SigningKey> = given.into_iter().collect();
    let mut providers = BTreeMap::new();
    for login in logins {
        let key = match keys.get(login.software) {
            Some(key) => key.clone(),
            None => make_key(login, now)?,
        };
        keys.insert(login.software, key.clone());
        let entity_id = format!("{base_url}/software/{}", login.software);
        let sso_url = format!("{base_url}/{}/sso", login.path);
        let provider =
            IdentityProvider::new(entity_id, sso_url, key).with_logout(format!("{base_url}/{}/slo", login.path));
        let provider = if login.keyed { provider.wanting_signed_requests() } else { provider };
        providers.insert(login.path, provider);
    }
    Ok(providers)
}

fn make_key(login: &Login, now: Timestamp) -> Result<SigningKey, SetUpError> {
    let common_name = format!("{} (Vestibule sandbox)", login.software);
    let (from, to) = (now.minus(CERTIFICATE_BACKDATED), now.plus(CERTIFICATE_LIFETIME));
    SigningKey::generate(login.key_type, &common_name, from, to)
        .map_err(|source| SetUpError::Key { software: login.software, source })
}

/// A key of somebody else's, which no connection trusts.
pub(super) fn stranger(now: Timestamp) -> Result<SigningKey, SetUpError> {
    const NAME: &str = "stranger";
    let (from, to) = (now.minus(CERTIFICATE_BACKDATED), now.plus(CERTIFICATE_LIFETIME));
    SigningKey::generate(KeyType::EcP256, NAME, from, to).map_err(|source| SetUpError::Key { software: NAME, source })
}
