//! Changes in who signs in where, each in one append: at no moment is there nowhere to go.

use std::time::Duration;

use vestibule_decider::Decider as _;
use vestibule_eventlog::{AppendError, Transaction};
use vestibule_kernel::OrganizationId;
use vestibule_tenancy::{
    Note,
    connection::{Command, Connection, Trust},
    onboarding::Onboarding,
};

use super::{
    Change, Registry,
    onboarding::{connection_stream, holding, require_etag},
};
use crate::{
    error::Error,
    field::InvalidFields,
    onboarding::{ATTEMPTS_MAX, ConnectionName, Held, stream},
    resource::Resource,
};

/// How a connection is replaced.
pub(crate) struct Replace {
    pub(crate) replacement: ConnectionName,
    /// For how long the old one goes on for whoever has begun.
    pub(crate) overlap: Duration,
    pub(crate) override_note: Option<Note>,
}

impl Registry {
    /// Lets people begin over another connection, which must be ready and let them in, and disables the old one after an overlap. Answers
    /// both, the old one first.
    pub(crate) async fn replace_connection(
        &self,
        id: ConnectionName,
        change: Change,
        replace: Replace,
    ) -> Result<(Resource<Connection>, Resource<Connection>), Error> {
        let Replace { replacement, overlap, override_note } = replace;
        if replacement.0 != id.0 || replacement.1 == id.1 {
            let description = "must be another connection of the same organization";
            return Err(InvalidFields::one("REPLACEMENT_INVALID", "replacement", description).into());
        }
        let (old, new) = (connection_stream(id), connection_stream(replacement));
        for _ in 0..ATTEMPTS_MAX {
            let onboarding = self.log.load::<Onboarding>(&stream(replacement)).await?;
            let (leaving, coming) = (self.existing(&old).await?, self.existing(&new).await?);
            require_etag(&change, leaving.version)?;
            let until = self.clock.now().plus(overlap);
            if !coming.state.trust().is_some_and(|trust| trust.lets_in(self.clock.now())) {
                // Whatever somebody says why: whoever means that nobody gets in disables the other one.
                return Err(Error::ReplacementUnusable);
            }
            let end = Command::Replace { by: replacement.1, until };
            let end = leaving.state.decide(&end).map_err(Error::rejected)?;
            let begin = coming.state.decide(&Command::Enable).map_err(Error::rejected)?;
            let is_live = matches!(coming.state, Connection::Enabled(_));
            let (steps, domain) = if is_live {
                (Vec::new(), None)
            } else {
                self.go_live(replacement, &onboarding.state, &coming.state, override_note.clone()).await?
            };
            let mut transaction = Transaction::new(change.metadata.clone())
                .append(new.clone(), coming.version, &begin)
                .and_then(|transaction| transaction.append(stream(replacement), onboarding.version, &steps))
                .and_then(|transaction| transaction.append(old.clone(), leaving.version, &end))
                .map_err(|error| AppendError::Unprepared(Box::new(error)))?;
            if begin.is_empty() {
                // It is what people go to, so it must still be there when the other one goes.
                transaction = transaction.unchanged(new.clone(), coming.version);
            }
            transaction = holding(transaction, domain);
            match self.log.append(transaction).await {
                Ok(_) => return Ok((self.connection(id).await?, self.connection(replacement).await?)),
                Err(AppendError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Contended)
    }

    /// Turns a connection off. The last one over which people begin only when `leave_without_sign_in`.
    pub(crate) async fn disable_connection(
        &self,
        id: ConnectionName,
        change: Change,
        note: Note,
        leave_without_sign_in: bool,
    ) -> Result<Resource<Connection>, Error> {
        let disabled = connection_stream(id);
        let disable = Command::Disable { note };
        for _ in 0..ATTEMPTS_MAX {
            let known = self.existing(&disabled).await?;
            require_etag(&change, known.version)?;
            let events = known.state.decide(&disable).map_err(Error::rejected)?;
            if events.is_empty() {
                return Ok(known.into());
            }
            let mut transaction = Transaction::new(change.metadata.clone())
                .append(disabled.clone(), known.version, &events)
                .map_err(|error| AppendError::Unprepared(Box::new(error)))?;
            if !leave_without_sign_in && is_begun_with(&known.state).is_some() {
                let (other, version) = self.way_in(id.0, Some(id)).await?.ok_or(Error::LastConnection)?;
                // Whoever turns that one off at the same time looks for another one, too: one of the two comes too late.
                transaction = transaction.unchanged(other, version);
            }
            match self.log.append(transaction).await {
                Ok(_) => return self.connection(id).await,
                Err(AppendError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Contended)
    }

    /// Another connection than `except` over which people of the organization begin a sign-in, and get in, as it is now.
    pub(super) async fn way_in(
        &self,
        organization: OrganizationId,
        except: Option<ConnectionName>,
    ) -> Result<Option<Held>, Error> {
        for (connection, is_enabled) in self.onboardings.connections(organization).await? {
            if !is_enabled || Some(connection) == except {
                continue;
            }
            let stream = connection_stream(connection);
            let known = self.log.load::<Connection>(&stream).await?;
            if is_begun_with(&known.state).is_some_and(|trust| trust.lets_in(self.clock.now())) {
                return Ok(Some((stream, known.version)));
            }
        }
        Ok(None)
    }
}

/// Whom people begin with there, if they do.
fn is_begun_with(connection: &Connection) -> Option<&Trust> {
    match connection {
        Connection::Enabled(trust) => Some(trust).filter(|trust| trust.replaced.is_none()),
        Connection::Absent | Connection::Disabled(_) => None,
    }
}
