use std::sync::Arc;

use async_trait::async_trait;
use tracing::Instrument as _;
use vestibule_consumer::{Event, HandleError, Handler};
use vestibule_kernel::{ConnectionId, OrganizationId, PersonId};

use crate::{Error, Provisioner, Verdict, trace::Cause};

/// Does what an event calls for. The event says only whom to look at; how they are now, the registry knows.
#[derive(Clone)]
pub struct Provide(Arc<Provisioner>);

/// An event does not say whom it is about.
#[derive(Debug, thiserror::Error)]
#[error("the event does not say {0}")]
struct Unsaid(&'static str);

/// Some of many could not be provided.
#[derive(Debug, thiserror::Error)]
#[error("{failed} people could not be provisioned, the first because")]
struct Partly {
    failed: u64,
    #[source]
    first: Error,
}

impl Provide {
    /// Keeps this service.
    #[must_use]
    pub const fn new(provisioner: Arc<Provisioner>) -> Self {
        Self(provisioner)
    }

    async fn provide(&self, event: &Event, cause: &Cause) -> Result<(), HandleError> {
        let organization: OrganizationId = said(event, "organization")?;
        if !self.0.served.has(organization) {
            return Ok(());
        }
        match event.name.as_str() {
            "person.superseded" => {
                self.person(organization, said(event, "person")?, cause).await?;
                self.person(organization, said(event, "by")?, cause).await
            }
            name if name.starts_with("person.") => self.person(organization, said(event, "person")?, cause).await,
            "connection.enabled" | "connection.disabled" => {
                self.everybody(organization, Some(said(event, "connection")?), cause).await
            }
            "organization.suspended" | "organization.reinstated" => self.everybody(organization, None, cause).await,
            // Somebody wants more than we know; that is no reason to lose it.
            _ => Err(HandleError::Never(Box::new(Unsaid("anything about people")))),
        }
    }

    async fn person(&self, organization: OrganizationId, person: PersonId, cause: &Cause) -> Result<(), HandleError> {
        self.0.provide(organization, person, cause).await.map_err(|error| match error.verdict() {
            Verdict::Never => HandleError::Never(error.into()),
            Verdict::Again | Verdict::Wait(_) => HandleError::Again(error.into()),
        })
    }

    /// Everybody of an organization, or who comes over one connection. What one of them lacks keeps nobody else waiting.
    async fn everybody(
        &self,
        organization: OrganizationId,
        connection: Option<ConnectionId>,
        cause: &Cause,
    ) -> Result<(), HandleError> {
        let (mut failed, mut first, mut page_token) = (0, None, String::new());
        loop {
            let page = self.0.people(organization, &page_token).await;
            let (people, next) = page.map_err(|error| HandleError::Again(error.into()))?;
            for standing in people.iter().filter(|person| connection.is_none() || person.connection == connection) {
                if let Err(error) = self.0.provide_or_give_up(organization, standing.person, cause).await {
                    self.0.failed(standing.person, &error);
                    failed += 1;
                    first.get_or_insert(error);
                }
            }
            if next.is_empty() {
                break;
            }
            page_token = next;
        }
        match first {
            Some(first) => Err(HandleError::Never(Box::new(Partly { failed, first }))),
            None => Ok(()),
        }
    }
}

#[async_trait]
impl Handler for Provide {
    async fn handle(&self, event: &Event) -> Result<(), HandleError> {
        let cause = Cause::new(event.traceparent.as_deref());
        let span = tracing::info_span!("provisioner.provide", service = self.0.name);
        cause.continued(&span);
        self.provide(event, &cause).instrument(span).await
    }
}

fn said<T: std::str::FromStr>(event: &Event, name: &'static str) -> Result<T, HandleError> {
    let text = event.data.get(name).and_then(|value| value.as_str());
    let read = text.and_then(|text| text.parse().ok());
    read.ok_or_else(|| HandleError::Never(Box::new(Unsaid(name))))
}
