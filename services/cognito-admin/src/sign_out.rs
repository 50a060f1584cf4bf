use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use vestibule_consumer::{Event, HandleError, Handler};

use crate::{Cognito, CognitoError, Directory, DirectoryError, UserPool, Username};

/// Signs people out of their user pools.
pub struct SignOut {
    directory: Arc<dyn Directory>,
    cognito: Arc<dyn Cognito>,
    /// Of the events that will be tried again, by id: so that thousands are not signed out anew because of one.
    begun: Mutex<HashMap<String, Progress>>,
}

/// How far it came with the users of one event.
#[derive(Default)]
struct Progress {
    /// Who was signed out, or cannot be.
    settled: HashSet<(UserPool, Username)>,
    /// Why somebody cannot be.
    refused: Option<CognitoError>,
}

/// An event does not say whom it is about.
#[derive(Debug, thiserror::Error)]
#[error("the event does not say {0}")]
struct Unsaid(&'static str);

impl SignOut {
    /// Asks the directory who they are, and Cognito to do it.
    #[must_use]
    pub fn new(directory: Arc<dyn Directory>, cognito: Arc<dyn Cognito>) -> Self {
        Self { directory, cognito, begun: Mutex::default() }
    }

    /// Signs out whoever is not settled yet. That one cannot be signed out keeps nobody else signed in.
    async fn settle(&self, users: Vec<(UserPool, Username)>, progress: &mut Progress) -> Result<(), CognitoError> {
        for user in users {
            if progress.settled.contains(&user) {
                continue;
            }
            match self.cognito.sign_out(&user.0, &user.1).await {
                Ok(()) => {}
                Err(error @ CognitoError::Never(_)) => progress.refused = Some(error),
                Err(error @ CognitoError::Again(_)) => return Err(error),
            }
            progress.settled.insert(user);
        }
        progress.refused.take().map_or(Ok(()), Err)
    }

    fn begun(&self) -> MutexGuard<'_, HashMap<String, Progress>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn users(&self, event: &Event) -> Result<Vec<(UserPool, Username)>, HandleError> {
        let said = |name: &'static str| {
            let text = event.data.get(name).and_then(|value| value.as_str());
            text.ok_or_else(|| HandleError::Never(Box::new(Unsaid(name))))
        };
        let organization = format!("organizations/{}", said("organization")?);
        let users = match event.name.as_str() {
            "person.deactivated" | "person.signed_out" | "person.superseded" => {
                self.directory.person(&organization, said("person")?).await
            }
            "connection.disabled" => {
                let connection = format!("{organization}/connections/{}", said("connection")?);
                self.directory.everybody(&organization, Some(&connection)).await
            }
            "organization.suspended" => self.directory.everybody(&organization, None).await,
            // Somebody wants more than we know; that is no reason to lose it.
            _ => return Err(HandleError::Never(Box::new(Unsaid("anything that ends sessions")))),
        };
        users.map_err(|error: DirectoryError| HandleError::Again(error.into()))
    }
}

#[async_trait]
impl Handler for SignOut {
    async fn handle(&self, event: &Event) -> Result<(), HandleError> {
        let users = self.users(event).await?;
        let count = users.len();
        let mut progress = self.begun().remove(&event.id).unwrap_or_default();
        let settled = self.settle(users, &mut progress).await;
        settled.map_err(|error| match error {
            error @ CognitoError::Again(_) => {
                self.begun().insert(event.id.clone(), progress);
                HandleError::Again(error.into())
            }
            error @ CognitoError::Never(_) => HandleError::Never(error.into()),
        })?;
        tracing::info!(event = event.name, users = count, "signed out of their user pools");
        Ok(())
    }

    /// Until AWS and the registry are back: whoever is shut out has to lose the sessions, however late.
    fn attempts_max(&self) -> Option<u32> {
        None
    }
}
