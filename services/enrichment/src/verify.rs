//! Verifies tokens that the registered user pools signed.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, UNIX_EPOCH},
};

use vestibule_cognito_verifier::{
    Clients, Fault, InvalidUserPool, RemoteVerifier, Requirements, TokenUses, UserPool, VerifiedToken, VerifyError,
};
use vestibule_eventlog::Live;
use vestibule_kernel::{Clock, Explain, Explanation, Kind, OrganizationId};
use vestibule_rpc::{
    enrichment::v1::{TokenUse, VerifyTokenRequest},
    resource::{self, InvalidName},
};

use crate::{enrichment::Enrichment, error::EnrichmentError, people::People};

/// How many clients, groups or scopes a request may name.
const LIST_MAX: usize = 100;

/// Knows the keys of the registered user pools.
#[derive(Clone)]
pub(crate) struct Tokens {
    verifier: RemoteVerifier,
    trusted: Arc<Mutex<Trusted>>,
}

/// The user pools as the verifier knows them.
#[derive(Default)]
struct Trusted {
    /// Which state of the view this is.
    revision: u64,
    by_id: HashMap<String, UserPool>,
}

/// Why a token is refused, or a question about one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenRefusal {
    #[error("say what the token must be for")]
    UseUnspecified,
    #[error("field {field} has more than {LIST_MAX} entries")]
    ListTooLong { field: &'static str },
    #[error(transparent)]
    Name(#[from] InvalidName),
    #[error(transparent)]
    Token(#[from] VerifyError),
    #[error(transparent)]
    View(#[from] EnrichmentError),
}

impl Tokens {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let millis = move || u64::try_from(clock.now().unix_millis()).unwrap_or(0);
        let verifier = RemoteVerifier::new(move || UNIX_EPOCH + Duration::from_millis(millis()));
        Self { verifier, trusted: Arc::default() }
    }

    /// Trusts the user pools that the view knows, and nobody else.
    fn follow(&self, people: &Live<People>) {
        let mut trusted = self.trusted.lock().unwrap_or_else(PoisonError::into_inner);
        if people.read(|people| people.user_pools.revision()) == trusted.revision {
            return;
        }
        let (revision, domains) = people.read(|people| {
            let domains = people.user_pools.domains().map(|(id, domains)| (id.to_owned(), domains.to_vec()));
            (people.user_pools.revision(), domains.collect::<Vec<_>>())
        });
        for (id, domains) in domains {
            let described = issuer_of(&id, &domains).ok();
            if trusted.by_id.get(&id) == described.as_ref() {
                continue;
            }
            if let Some(before) = trusted.by_id.remove(&id) {
                self.verifier.distrust(&before);
            }
            if let Some(pool) = described {
                // Each question brings its own requirements.
                self.verifier.trust(&pool, &Requirements::new(TokenUses::Either, Clients::OneOf(Vec::new())));
                trusted.by_id.insert(id, pool);
            }
        }
        trusted.revision = revision;
    }
}

impl Enrichment {
    pub(crate) async fn verify_token(&self, request: &VerifyTokenRequest) -> Result<VerifiedToken, TokenRefusal> {
        let requirements = requirements(request)?;
        self.tokens.follow(&self.people);
        let verified = self.tokens.verifier.verify_against(&request.token, &requirements).await;
        verified.map_err(|refusal| match (refusal, self.fresh()) {
            // It may have been registered since.
            (VerifyError::IssuerUnknown, Err(stale)) => stale.into(),
            (refusal, _) => refusal.into(),
        })
    }

    /// The resource name of the pool that issued a token.
    pub(crate) fn user_pool_name(&self, verified: &VerifiedToken) -> String {
        let id = self.people.read(|people| people.user_pools.find(verified.user_pool_id()).map(|pool| pool.id));
        id.map(resource::user_pool_name).unwrap_or_default()
    }
}

/// The resource name of the organization that a token names.
pub(crate) fn organization_name(verified: &VerifiedToken) -> String {
    let id = verified.organization().and_then(|id| id.parse::<OrganizationId>().ok());
    id.map(resource::organization_name).unwrap_or_default()
}

/// A pool whose domain is on the loopback interface is simulated, and issues tokens in that domain's name.
fn issuer_of(pool_id: &str, domains: &[String]) -> Result<UserPool, InvalidUserPool> {
    let urls = domains.iter().map(|domain| vestibule_cognito::pool_url(domain));
    match urls.into_iter().find(|url| url.starts_with("http:")) {
        Some(url) => UserPool::with_issuer(pool_id, format!("{url}/{pool_id}")),
        None => UserPool::new(pool_id),
    }
}

fn requirements(request: &VerifyTokenRequest) -> Result<Requirements, TokenRefusal> {
    let lists = [("client_ids", &request.client_ids), ("groups", &request.groups), ("scopes", &request.scopes)];
    if let Some((field, _)) = lists.into_iter().find(|(_, list)| list.len() > LIST_MAX) {
        return Err(TokenRefusal::ListTooLong { field });
    }
    let uses = match request.token_use() {
        TokenUse::Unspecified => return Err(TokenRefusal::UseUnspecified),
        TokenUse::Id => TokenUses::Id,
        TokenUse::Access => TokenUses::Access,
    };
    let any_client = request.client_ids.is_empty();
    let clients = if any_client { Clients::Any } else { Clients::one_of(&request.client_ids) };
    let mut requirements = Requirements::new(uses, clients);
    if !request.organization.is_empty() {
        let organization = resource::organization("organization", &request.organization)?;
        requirements = requirements.organization_one_of([organization.to_string()]);
    }
    if !request.groups.is_empty() {
        requirements = requirements.any_group_of(&request.groups);
    }
    if !request.scopes.is_empty() {
        requirements = requirements.any_scope_of(&request.scopes);
    }
    Ok(requirements)
}

impl Explain for TokenRefusal {
    fn explain(&self) -> Explanation {
        match self {
            Self::UseUnspecified => Explanation::field("TOKEN_USE_UNSPECIFIED", "token_use", self.to_string()),
            Self::ListTooLong { field } => Explanation::field("LIST_TOO_LONG", *field, self.to_string()),
            Self::Name(error) => error.explain(),
            Self::View(error) => error.explain(),
            Self::Token(error @ (VerifyError::Malformed(_) | VerifyError::TooLarge)) => {
                Explanation::field(error.reason(), "token", error.to_string())
            }
            Self::Token(error) => {
                let kind = match error.fault() {
                    Fault::Token => Kind::Unauthenticated,
                    Fault::Permission => Kind::Forbidden,
                    Fault::Availability => Kind::Unavailable,
                };
                Explanation::new(kind, error.reason())
            }
        }
    }
}
