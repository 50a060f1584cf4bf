//! What the gateway knows of user pools and connections: folded from the log, held in memory.

use std::{collections::HashMap, sync::Arc};

use vestibule_decider::DecodeError;
use vestibule_eventlog::{LiveView, Recorded};
use vestibule_kernel::{ConnectionId, OrganizationId, Timestamp, UserPoolId};
use vestibule_oidc::{Algorithm, Client, ClientSecrets, RedirectUri, SecretDigest};
use vestibule_storage::KeyId;
use vestibule_tenancy::{
    connection,
    signing_key::{self, Removal},
    user_pool::{self, SigningAlgorithm},
};

/// Every user pool by its client id, and whose connection is whose.
#[derive(Clone, Debug, Default)]
pub(crate) struct Directory {
    pools: HashMap<UserPoolId, Pool>,
    by_client_id: HashMap<String, UserPoolId>,
    connections: HashMap<ConnectionId, OrganizationId>,
    signing_keys: HashMap<KeyId, KnownKey>,
}

/// What was told of a signing key.
#[derive(Clone, Copy, Debug)]
struct KnownKey {
    algorithm: Algorithm,
    removed: Option<(Removal, Timestamp)>,
}

#[derive(Clone, Debug)]
struct Pool {
    client_id: String,
    domains: Vec<String>,
    secrets: Vec<(String, SecretDigest)>,
    algorithm: Algorithm,
    requires_email: bool,
    post_logout_redirect_uris: Vec<String>,
    /// What the rest folds to, ready to be handed out.
    party: Arc<RelyingParty>,
}

/// A user pool as relying party.
#[derive(Debug)]
pub(crate) struct RelyingParty {
    pub(crate) user_pool: UserPoolId,
    pub(crate) client: Client,
    pub(crate) requires_email: bool,
    /// Where people may go after they have signed out, as they were registered.
    pub(crate) post_logout_redirect_uris: Vec<String>,
}

impl Directory {
    pub(crate) fn client(&self, client_id: &str) -> Option<Arc<RelyingParty>> {
        let pool = self.pools.get(self.by_client_id.get(client_id)?)?;
        Some(Arc::clone(&pool.party))
    }

    pub(crate) fn organization_of(&self, connection: ConnectionId) -> Option<OrganizationId> {
        self.connections.get(&connection).copied()
    }

    /// The signing keys that were told of and not removed.
    pub(crate) fn known_keys(&self) -> impl Iterator<Item = KeyId> {
        self.signing_keys.iter().filter(|(_, known)| known.removed.is_none()).map(|(id, _)| *id)
    }

    pub(crate) fn knows_keys_of(&self, algorithm: Algorithm) -> bool {
        self.signing_keys.values().any(|known| known.algorithm == algorithm && known.removed.is_none())
    }

    /// When an operator took this signing key out of the key set.
    pub(crate) fn revoked_at(&self, id: KeyId) -> Option<Timestamp> {
        self.signing_keys.get(&id).and_then(KnownKey::revoked_at)
    }

    /// How many signing keys operators have ever taken out.
    pub(crate) fn revocations(&self) -> usize {
        self.signing_keys.values().filter_map(KnownKey::revoked_at).count()
    }

    fn apply_signing_key(&mut self, id: KeyId, event: &signing_key::Event) {
        match event {
            signing_key::Event::Published(published) => {
                let known = KnownKey { algorithm: algorithm(published.algorithm), removed: None };
                self.signing_keys.insert(id, known);
            }
            signing_key::Event::Removed(removed) => {
                if let Some(known) = self.signing_keys.get_mut(&id) {
                    known.removed = Some((removed.cause, removed.removed_at));
                }
            }
            signing_key::Event::Activated(_) | signing_key::Event::Retired(_) => {}
        }
    }

    fn apply_user_pool(&mut self, id: UserPoolId, event: user_pool::Event) {
        match event {
            user_pool::Event::Registered(registered) => {
                let pool = Pool::registered(id, registered);
                self.by_client_id.insert(pool.client_id.clone(), id);
                self.pools.insert(id, pool);
            }
            changed => {
                if let Some(pool) = self.pools.get_mut(&id) {
                    pool.change(changed);
                    pool.party = pool.relying_party(id);
                }
            }
        }
    }
}

