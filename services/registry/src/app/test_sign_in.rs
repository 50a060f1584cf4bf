use std::time::Duration;

use uuid::Uuid;
use vestibule_kernel::UserPoolId;
use vestibule_storage::{TestOutcome, TestTicket};
use vestibule_tenancy::{
    connection::{self, Connection},
    organization::Organization,
    user_pool::UserPool,
};

use super::Registry;
use crate::{error::Error, onboarding::ConnectionName};

/// The link of a test sign-in, for the one answer that tells it.
pub(crate) struct NewTestSignIn {
    pub(crate) ticket: TestTicket,
    pub(crate) url: String,
}

/// What is known of a test sign-in.
pub(crate) struct TestSignIn {
    pub(crate) ticket: TestTicket,
    /// Whether somebody has passed, which the event log knows.
    pub(crate) has_passed: bool,
    /// What came of the attempt that passed, or else of the last one.
    pub(crate) outcome: Option<TestOutcome>,
}

impl Registry {
    /// Makes the link of a test sign-in on a connection that is not live.
    pub(crate) async fn create_test_sign_in(
        &self,
        id: ConnectionName,
        lifetime: Duration,
    ) -> Result<NewTestSignIn, Error> {
        let (organization, connection) = id;
        if matches!(self.connection(id).await?.state, Connection::Enabled(_)) {
            return Err(Error::rejected(connection::Rejection::Enabled));
        }
        let owner = self.organization(organization).await?.state;
        let user_pool = owner_pool(&owner);
        let now = self.clock.now();
        let ticket = TestTicket {
            id: self.ids.uuid_v4(),
            organization,
            connection,
            email_required: self.requires_email(user_pool).await?,
            expires_at: now.plus(lifetime),
        };
        let text = ticket.sign(&self.keys, now).await?;
        self.test_sign_ins.begin(&ticket).await?;
        let url = format!("{}/test-sign-in?ticket={text}", self.public_url.as_str());
        Ok(NewTestSignIn { ticket, url })
    }

    /// What came of a test sign-in.
    pub(crate) async fn test_sign_in(&self, id: ConnectionName, test: Uuid) -> Result<TestSignIn, Error> {
        let found = self.test_sign_ins.find(test, self.clock.now()).await?;
        let is_its = |ticket: &TestTicket| (ticket.organization, ticket.connection) == id;
        let (ticket, outcome) = found.filter(|(ticket, _)| is_its(ticket)).ok_or(Error::TestSignInNotFound)?;
        // What came of it is noted after it was recorded, and may not have been.
        let has_passed = self.log.holder(connection::TEST, &test.to_string()).await?.is_some();
        let outcome = outcome.filter(|outcome| outcome.refused.is_none() == has_passed);
        Ok(TestSignIn { ticket, has_passed, outcome })
    }

    async fn requires_email(&self, user_pool: Option<UserPoolId>) -> Result<bool, Error> {
        let Some(user_pool) = user_pool else { return Ok(false) };
        Ok(match self.user_pool(user_pool).await?.state {
            UserPool::Absent => false,
            UserPool::Registered(terms) => terms.requires_email,
        })
    }
}

fn owner_pool(owner: &Organization) -> Option<UserPoolId> {
    owner.terms().map(|terms| terms.placement.user_pool())
}
