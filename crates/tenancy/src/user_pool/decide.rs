use serde::{Deserialize, Serialize};
use vestibule_decider::Decider;
use vestibule_kernel::{Timestamp, UserPoolId};

use super::{
    CATEGORY, Command, Event, NewSecret, Register, Registered, Rejection, SecretAdded, SecretRetired, SigningAlgorithm,
    Update, Updated,
};
use crate::{ApplicationUri, PoolDomain};

/// The most client secrets that are accepted at the same time: the old one and the new one of a rotation.
pub const CLIENT_SECRETS_MAX: usize = 2;

/// The most domains of a pool: it has a prefix domain and a custom domain, the rest is room for moving.
pub const DOMAINS_MAX: usize = 8;

/// The most addresses that people may go to after they have signed out: an app client of Cognito has at most 100.
pub const POST_LOGOUT_REDIRECT_URIS_MAX: usize = 100;

/// A Cognito user pool that uses us as its identity provider, by stage of life.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "stage", content = "terms")]
#[expect(clippy::large_enum_variant, reason = "nearly every value is the large one")]
pub enum UserPool {
    /// It is not registered.
    #[default]
    Absent,
    /// It may use us.
    Registered(Terms),
}

/// What is agreed with a user pool.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Terms {
    /// Our id of it.
    pub user_pool: UserPoolId,
    /// The AWS region.
    pub region: String,
    /// Cognito's id of it.
    pub pool_id: String,
    /// Its domains; the first one is used in authorize URLs.
    pub domains: Vec<String>,
    /// The name under which the pool knows us.
    pub provider_name: String,
    /// The client id under which the pool speaks to us.
    pub client_id: String,
    /// The app client that authorize URLs name.
    pub app_client_id: String,
    /// How its ID tokens are signed.
    pub signing_algorithm: SigningAlgorithm,
    /// Whether a sign-in without a releasable e-mail address is refused.
    pub requires_email: bool,
    /// Where the application begins a sign-in that somebody else asks for.
    #[serde(default)]
    pub initiate_login_uri: Option<String>,
    /// Where people may go after they have signed out.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// The client secrets that are accepted, oldest first.
    pub secrets: Vec<ClientSecret>,
    /// The ids of those that were, so that retiring them again is not an error.
    pub retired_secrets: Vec<String>,
}

/// What is known of a client secret.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ClientSecret {
    /// Names it.
    pub secret_id: String,
    /// SHA-256 over it, lower-case hex.
    pub digest: String,
    /// Since when it is accepted.
    pub added_at: Timestamp,
}

impl UserPool {
    /// Its terms; `None` when it is not registered.
    #[must_use]
    pub const fn terms(&self) -> Option<&Terms> {
        match self {
            Self::Absent => None,
            Self::Registered(terms) => Some(terms),
        }
    }
}

impl Decider for UserPool {
    const CATEGORY: &'static str = CATEGORY;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(&self, command: &Command) -> Result<Vec<Event>, Rejection> {
        match (self, command) {
            (Self::Absent, Command::Register(register)) => {
                check_domains(&register.domains)?;
                check_addresses(&register.post_logout_redirect_uris)?;
                let terms = Terms::of(&registered(register));
                let addresses = terms.changes(&Update {
                    initiate_login_uri: Some(register.initiate_login_uri.clone()),
                    post_logout_redirect_uris: Some(register.post_logout_redirect_uris.clone()),
                    ..Update::default()
                });
                let more = (addresses != Updated::default()).then(|| addresses.into());
                Ok([registered(register).into(), added(&register.secret).into()].into_iter().chain(more).collect())
            }
            (Self::Absent, _) => Err(Rejection::NotFound),
            (Self::Registered(_), Command::Register(_)) => Err(Rejection::AlreadyExists),
            (Self::Registered(terms), Command::Update(update)) => {
                update.domains.as_deref().map_or(Ok(()), check_domains)?;
                update.post_logout_redirect_uris.as_deref().map_or(Ok(()), check_addresses)?;
                let changes = terms.changes(update);
                Ok(if changes == Updated::default() { vec![] } else { vec![changes.into()] })
            }
            (Self::Registered(terms), Command::AddSecret(secret)) if terms.knows(&secret.secret_id) => Ok(vec![]),
            (Self::Registered(terms), Command::AddSecret(_)) if terms.secrets.len() >= CLIENT_SECRETS_MAX => {
                Err(Rejection::SecretLimit)
            }
            (Self::Registered(_), Command::AddSecret(secret)) => Ok(vec![added(secret).into()]),
            (Self::Registered(terms), Command::RetireSecret { secret_id }) => terms.retire(secret_id),
        }
    }

    fn evolve(self, event: &Event) -> Self {
        match (self, event) {
            (_, Event::Registered(registered)) => Self::Registered(Terms::of(registered)),
            (Self::Absent, _) => Self::Absent,
            (Self::Registered(terms), Event::Updated(updated)) => Self::Registered(terms.with(updated)),
            (Self::Registered(mut terms), Event::SecretAdded(added)) => {
                let SecretAdded { secret_id, digest, added_at } = added.clone();
                terms.secrets.push(ClientSecret { secret_id, digest, added_at });
                Self::Registered(terms)
            }
            (Self::Registered(mut terms), Event::SecretRetired(retired)) => {
                terms.secrets.retain(|secret| secret.secret_id != retired.secret_id);
                terms.retired_secrets.push(retired.secret_id.clone());
                Self::Registered(terms)
            }
        }
    }
}

