use std::{sync::Arc, time::Duration};

use vestibule_cognito::{
    Bearer, InboundFederation, PreSignUp, PreTokenGeneration, SignUp, Trigger, TriggerEvent, User, UserEvent,
};
use vestibule_eventlog::{EventLog, Live};
use vestibule_kernel::{Clock, PersonId};

use crate::{
    admission::Asked,
    allowance::Allowance,
    challenge::Challenges,
    config::Config,
    error::EnrichmentError,
    lookup::Lookups,
    people::{People, UserPool},
    tokens::Enriched,
    verify::Tokens,
};

/// What became of an event.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The organization is in the tokens.
    Enriched(String),
    /// Nothing is against it.
    Passed(String),
    /// A user of somebody else's: the event as it came.
    Unchanged(String),
    /// A step of a sign-in by challenges, whichever.
    Challenged(String),
}

/// Answers trigger events and questions about tokens.
#[derive(Clone)]
pub(crate) struct Enrichment {
    pub(crate) people: Live<People>,
    pub(crate) tokens: Tokens,
    pub(crate) log: EventLog,
    clock: Arc<dyn Clock>,
    view_age_max: Duration,
    lookups: Arc<Lookups>,
    warnings: Arc<Allowance>,
    challenges: Challenges,
}

/// How many warnings about tokens are in the log each second; all of them are counted.
const WARNINGS_PER_SECOND_MAX: u32 = 1;

/// The source of token generation at a sign-in; at the others, a refresh may be under way.
const HOSTED_AUTH: &str = "TokenGeneration_HostedAuth";

impl Enrichment {
    pub(crate) fn new(
        people: Live<People>,
        log: EventLog,
        clock: Arc<dyn Clock>,
        challenges: Challenges,
        config: &Config,
    ) -> Self {
        let (lookups, view_age_max) = (Arc::new(Lookups::new(config)), config.view_age_max());
        let tokens = Tokens::new(Arc::clone(&clock));
        let warnings = Arc::new(Allowance::per_second(WARNINGS_PER_SECOND_MAX));
        Self { people, tokens, log, clock, view_age_max, lookups, warnings, challenges }
    }

    pub(crate) async fn answer(&self, event: TriggerEvent<'_>) -> Result<Answer, EnrichmentError> {
        let pool = self.user_pool(&event.user_pool_id()?).await?;
        match event.trigger() {
            Trigger::PreTokenGeneration => self.generate_tokens(&pool, event).await,
            Trigger::InboundFederation => self.federate(&pool, event).await,
            Trigger::PreSignUp => self.sign_up(&pool, event).await,
            Trigger::PreAuthentication | Trigger::PostAuthentication | Trigger::PostConfirmation => {
                self.authenticate(&pool, event).await
            }
            Trigger::DefineAuthChallenge | Trigger::CreateAuthChallenge | Trigger::VerifyAuthChallengeResponse => {
                Ok(Answer::Challenged(self.challenges.answer(&pool, event)?))
            }
        }
    }

    async fn generate_tokens(&self, pool: &UserPool, event: TriggerEvent<'_>) -> Result<Answer, EnrichmentError> {
        let event = PreTokenGeneration::read(event)?;
        let client_id = event.event().client_id()?.unwrap_or_default();
        let asked = |verified_email| Asked { pool, client_id: &client_id, verified_email };
        let enriched = |people: &People, admitted, asked: &Asked<'_>| people.enriched(&event, admitted, asked);
        let user = match event.bearer() {
            Bearer::User(user) => user,
            Bearer::Client => {
                let asked = asked(None);
                let admit = |people: &People| {
                    Some(people.admit_client(&asked)?.and_then(|admitted| enriched(people, admitted, &asked)))
                };
                return match self.people.read(admit) {
                    None => Ok(Answer::Unchanged(event.unchanged())),
                    Some(answer) => self.fresh().and(answer).map(|enriched| self.told(enriched)),
                };
            }
        };
        if let Some(subject) = user.external_subject(&pool.provider_name)? {
            let email = user.verified_email();
            let asked = asked(email.as_deref());
            let is_sign_in = event.event().source() == HOSTED_AUTH;
            let answer = self.external(&subject, is_sign_in, |people, person| {
                enriched(people, people.admit_external(person, &asked)?, &asked)
            });
            return answer.await.map(|enriched| self.told(enriched));
        }
        let asked = asked(None);
        match self.native(pool, user, |people, sub| {
            Some(people.admit_native(sub, &asked)?.and_then(|admitted| enriched(people, admitted, &asked)))
        }) {
            // What the log may hold beyond the view could only add an organization, which the next token then has; so the age
            // of the view does not matter.
            None => Ok(Answer::Unchanged(event.unchanged())),
            Some(answer) => answer.map(|enriched| self.told(enriched)),
        }
    }

    fn told(&self, enriched: Enriched) -> Answer {
        enriched.tell(&self.warnings, self.clock.now());
        Answer::Enriched(enriched.event_json)
    }

