use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::{Malformed, VerifyError, claim::Claims};

/// The claim that names the organization, unless another is given.
pub const ORGANIZATION_CLAIM: &str = "org_id";

/// What a token is for, its `token_use`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum TokenUse {
    /// An ID token tells an application who signed in.
    Id,
    /// An access token opens an API.
    Access,
}

/// Which uses are accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TokenUses {
    /// ID tokens.
    Id,
    /// Access tokens.
    Access,
    /// Both.
    Either,
}

/// Whose tokens are accepted: `aud` of an ID token, `client_id` of an access token.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Clients {
    /// Those of these app clients.
    OneOf(Vec<String>),
    /// Those of every app client of the pool.
    Any,
}

/// What a token must be beyond authentic. Use and app client have to be decided on; everything else is optional.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Requirements {
    token_uses: TokenUses,
    clients: Clients,
    groups: Option<Vec<String>>,
    pub(crate) scopes: Option<Vec<String>>,
    organization: Organization,
    organization_claim: String,
    leeway: Duration,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Organization {
    Optional,
    Required,
    OneOf(Vec<String>),
}

/// What the requirements found in a token that meets them.
pub(crate) struct Met {
    pub(crate) token_use: TokenUse,
    pub(crate) organization: Option<String>,
}

impl Clients {
    /// Those of these app clients.
    pub fn one_of<T: Into<String>>(clients: impl IntoIterator<Item = T>) -> Self {
        Self::OneOf(clients.into_iter().map(Into::into).collect())
    }
}

impl Requirements {
    /// Tokens for these uses, of these app clients.
    #[must_use]
    pub fn new(token_uses: TokenUses, clients: Clients) -> Self {
        Self {
            token_uses,
            clients,
            groups: None,
            scopes: None,
            organization: Organization::Optional,
            organization_claim: ORGANIZATION_CLAIM.to_owned(),
            leeway: Duration::ZERO,
        }
    }

    /// At least one of these groups (`cognito:groups`).
    #[must_use]
    pub fn any_group_of<T: Into<String>>(mut self, groups: impl IntoIterator<Item = T>) -> Self {
        self.groups = Some(groups.into_iter().map(Into::into).collect());
        self
    }

    /// At least one of these scopes. ID tokens have none.
    #[must_use]
    pub fn any_scope_of<T: Into<String>>(mut self, scopes: impl IntoIterator<Item = T>) -> Self {
        self.scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// Some organization.
    #[must_use]
    pub fn organization_required(mut self) -> Self {
        self.organization = Organization::Required;
        self
    }

    /// One of these organizations.
    #[must_use]
    pub fn organization_one_of<T: Into<String>>(mut self, organizations: impl IntoIterator<Item = T>) -> Self {
        self.organization = Organization::OneOf(organizations.into_iter().map(Into::into).collect());
        self
    }

    /// The claim that names the organization, if not [`ORGANIZATION_CLAIM`].
    #[must_use]
    pub fn organization_claim(mut self, name: impl Into<String>) -> Self {
        self.organization_claim = name.into();
        self
    }

    /// How far the clocks of Cognito and this machine may differ; added after `exp` and before `nbf`. None by default.
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    pub(crate) fn check(&self, claims: &Claims, now: SystemTime) -> Result<Met, VerifyError> {
        self.check_times(claims, now)?;
        let token_use = self.check_use(claims)?;
        self.check_client(claims, token_use)?;
        if let Some(groups) = &self.groups
            && !claims.groups().any(|group| groups.iter().any(|wanted| wanted == group))
        {
            return Err(VerifyError::GroupMissing);
        }
        if let Some(scopes) = &self.scopes
            && !claims.scopes().any(|scope| scopes.iter().any(|wanted| wanted == scope))
        {
            return Err(VerifyError::ScopeMissing);
        }
        Ok(Met { token_use, organization: self.check_organization(claims)? })
    }

    fn check_times(&self, claims: &Claims, now: SystemTime) -> Result<(), VerifyError> {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let leeway = self.leeway.as_secs_f64();
        // RFC 7519 section 4.1.4: not on or after it.
        let expiry = claims.moment("exp")?.ok_or(Malformed::ClaimMissing("exp"))?;
        if now >= expiry + leeway {
            return Err(VerifyError::Expired);
        }
        // RFC 7519 section 4.1.5: not before it.
        match claims.moment("nbf")? {
            Some(start) if now < start - leeway => Err(VerifyError::NotYetValid),
            _ => Ok(()),
        }
    }

    fn check_use(&self, claims: &Claims) -> Result<TokenUse, VerifyError> {
        let token_use = match claims.lenient_text("token_use") {
            Some("id") => TokenUse::Id,
            Some("access") => TokenUse::Access,
            _ => return Err(VerifyError::TokenUseWrong),
        };
        match (self.token_uses, token_use) {
            (TokenUses::Either, _) | (TokenUses::Id, TokenUse::Id) | (TokenUses::Access, TokenUse::Access) => {
                Ok(token_use)
            }
            _ => Err(VerifyError::TokenUseWrong),
        }
    }

    /// The `aud` of an ID token must be one client: Cognito never writes several, and a token for others, too, is not for
    /// us. An access token may have an `aud` of its own (RFC 8707); its client is `client_id`.
    fn check_client(&self, claims: &Claims, token_use: TokenUse) -> Result<(), VerifyError> {
        let Clients::OneOf(clients) = &self.clients else { return Ok(()) };
        let client = claims.lenient_text(client_claim(token_use)).ok_or(VerifyError::ClientWrong)?;
        if clients.iter().any(|wanted| wanted == client) { Ok(()) } else { Err(VerifyError::ClientWrong) }
    }

    fn check_organization(&self, claims: &Claims) -> Result<Option<String>, VerifyError> {
        let organization = claims.lenient_text(&self.organization_claim).filter(|named| !named.is_empty());
        match (&self.organization, organization) {
            (Organization::Optional, _) | (Organization::Required, Some(_)) => {}
            (_, None) => return Err(VerifyError::OrganizationMissing),
            (Organization::OneOf(wanted), Some(organization)) => {
                if !wanted.iter().any(|wanted| wanted == organization) {
                    return Err(VerifyError::OrganizationWrong);
                }
            }
        }
        Ok(organization.map(str::to_owned))
    }
}

/// The claim that names the app client.
pub(crate) const fn client_claim(token_use: TokenUse) -> &'static str {
    match token_use {
        TokenUse::Id => "aud",
        TokenUse::Access => "client_id",
    }
}
