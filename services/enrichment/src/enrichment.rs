use std::{sync::Arc, time::Duration};

use tokio::time::timeout;
use vestibule_cognito::{ClaimsOverride, PreTokenGeneration, Token, TriggerEvent};
use vestibule_eventlog::{EventLog, Live, ReadError};
use vestibule_kernel::{Clock, PersonId};

use crate::{
    allowance::Allowance,
    config::Config,
    error::EnrichmentError,
    people::{Organization, People, UserPool},
    verify::Tokens,
};

/// The claim that names the organization, in both tokens.
const ORGANIZATION_CLAIM: &str = "org_id";

/// What became of an event.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The organization is in the tokens.
    Enriched(String),
    /// A user of somebody else's: the event as it came.
    Unchanged(String),
}

/// Answers trigger events and questions about tokens.
#[derive(Clone)]
pub(crate) struct Enrichment {
    pub(crate) people: Live<People>,
    pub(crate) tokens: Tokens,
    pub(crate) log: EventLog,
    clock: Arc<dyn Clock>,
    view_age_max: Duration,
    lookup_wait: Duration,
    lookups: Arc<Allowance>,
}

impl Enrichment {
    pub(crate) fn new(people: Live<People>, log: EventLog, clock: Arc<dyn Clock>, config: &Config) -> Self {
        let lookups = Arc::new(Allowance::per_second(config.lookups_per_second_max));
        let (view_age_max, lookup_wait) = (config.view_age_max(), config.lookup_wait());
        let tokens = Tokens::new(Arc::clone(&clock));
        Self { people, tokens, log, clock, view_age_max, lookup_wait, lookups }
    }

    pub(crate) async fn answer(&self, event_json: &str) -> Result<Answer, EnrichmentError> {
        let event = PreTokenGeneration::read(TriggerEvent::parse(event_json)?)?;
        let pool = self.user_pool(event.user_pool_id())?;
        let Some(subject) = event.external_subject(&pool.provider_name)? else {
            // Nothing in the log could change this answer, so the age of the view does not matter to it.
            return Ok(Answer::Unchanged(event.unchanged()));
        };
        self.fresh()?;
        // Our provider has said who this is, and we name people by their ids only.
        let person = subject.parse().map_err(|_| EnrichmentError::PersonUnknown)?;
        let organization = match self.organization_of(person) {
            Some(organization) => organization,
            None => self.look_again(person).await?,
        };
        if organization.suspended {
            return Err(EnrichmentError::OrganizationSuspended);
        }
        if organization.user_pool != Some(pool.id) {
            return Err(EnrichmentError::OtherUserPool);
        }
        let mut claims = ClaimsOverride::default();
        for token in [Token::Id, Token::Access] {
            claims.add(token, ORGANIZATION_CLAIM, organization.id.to_string())?;
        }
        Ok(Answer::Enriched(event.answered(&claims)?))
    }

    /// Whether the view is complete and young enough to let somebody in.
    pub(crate) fn fresh(&self) -> Result<(), EnrichmentError> {
        let status = self.people.status();
        if status.stopped.is_some() {
            return Err(EnrichmentError::ViewStale { state: "it has stopped" });
        }
        match status.age(self.clock.now()) {
            None => Err(EnrichmentError::ViewStale { state: "it is still catching up" }),
            Some(age) if age > self.view_age_max => Err(EnrichmentError::ViewStale { state: "it is too old" }),
            Some(_) => Ok(()),
        }
    }

    fn user_pool(&self, pool_id: &str) -> Result<UserPool, EnrichmentError> {
        match self.people.read(|people| people.user_pool(pool_id).cloned()) {
            Some(pool) => Ok(pool),
            // It may have been registered since.
            None => Err(self.fresh().err().unwrap_or(EnrichmentError::UserPoolUnknown)),
        }
    }

    fn organization_of(&self, person: PersonId) -> Option<Organization> {
        self.people.read(|people| people.organization_of(person))
    }

    /// A first sign-in may outrun the view: the person was recorded a moment ago, perhaps by another process. Looks again
    /// when everything that is in the log now is in the view, too.
    async fn look_again(&self, person: PersonId) -> Result<Organization, EnrichmentError> {
        if !self.lookups.take(self.clock.now()) {
            return Err(EnrichmentError::LookupsExhausted);
        }
        let caught_up = async {
            let head = self.log.head().await?;
            Ok::<_, ReadError>(self.people.reached(head, self.lookup_wait).await)
        };
        match timeout(self.lookup_wait, caught_up).await {
            Ok(Ok(true)) => self.organization_of(person).ok_or(EnrichmentError::PersonUnknown),
            Ok(Ok(false)) | Err(_) => Err(EnrichmentError::ViewStale { state: "it does not reach the end of the log" }),
            Ok(Err(error)) => Err(error.into()),
        }
    }
}