impl LiveView for Directory {
    const NAME: &'static str = "gateway.directory";

    fn categories() -> Vec<&'static str> {
        vec![user_pool::CATEGORY, connection::CATEGORY, signing_key::CATEGORY]
    }

    fn apply(&mut self, event: &Recorded) -> Result<(), DecodeError> {
        match event.stream.category() {
            user_pool::CATEGORY => {
                let changed = event.decode::<user_pool::Event>()?;
                if let Ok(id) = event.stream.key().parse() {
                    self.apply_user_pool(id, changed);
                }
            }
            signing_key::CATEGORY => {
                let changed = event.decode::<signing_key::Event>()?;
                if let Ok(id) = event.stream.key().parse() {
                    self.apply_signing_key(KeyId(id), &changed);
                }
            }
            connection::CATEGORY => {
                let known = event.stream.key().parse().ok().zip(event.stream.organization());
                if let Some((connection, organization)) = known {
                    self.connections.insert(connection, organization);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl KnownKey {
    fn revoked_at(&self) -> Option<Timestamp> {
        self.removed.filter(|(cause, _)| *cause == Removal::Operator).map(|(_, at)| at)
    }
}

impl Pool {
    fn registered(id: UserPoolId, registered: user_pool::Registered) -> Self {
        let client = Client {
            id: registered.client_id.clone(),
            redirect_uris: Vec::new(),
            secrets: ClientSecrets::default(),
            algorithm: Algorithm::Rs256,
        };
        let mut pool = Self {
            client_id: registered.client_id,
            domains: registered.domains,
            secrets: Vec::new(),
            algorithm: algorithm(registered.signing_algorithm),
            requires_email: registered.requires_email,
            post_logout_redirect_uris: Vec::new(),
            party: Arc::new(RelyingParty {
                user_pool: id,
                client,
                requires_email: false,
                post_logout_redirect_uris: Vec::new(),
            }),
        };
        pool.party = pool.relying_party(id);
        pool
    }

    fn change(&mut self, event: user_pool::Event) {
        match event {
            user_pool::Event::Registered(_) => {}
            user_pool::Event::Updated(updated) => {
                self.domains = updated.domains.unwrap_or_else(|| std::mem::take(&mut self.domains));
                self.algorithm = updated.signing_algorithm.map_or(self.algorithm, algorithm);
                self.requires_email = updated.requires_email.unwrap_or(self.requires_email);
                if let Some(addresses) = updated.post_logout_redirect_uris {
                    self.post_logout_redirect_uris = addresses;
                }
            }
            user_pool::Event::SecretAdded(added) => {
                if let Some(digest) = digest(&added.digest) {
                    self.secrets.push((added.secret_id, digest));
                }
            }
            user_pool::Event::SecretRetired(retired) => self.secrets.retain(|(id, _)| *id != retired.secret_id),
        }
    }

    fn relying_party(&self, user_pool: UserPoolId) -> Arc<RelyingParty> {
        // Registry admits at most two secrets; should the log hold more, the two newest count.
        let newest = self.secrets.iter().rev().take(2).map(|(_, digest)| *digest).collect();
        let client = Client {
            id: self.client_id.clone(),
            redirect_uris: self.domains.iter().filter_map(|domain| redirect_uri(domain)).collect(),
            secrets: ClientSecrets::new(newest).unwrap_or_default(),
            algorithm: self.algorithm,
        };
        let post_logout_redirect_uris = self.post_logout_redirect_uris.clone();
        Arc::new(RelyingParty { user_pool, client, requires_email: self.requires_email, post_logout_redirect_uris })
    }
}

const fn algorithm(algorithm: SigningAlgorithm) -> Algorithm {
    match algorithm {
        SigningAlgorithm::Rs256 => Algorithm::Rs256,
        SigningAlgorithm::Es256 => Algorithm::Es256,
    }
}

fn digest(hexadecimal: &str) -> Option<SecretDigest> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(hexadecimal, &mut bytes).ok()?;
    Some(SecretDigest::from_bytes(bytes))
}

/// Registry admits only domains that have one.
fn redirect_uri(domain: &str) -> Option<RedirectUri> {
    RedirectUri::parse(&vestibule_cognito::redirect_uri(domain)).ok()
}
