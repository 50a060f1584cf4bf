//! What shall lie in JetStream, as a file says it, held against what lies there.

mod bucket;
mod change;
mod consumer;
mod declaration;
mod stream;

use std::time::Duration;

use async_nats::jetstream::{
    Context, ErrorCode,
    context::{ContextBuilder, GetStreamErrorKind},
    stream::Info,
};
pub use change::{Change, Danger, Field};
pub use declaration::{
    BucketDeclaration, ConsumerDeclaration, Declaration, InvalidDeclaration, StreamDeclaration, WhenFull,
};

use self::change::Planned;
use crate::{ConnectError, Settings, connect::connect_now};

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// How long the server may take to be there.
const CONNECTED_WITHIN: Duration = Duration::from_secs(10);

/// How long an answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// What is declared could not be compared with what is there, or not be brought about.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The connection cannot be made as configured.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Something cannot be read.
    #[error("{object} cannot be read")]
    Read {
        /// What.
        object: String,
        /// Why.
        source: Cause,
    },
    /// Something cannot be made or changed.
    #[error("{object} cannot be made as declared")]
    Write {
        /// What.
        object: String,
        /// Why.
        source: Cause,
    },
}

/// Whoever may make and change what lies in JetStream.
pub struct Administrator {
    context: Context,
}

/// How what is declared differs from what is there.
pub struct Plan(Vec<Planned>);

impl Administrator {
    /// Connects, and waits a while for a server that is not there.
    ///
    /// # Errors
    /// [`ApplyError`].
    pub async fn connect(settings: &Settings) -> Result<Self, ApplyError> {
        let client = connect_now(settings, CONNECTED_WITHIN).await?;
        let context = ContextBuilder::new().timeout(ANSWER_TIMEOUT).ack_timeout(ANSWER_TIMEOUT).build(client);
        Ok(Self { context })
    }

    /// Compares. Changes nothing.
    ///
    /// # Errors
    /// [`ApplyError::Read`].
    pub async fn plan(&self, declaration: &Declaration) -> Result<Plan, ApplyError> {
        let mut planned = Vec::new();
        for declared in &declaration.streams {
            planned.extend(stream::compare(declared, self.find(&declared.name).await?));
        }
        for declared in &declaration.buckets {
            planned.extend(bucket::compare(declared, self.find(&bucket::stream_name(declared)).await?));
        }
        for declared in &declaration.consumers {
            planned.extend(consumer::compare(declared, consumer::find(&self.context, declared).await?));
        }
        Ok(Plan(planned))
    }

    /// Brings about what was planned. Look at [`Plan::dangers`] before.
    ///
    /// # Errors
    /// [`ApplyError::Write`]; what was made before stays, and the next plan has the rest.
    pub async fn apply(&self, plan: Plan) -> Result<(), ApplyError> {
        for planned in plan.0 {
            planned.write.apply(&self.context).await?;
        }
        Ok(())
    }

    async fn find(&self, stream: &str) -> Result<Option<Info>, ApplyError> {
        match self.context.get_stream(stream).await {
            Ok(found) => Ok(Some(found.cached_info().clone())),
            Err(error) => match error.kind() {
                GetStreamErrorKind::JetStream(answer) if answer.error_code() == ErrorCode::STREAM_NOT_FOUND => Ok(None),
                _ => Err(ApplyError::Read { object: format!("stream {stream}"), source: error.into() }),
            },
        }
    }
}

impl Plan {
    /// Every difference, in the order in which they would be applied.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.0.iter().flat_map(|planned| &planned.changes)
    }

    /// The differences that lose something, or cannot be brought about.
    pub fn dangers(&self) -> impl Iterator<Item = (&Change, Danger)> {
        self.changes().filter_map(|change| change.danger.map(|danger| (change, danger)))
    }

    /// Whether everything is as declared.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