fn check_domains(domains: &[PoolDomain]) -> Result<(), Rejection> {
    let mut distinct: Vec<&PoolDomain> = domains.iter().collect();
    distinct.sort_unstable();
    distinct.dedup();
    match domains.len() {
        0 => Err(Rejection::NoDomain),
        many if many > DOMAINS_MAX => Err(Rejection::TooManyDomains),
        named if distinct.len() < named => Err(Rejection::DomainTwice),
        _ => Ok(()),
    }
}

fn check_addresses(addresses: &[ApplicationUri]) -> Result<(), Rejection> {
    let mut distinct: Vec<&ApplicationUri> = addresses.iter().collect();
    distinct.sort_unstable();
    distinct.dedup();
    match addresses.len() {
        many if many > POST_LOGOUT_REDIRECT_URIS_MAX => Err(Rejection::TooManyPostLogoutRedirectUris),
        named if distinct.len() < named => Err(Rejection::PostLogoutRedirectUriTwice),
        _ => Ok(()),
    }
}

fn registered(register: &Register) -> Registered {
    Registered {
        user_pool: register.user_pool,
        region: register.region.as_str().to_owned(),
        pool_id: register.pool_id.as_str().to_owned(),
        domains: register.domains.iter().map(ToString::to_string).collect(),
        provider_name: register.provider_name.as_str().to_owned(),
        client_id: register.client_id.clone(),
        app_client_id: register.app_client_id.as_str().to_owned(),
        signing_algorithm: register.signing_algorithm,
        requires_email: register.requires_email,
    }
}

fn added(secret: &NewSecret) -> SecretAdded {
    SecretAdded { secret_id: secret.secret_id.clone(), digest: secret.digest.clone(), added_at: secret.now }
}

impl Terms {
    fn of(registered: &Registered) -> Self {
        Self {
            user_pool: registered.user_pool,
            region: registered.region.clone(),
            pool_id: registered.pool_id.clone(),
            domains: registered.domains.clone(),
            provider_name: registered.provider_name.clone(),
            client_id: registered.client_id.clone(),
            app_client_id: registered.app_client_id.clone(),
            signing_algorithm: registered.signing_algorithm,
            requires_email: registered.requires_email,
            initiate_login_uri: None,
            post_logout_redirect_uris: Vec::new(),
            secrets: Vec::new(),
            retired_secrets: Vec::new(),
        }
    }

    fn knows(&self, secret_id: &String) -> bool {
        self.secrets.iter().any(|secret| secret.secret_id == *secret_id) || self.retired_secrets.contains(secret_id)
    }

    fn retire(&self, secret_id: &String) -> Result<Vec<Event>, Rejection> {
        if self.retired_secrets.contains(secret_id) {
            return Ok(vec![]);
        }
        match self.secrets.as_slice() {
            [last] if last.secret_id == *secret_id => Err(Rejection::LastSecret),
            some if some.iter().any(|secret| secret.secret_id == *secret_id) => {
                Ok(vec![SecretRetired { secret_id: secret_id.clone() }.into()])
            }
            _ => Err(Rejection::SecretNotFound),
        }
    }

    /// What of `update` is not so already.
    fn changes(&self, update: &Update) -> Updated {
        let domains = update.domains.as_ref().map(|domains| domains.iter().map(ToString::to_string).collect());
        let app_client_id = update.app_client_id.as_ref().map(ToString::to_string);
        let text = |address: &Option<ApplicationUri>| address.as_ref().map(ToString::to_string).unwrap_or_default();
        let initiate_login_uri = update.initiate_login_uri.as_ref().map(text);
        let post_logout_redirect_uris = update.post_logout_redirect_uris.as_ref();
        let post_logout_redirect_uris =
            post_logout_redirect_uris.map(|uris| uris.iter().map(ToString::to_string).collect());
        Updated {
            initiate_login_uri: initiate_login_uri
                .filter(|address| *address != self.initiate_login_uri.clone().unwrap_or_default()),
            post_logout_redirect_uris: post_logout_redirect_uris
                .filter(|addresses| *addresses != self.post_logout_redirect_uris),
            domains: domains.filter(|domains| *domains != self.domains),
            app_client_id: app_client_id.filter(|id| *id != self.app_client_id),
            signing_algorithm: update.signing_algorithm.filter(|algorithm| *algorithm != self.signing_algorithm),
            requires_email: update.requires_email.filter(|requires| *requires != self.requires_email),
        }
    }

    fn with(self, updated: &Updated) -> Self {
        let Updated { domains, app_client_id, signing_algorithm, requires_email, .. } = updated.clone();
        let Updated { initiate_login_uri, post_logout_redirect_uris, .. } = updated.clone();
        Self {
            initiate_login_uri: match initiate_login_uri {
                Some(address) => Some(address).filter(|address| !address.is_empty()),
                None => self.initiate_login_uri,
            },
            post_logout_redirect_uris: post_logout_redirect_uris.unwrap_or(self.post_logout_redirect_uris),
            domains: domains.unwrap_or(self.domains),
            app_client_id: app_client_id.unwrap_or(self.app_client_id),
            signing_algorithm: signing_algorithm.unwrap_or(self.signing_algorithm),
            requires_email: requires_email.unwrap_or(self.requires_email),
            ..self
        }
    }
}
