//! Acceptance: one append over the streams of the assertion and of the person, all or nothing.
//!
//! The assertion's first event can be written once, so an assertion is used once. It reserves the request, so a request
//! is answered once. A new person reserves the subject, so two tabs of one new person mint one `sub`.

use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use vestibule_decider::Decider;
use vestibule_eventlog::{AppendError, Current, EventLog, Metadata, Partition, StreamId, Transaction, Version};
use vestibule_kernel::{ConnectionId, IdSource, PersonId, UserPoolId};
use vestibule_saml::{RequestId, SubjectId};
use vestibule_storage::KeyStore;
use vestibule_tenancy::{
    Role,
    assertion::{self, Accepted, Assertion},
    person::{self, Person, Profile, Recognise},
};

use crate::{connection::ReadyConnection, error::Error, judge::Acceptable, refusal::Refusal, subject};

/// How often the person is looked for anew when others signed in as them, or changed them, at the same moment.
const ATTEMPTS_MAX: u32 = 5;

/// Accepts assertions.
pub(crate) struct Acceptor {
    pub(crate) log: EventLog,
    pub(crate) keys: KeyStore,
    pub(crate) ids: Arc<dyn IdSource>,
}

/// What an acceptable assertion is accepted for.
pub(crate) struct SignIn<'a> {
    pub(crate) connection: &'a ReadyConnection,
    pub(crate) acceptable: &'a Acceptable,
    pub(crate) request_id: &'a RequestId,
    pub(crate) user_pool: UserPoolId,
    pub(crate) metadata: Metadata,
}

/// Who signed in.
pub(crate) struct SignedIn {
    pub(crate) person: PersonId,
    /// Whether for the first time.
    pub(crate) first_seen: bool,
    /// The assertion's stream.
    pub(crate) assertion: StreamId,
}

