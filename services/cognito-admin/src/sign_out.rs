use std::sync::Arc;

use async_trait::async_trait;
use vestibule_consumer::{Event, HandleError, Handler};

use crate::{Cognito, CognitoError, Directory, DirectoryError, UserPool, Username};

/// Signs people out of their user pools.
#[derive(Clone)]
pub struct SignOut {
    directory: Arc<dyn Directory>,
    cognito: Arc<dyn Cognito>,
}

/// An event does not say whom it is about.
#[derive(Debug, thiserror::Error)]
#[error("the event does not say {0}")]
struct Unsaid(&'static str);

impl SignOut {
    /// Asks the directory who they are, and Cognito to do it.
    #[must_use]
    pub const fn new(directory: Arc<dyn Directory>, cognito: Arc<dyn Cognito>) -> Self {
        Self { directory, cognito }
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
        for (pool, username) in users {
            self.cognito.sign_out(&pool, &username).await.map_err(|error| match error {
                error @ CognitoError::Again(_) => HandleError::Again(error.into()),
                error @ CognitoError::Never(_) => HandleError::Never(error.into()),
            })?;
        }
        tracing::info!(event = event.name, users = count, "signed out of their user pools");
        Ok(())
    }
}
