use async_nats::{
    Client,
    jetstream::{
        Context, ErrorCode,
        context::GetStreamErrorKind,
        stream::{Config, DiscardPolicy, RetentionPolicy, StorageType, Stream},
    },
};

use crate::StreamSettings;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Before this version a server does not compare the end of a lane: it takes the header for that of a single subject.
const SERVER_VERSION_MIN: (i64, i64, i64) = (2, 11, 0);

/// The stream cannot be used. Everything here may pass: an operator mends it, and the relay goes on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StreamError {
    #[error("NATS is not connected")]
    NotConnected,
    #[error("NATS 2.11 or later is needed")]
    ServerTooOld,
    #[error("the stream cannot be read")]
    Read(#[source] Cause),
    #[error("the stream is not there: `vestibule nats apply` makes it")]
    Absent,
    #[error("the stream cannot be made")]
    Create(#[source] Cause),
    #[error("the limits of the stream cannot be changed")]
    Update(#[source] Cause),
    #[error("the stream takes other subjects, is not kept in files, or drops old messages when it is full")]
    Foreign,
}

/// The stream as configured: made when it is not there, its limits brought up to date when they differ, by whoever
/// `manages` it.
pub(crate) async fn ensure(
    client: &Client,
    context: &Context,
    settings: &StreamSettings,
    manages: bool,
) -> Result<Stream<()>, StreamError> {
    let (major, minor, patch) = SERVER_VERSION_MIN;
    if !client.is_server_compatible(major, minor, patch) {
        return Err(StreamError::ServerTooOld);
    }
    let wanted = config(settings);
    match context.get_stream(&settings.name).await {
        Ok(found) => {
            let found = found.cached_info().config.clone();
            let ours = found.subjects == wanted.subjects
                && found.storage == wanted.storage
                && found.discard == wanted.discard
                && found.retention == wanted.retention;
            if !ours {
                return Err(StreamError::Foreign);
            }
            let updated = Config {
                max_age: wanted.max_age,
                max_bytes: wanted.max_bytes,
                duplicate_window: wanted.duplicate_window,
                num_replicas: wanted.num_replicas,
                ..found.clone()
            };
            if manages && updated != found {
                context.update_stream(&updated).await.map_err(|error| StreamError::Update(error.into()))?;
            }
        }
        Err(error) => match error.kind() {
            GetStreamErrorKind::JetStream(answer) if answer.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                if !manages {
                    return Err(StreamError::Absent);
                }
                context.create_stream(wanted).await.map_err(|error| StreamError::Create(error.into()))?;
            }
            _ => return Err(StreamError::Read(error.into())),
        },
    }
    context.get_stream_no_info(&settings.name).await.map_err(|error| StreamError::Read(error.into()))
}

fn config(settings: &StreamSettings) -> Config {
    Config {
        name: settings.name.clone(),
        description: Some("Published events of Vestibule".to_owned()),
        subjects: vec![settings.subjects.clone()],
        retention: RetentionPolicy::Limits,
        storage: StorageType::File,
        // What is acknowledged stays until its time has come; what does not fit waits in the log.
        discard: DiscardPolicy::New,
        max_age: settings.max_age,
        max_bytes: settings.max_bytes,
        duplicate_window: settings.dedupe_window,
        num_replicas: settings.replicas,
        ..Config::default()
    }
}
