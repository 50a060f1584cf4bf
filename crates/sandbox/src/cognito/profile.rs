use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;
use uuid::Uuid;
use vestibule_kernel::Timestamp;

use super::mapping::Update;

/// Cognito's limit of usernames.
const USERNAME_CHARS_MAX: usize = 128;

/// A user of the pool.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Profile {
    /// `{provider}_{sub}` in lower case, or a UUID for people of the pool's own login.
    pub username: String,
    /// The pool's own `sub`.
    pub sub: String,
    /// The attributes.
    pub attributes: BTreeMap<String, String>,
    /// The identity at a provider; people of the pool's own login have none.
    pub identity: Option<Identity>,
    /// The groups of the pool.
    pub groups: Vec<String>,
}

/// Who a user is at an identity provider. The order of the fields is Cognito's.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// The provider's `sub`.
    pub user_id: String,
    /// The provider's name in the pool.
    pub provider_name: String,
    /// `OIDC`.
    pub provider_type: &'static str,
    /// Always null.
    pub issuer: Option<String>,
    /// Always true.
    pub primary: bool,
    /// Milliseconds since the epoch.
    pub date_created: i64,
}

/// A sign-in whose profile cannot be written.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum ProfileError {
    #[error("the sub makes no username: it is empty, has white space or is too long")]
    Username,
    #[error("attributes required: [{0}]")]
    AttributeRequired(String),
}

impl Identity {
    pub(super) fn new(provider_name: &str, user_id: &str, now: Timestamp) -> Result<Self, ProfileError> {
        let too_long = provider_name.chars().count() + 1 + user_id.chars().count() > USERNAME_CHARS_MAX;
        if user_id.is_empty() || user_id.contains(char::is_whitespace) || too_long {
            return Err(ProfileError::Username);
        }
        Ok(Self {
            user_id: user_id.to_owned(),
            provider_name: provider_name.to_owned(),
            provider_type: "OIDC",
            issuer: None,
            primary: true,
            date_created: now.unix_millis(),
        })
    }

    /// The pool is case-insensitive, so the whole name is lower-cased.
    pub(super) fn username(&self) -> String {
        format!("{}_{}", self.provider_name, self.user_id).to_lowercase()
    }
}

impl Profile {
    /// `cognito:user_status`.
    pub(super) const fn status(&self) -> &'static str {
        if self.identity.is_some() { "EXTERNAL_PROVIDER" } else { "CONFIRMED" }
    }
}

/// The users of the pool, by username.
#[derive(Default)]
pub(super) struct Directory(Mutex<BTreeMap<String, Profile>>);

impl Directory {
    pub(super) fn find(&self, username: &str) -> Option<Profile> {
        self.lock().get(username).cloned()
    }

    /// A sign-in by a provider: the first makes the profile and its automatic group, each writes the mapped attributes.
    pub(super) fn federated(
        &self,
        identity: Identity,
        update: Update,
        group: String,
        sub: impl FnOnce() -> Uuid,
        required: &[String],
    ) -> Result<Profile, ProfileError> {
        let username = identity.username();
        let mut users = self.lock();
        let mut profile = users.get(&username).cloned().unwrap_or_else(|| Profile {
            username: username.clone(),
            sub: sub().to_string(),
            // What a provider says of an address is not verified unless the mapping says so.
            attributes: BTreeMap::from([("email_verified".to_owned(), "false".to_owned())]),
            identity: Some(identity),
            groups: vec![group],
        });
        for (name, value) in update {
            // As in the API, a blank value deletes the attribute.
            if value.is_empty() {
                profile.attributes.remove(&name);
            } else {
                profile.attributes.insert(name, value);
            }
        }
        let missing = required.iter().find(|name| !profile.attributes.contains_key(*name));
        if let Some(missing) = missing {
            return Err(ProfileError::AttributeRequired(missing.clone()));
        }
        users.insert(username, profile.clone());
        Ok(profile)
    }

    /// The user of the pool's own with this address.
    pub(super) fn find_native(&self, email: &str) -> Option<Profile> {
        native_with(&self.lock(), email).cloned()
    }

    /// A person who has proven an e-mail address at the pool's own login for the first time, called by this `sub`.
    pub(super) fn native(&self, email: &str, sub: &str) -> Profile {
        let mut users = self.lock();
        // Somebody else may have been quicker with the same address.
        if let Some(known) = native_with(&users, email) {
            return known.clone();
        }
        let sub = sub.to_owned();
        let attributes = [("email", email), ("email_verified", "true")];
        let profile = Profile {
            username: sub.clone(),
            sub,
            attributes: attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            identity: None,
            groups: Vec::new(),
        };
        users.insert(profile.username.clone(), profile.clone());
        profile
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Profile>> {
        // Nothing panics while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn native_with<'a>(users: &'a BTreeMap<String, Profile>, email: &str) -> Option<&'a Profile> {
    let mut natives = users.values().filter(|user| user.identity.is_none());
    natives.find(|user| user.attributes.get("email").is_some_and(|known| known == email))
}