impl Acceptor {
    /// Signs the person in, once for each assertion and each request.
    pub(crate) async fn accept(&self, sign_in: &SignIn<'_>) -> Result<Result<SignedIn, Refusal>, Error> {
        let connection = sign_in.connection;
        let digest = subject::digest(&self.keys, connection.id, &sign_in.acceptable.subject).await?;
        let assertion = assertion_stream(connection, &sign_in.acceptable.assertion)?;
        let newcomer = PersonId::from_uuid(self.ids.uuid_v4());
        for _ in 0..ATTEMPTS_MAX {
            let found = self.find(&digest).await?;
            let person = found.unwrap_or(newcomer);
            let stream = person_stream(connection, person);
            let known = self.log.load::<Person>(&stream).await?;
            let transaction = match sign_in.transaction(person, &digest, &assertion, &stream, &known) {
                Ok(transaction) => transaction,
                Err(Error::Person(person::Rejection::Deactivated)) => return Ok(Err(Refusal::PersonDeactivated)),
                // Somebody re-linked the person between the two looks.
                Err(Error::Person(person::Rejection::SubjectMoved)) => continue,
                Err(error) => return Err(error),
            };
            match self.log.append(transaction).await {
                Ok(_) => return Ok(Ok(SignedIn { person, first_seen: found.is_none(), assertion })),
                Err(AppendError::Conflict { stream, .. }) if stream == assertion => {
                    return Ok(Err(Refusal::AssertionReplayed));
                }
                Err(AppendError::Reserved { scope: assertion::REQUEST, .. }) => {
                    return Ok(Err(Refusal::RequestAlreadyAnswered));
                }
                Err(AppendError::PartitionClosed { .. }) => return Ok(Err(Refusal::AssertionTooOld)),
                // Another tab was the first to bring this person, or somebody changed them: look again.
                Err(AppendError::Conflict { .. } | AppendError::Reserved { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Contended)
    }

    /// Whether the assertion was used, and the request answered; looks, and changes nothing.
    pub(crate) async fn is_used(
        &self,
        connection: &ReadyConnection,
        asserted: &vestibule_saml::Assertion,
        request_id: &str,
    ) -> Result<(bool, bool), Error> {
        let assertion = self.log.load::<Assertion>(&assertion_stream(connection, asserted)?).await?;
        let request = self.log.holder(assertion::REQUEST, &format!("{}/{request_id}", connection.id)).await?;
        Ok((assertion.version != Version::EMPTY, request.is_some()))
    }

    /// Whether the person whom an assertion names may not sign in; looks, and changes nothing.
    pub(crate) async fn is_deactivated(
        &self,
        connection: &ReadyConnection,
        subject: &SubjectId,
    ) -> Result<bool, Error> {
        let digest = subject::digest(&self.keys, connection.id, subject).await?;
        let Some(person) = self.find(&digest).await? else { return Ok(false) };
        let known = self.log.load::<Person>(&person_stream(connection, person)).await?;
        Ok(matches!(known.state, Person::Deactivated(_)))
    }

    /// The person with this subject, if there is one.
    async fn find(&self, digest: &str) -> Result<Option<PersonId>, Error> {
        let holder = self.log.holder(person::SUBJECT, digest).await?;
        Ok(holder.and_then(|stream| stream.key().parse().ok()))
    }
}

impl SignIn<'_> {
    fn transaction(
        &self,
        person: PersonId,
        digest: &str,
        assertion: &StreamId,
        stream: &StreamId,
        known: &Current<Person>,
    ) -> Result<Transaction, Error> {
        let accept = assertion::Command::Accept(self.accepted(person));
        let recognise = person::Command::Recognise(Recognise {
            person,
            organization: self.connection.organization,
            connection: self.connection.id,
            subject_digest: digest.to_owned(),
            profile: self.profile(),
            roles: self.roles(),
        });
        let accepted = Assertion::default().decide(&accept)?;
        let recognised = known.state.decide(&recognise)?;
        let unprepared = |error| AppendError::Unprepared(Box::new(error));
        let transaction = Transaction::new(self.metadata.clone());
        let transaction = transaction.append(assertion.clone(), Version::EMPTY, &accepted).map_err(unprepared)?;
        if recognised.is_empty() {
            // Nothing new of the person; but nobody may have deactivated or re-linked them since.
            return Ok(transaction.unchanged(stream.clone(), known.version));
        }
        Ok(transaction.append(stream.clone(), known.version, &recognised).map_err(unprepared)?)
    }

    fn accepted(&self, person: PersonId) -> Accepted {
        let assertion = &self.acceptable.assertion;
        Accepted {
            connection: self.connection.id,
            person,
            request_id: self.request_id.to_string(),
            certificate_fingerprint: assertion.signed_by.to_string(),
            user_pool: self.user_pool,
            issued_at: assertion.issue_instant,
        }
    }

    /// What the groups of the person at the identity provider mean to the SaaS.
    fn roles(&self) -> Vec<Role> {
        self.connection.settings.roles(&self.acceptable.identity.groups)
    }

    fn profile(&self) -> Profile {
        let Acceptable { subject, identity, email, .. } = self.acceptable;
        Profile {
            subject: subject.value().to_owned(),
            email: email.released(),
            name: identity.name.clone(),
            given_name: identity.given_name.clone(),
            family_name: identity.family_name.clone(),
        }
    }
}

pub(crate) fn person_stream(connection: &ReadyConnection, person: PersonId) -> StreamId {
    StreamId::of_id(person::CATEGORY, Some(connection.organization), person.uuid())
}

/// The stream that an assertion is used up in. Its month is that of the assertion's own IssueInstant, which the
/// signature covers: the same assertion has the same stream whenever it comes.
fn assertion_stream(connection: &ReadyConnection, asserted: &vestibule_saml::Assertion) -> Result<StreamId, Error> {
    let month = Partition::of(asserted.issue_instant);
    let key = assertion_key(connection.id, &asserted.id);
    let stream = StreamId::new(assertion::CATEGORY, Some(connection.organization), Some(month), key);
    stream.map_err(|error| AppendError::Unprepared(Box::new(error)).into())
}

/// SHA-256 over connection and assertion id: ids are the identity provider's to choose, and may be long.
fn assertion_key(connection: ConnectionId, id: &str) -> String {
    let mut context = Context::new(&SHA256);
    context.update(connection.uuid().as_bytes());
    context.update(id.as_bytes());
    hex::encode(context.finish())
}