    /// Before anything of the person is stored.
    async fn federate(&self, pool: &UserPool, event: TriggerEvent<'_>) -> Result<Answer, EnrichmentError> {
        let event = InboundFederation::read(event)?;
        let Some(subject) = event.subject(&pool.provider_name)? else {
            return Ok(Answer::Unchanged(event.kept()));
        };
        let client_id = event.event().client_id()?.unwrap_or_default();
        let email = event.verified_email();
        let asked = Asked { pool, client_id: &client_id, verified_email: email.as_deref() };
        self.external(&subject, true, |people, person| guard(people, person, &asked)).await?;
        Ok(Answer::Passed(event.kept()))
    }

    async fn sign_up(&self, pool: &UserPool, event: TriggerEvent<'_>) -> Result<Answer, EnrichmentError> {
        let event = PreSignUp::read(event)?;
        let user = event.user();
        match (event.sign_up(), event.external_subject(&pool.provider_name)) {
            (_, None) => Ok(Answer::Unchanged(event.answered())),
            (SignUp::SelfService | SignUp::ByAdministrator, Some(_)) => Err(EnrichmentError::UsernameReserved),
            (SignUp::ExternalProvider, Some(subject)) => {
                let client_id = event.event().client_id()?.unwrap_or_default();
                let email = user.verified_email();
                let asked = Asked { pool, client_id: &client_id, verified_email: email.as_deref() };
                self.external(subject, true, |people, person| guard(people, person, &asked)).await?;
                Ok(Answer::Passed(event.answered()))
            }
        }
    }

    async fn authenticate(&self, pool: &UserPool, event: TriggerEvent<'_>) -> Result<Answer, EnrichmentError> {
        let event = UserEvent::read(event)?;
        let client_id = event.event().client_id()?.unwrap_or_default();
        // The attributes may be those from before this sign-in, which puts an address right that is not in a domain of the
        // organization any more.
        let asked = Asked { pool, client_id: &client_id, verified_email: None };
        if let Some(subject) = event.user().external_subject(&pool.provider_name)? {
            self.external(&subject, true, |people, person| guard(people, person, &asked)).await?;
            return Ok(Answer::Passed(event.passed()));
        }
        // Whoever confirms a user of the pool's own, an administrator perhaps, is not signing them in.
        let signs_in = event.event().trigger() != Trigger::PostConfirmation;
        match self.native(pool, event.user(), |people, sub| {
            let admitted = signs_in.then(|| people.admit_native(sub, &asked))??;
            Some(admitted.and_then(|admitted| people.check_policy(&admitted, &asked)))
        }) {
            None => Ok(Answer::Unchanged(event.passed())),
            Some(admitted) => admitted.map(|()| Answer::Passed(event.passed())),
        }
    }

    /// Somebody of whom Cognito says that our provider has named them by `subject`. A sign-in may outrun the view: who it
    /// does not know may have been recorded a moment ago, perhaps by another process, and what keeps them out may have just
    /// ended. So the log itself is asked once before somebody is refused.
    async fn external<R>(
        &self,
        subject: &str,
        is_sign_in: bool,
        admit: impl Fn(&People, PersonId) -> Result<R, EnrichmentError>,
    ) -> Result<R, EnrichmentError> {
        self.fresh()?;
        // We name people by their ids only.
        let person = subject.parse().map_err(|_| EnrichmentError::PersonUnknown)?;
        let admit = || self.people.read(|people| admit(people, person));
        let refusal = match admit() {
            Err(refusal) => refusal,
            admitted => return admitted,
        };
        let now = self.clock.now();
        let looked = match refusal {
            EnrichmentError::PersonUnknown => self.lookups.for_unknown(person, &self.people, &self.log, now).await?,
            _ if is_sign_in => self.lookups.for_refused(&self.people, &self.log, now).await,
            _ => false,
        };
        if looked { admit() } else { Err(refusal) }
    }

    /// A user of the pool's own; `None` for one who is nobody of ours. Whoever was one of our provider's once, is called
    /// like one, or has an identity there that was linked to them, is not the pool's own: the provider may have signed them
    /// in, and what is known of the native user says nothing about that.
    fn native<R>(
        &self,
        pool: &UserPool,
        user: &User<'_>,
        admit: impl Fn(&People, &str) -> Option<Result<R, EnrichmentError>>,
    ) -> Option<Result<R, EnrichmentError>> {
        let sub = user.sub().filter(|_| !user.is_external() && !user.is_named_after(&pool.provider_name))?;
        let admitted = self.people.read(|people| people.has_native_users().then(|| admit(people, &sub)))??;
        match user.has_identity_of(&pool.provider_name) {
            Ok(true) => return None,
            Ok(false) => {}
            Err(unreadable) => return Some(Err(unreadable.into())),
        }
        Some(self.fresh().and(admitted))
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

    /// The pool of an event, which may have been registered a moment ago.
    async fn user_pool(&self, pool_id: &str) -> Result<UserPool, EnrichmentError> {
        let find = || self.people.read(|people| people.user_pools.find(pool_id).cloned());
        if let Some(pool) = find() {
            return Ok(pool);
        }
        self.fresh()?;
        let looked = self.lookups.for_pool(&self.people, &self.log, self.clock.now()).await;
        looked.then(find).flatten().ok_or(EnrichmentError::UserPoolUnknown)
    }
}

/// Whether somebody would get tokens, before there are any.
fn guard(people: &People, person: PersonId, asked: &Asked<'_>) -> Result<(), EnrichmentError> {
    people.check_policy(&people.admit_external(person, asked)?, asked)
}
