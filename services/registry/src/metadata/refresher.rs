use std::{sync::Arc, time::Duration};

use tokio::sync::{Mutex, Semaphore};
use vestibule_eventlog::{AppendError, CommandError, Current, EventLog, Metadata, StreamId};
use vestibule_fetch::{Fetched, Fetcher, Validators};
use vestibule_host::Resources;
use vestibule_kernel::{Chain, Clock, ConnectionId, IdSource, OrganizationId, Timestamp};
use vestibule_saml::limit::METADATA_BYTES_MAX;
use vestibule_tenancy::connection::{
    CATEGORY, Command, Connection, MetadataRefreshed, MetadataSource, NewCertificates, ObserveMetadata, Provenance,
    Trust,
};

use super::{
    Document, Entry, Unusable,
    book::{Book, Trouble, source_name},
    document::read_fetched,
    early::Early,
    schedule::{self, host_of},
};
use crate::{error::Error, worker};

/// Early refreshes that run at once; those beyond are dropped. They are caused by people whom nobody knows.
const EARLY_AT_ONCE: usize = 8;
/// Characters of what is told of a failure.
const MESSAGE_CHARS_MAX: usize = 500;

/// Reads metadata from its addresses, and has the connections take note of it.
pub(crate) struct Refresher {
    log: EventLog,
    fetcher: Fetcher,
    pub(super) book: Book,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    early: Semaphore,
}

/// Why metadata is read.
#[derive(Clone)]
pub(crate) enum Cause {
    /// It is due.
    Schedule,
    /// An operator wants it, now and whole.
    Operator(Metadata),
    /// A signature that nobody knows. Whoever sent it is unknown, too: only what the document says is recorded, never that
    /// it was not there.
    Unknown,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    Unchanged,
    Changed,
    Failed {
        /// Whether the host is in trouble, and not only this document.
        by_host: bool,
    },
}

/// A document from an address, and what makes the next fetch conditional.
pub(crate) struct Read {
    pub(crate) document: Document,
    validators: Validators,
}

impl Refresher {
    pub(crate) fn new(resources: &Resources, fetcher: Fetcher) -> Self {
        Self {
            log: resources.log.clone(),
            fetcher,
            book: Book { views: Arc::clone(&resources.views), start: resources.log.start(), changing: Mutex::new(()) },
            clock: Arc::clone(&resources.clock),
            ids: Arc::clone(&resources.ids),
            early: Semaphore::new(EARLY_AT_ONCE),
        }
    }

    /// Reads the document at a source that nothing is known of.
    pub(crate) async fn read(&self, source: &MetadataSource) -> Result<Read, Unusable> {
        let read = self.read_unless(source, &Validators::default()).await?;
        // Without validators no answer says that nothing was modified.
        read.ok_or(Unusable::Fetch(vestibule_fetch::FetchError::Status(304)))
    }

    /// The same, unless it is what it was.
    async fn read_unless(&self, source: &MetadataSource, known: &Validators) -> Result<Option<Read>, Unusable> {
        let address = self.fetcher.address(&source.url)?;
        match self.fetcher.fetch(&address, known, METADATA_BYTES_MAX).await? {
            Fetched::NotModified => Ok(None),
            Fetched::Document(fetched) => {
                let document = read_fetched(&fetched.bytes, source.pinned_key_der.as_deref(), self.clock.now())?;
                Ok(Some(Read { document, validators: fetched.validators }))
            }
        }
    }

    /// Remembers a document that was imported from its source just now.
    pub(crate) async fn remember(&self, connection: ConnectionId, source: &MetadataSource, read: &Read) {
        let entry = self.succeeded(Entry::default(), source, Some(read));
        if let Err(error) = self.book.change(connection, |_| Some(entry.clone())).await {
            tracing::warn!(%connection, error = %Chain(&error), "when the metadata was read is not remembered: it is read again");
        }
    }

    /// How reading the metadata of a connection goes.
    pub(crate) async fn entry(
        &self,
        connection: ConnectionId,
        source: &MetadataSource,
    ) -> Result<Option<Entry>, Error> {
        let name = source_name(source);
        Ok(self.book.entry(connection).await?.filter(|entry| entry.source == name))
    }

    /// Reads the metadata of a connection and has it take note.
    pub(crate) async fn refresh(
        &self,
        (organization, connection): (OrganizationId, ConnectionId),
        cause: &Cause,
    ) -> Result<Outcome, Error> {
        let stream = StreamId::of_id(CATEGORY, Some(organization), connection.uuid());
        let before = self.log.load::<Connection>(&stream).await?;
        let source = before.state.trust().and_then(|trust| trust.metadata_source.clone());
        let source = source.ok_or(Error::MetadataUrlMissing)?;
        let entry = self.entry(connection, &source).await?.unwrap_or_default();
        let found = match self.look(&before, &source, &entry, cause).await {
            Ok(read) => self
                .take_note(&stream, &before, &source, &entry, cause, read.as_ref())
                .await?
                .map(|outcome| (outcome, read)),
            Err(unusable) => Err(unusable),
        };
        match found {
            Ok((outcome, read)) => {
                let change = |entry| Some(self.succeeded(entry, &source, read.as_ref()));
                self.book.change(connection, change).await?;
                tracing::info!(%connection, ?outcome, monotonic_counter.vestibule_metadata_refreshes = 1_u64, "metadata was read");
                Ok(outcome)
            }
            Err(unusable) => {
                let reason = unusable.reason();
                tracing::warn!(%connection, reason, error = %Chain(&unusable), monotonic_counter.vestibule_metadata_failures = 1_u64, "metadata cannot be refreshed: what was known before counts");
                self.fail(&stream, connection, &source, cause, &unusable).await?;
                Ok(Outcome::Failed { by_host: unusable.is_of_host() })
            }
        }
    }

    /// The document, or nothing when it is what it was.
    async fn look(
        &self,
        before: &Current<Connection>,
        source: &MetadataSource,
        entry: &Entry,
        cause: &Cause,
    ) -> Result<Option<Read>, Unusable> {
        // Only a document that the connection has taken note of need not come again.
        let was_noted = before.state.trust().is_some_and(|trust| trust.refresh.digest.is_some());
        let whole = !was_noted || matches!(cause, Cause::Operator(_));
        let known = if whole { Validators::default() } else { entry.validators() };
        let read = self.read_unless(source, &known).await?;
        match entry.valid_until.filter(|until| *until <= self.clock.now()) {
            // SAML metadata section 2.3.2: an unchanged document is as old as it was.
            Some(until) if read.is_none() => Err(Unusable::Expired { until }),
            _ => Ok(read),
        }
    }

    async fn take_note(
        &self,
        stream: &StreamId,
        before: &Current<Connection>,
        source: &MetadataSource,
        entry: &Entry,
        cause: &Cause,
        read: Option<&Read>,
    ) -> Result<Result<Outcome, Unusable>, Error> {
        let at = self.clock.now();
        let mut after = before.version;
        if let Some(read) = read {
            let trust = if source.requires_approval { NewCertificates::AwaitApproval } else { NewCertificates::Trust };
            let provenance = Provenance {
                digest: Some(read.document.digest.clone()),
                is_older: read.document.stamp.is_older_than(&entry.stamp()),
                is_wanted: matches!(cause, Cause::Operator(_)),
            };
            let observe = ObserveMetadata { metadata: read.document.metadata.clone(), trust, at, provenance };
            // The source was read before the document: another one that was set meanwhile says something else.
            let command = Command::ObserveMetadata(observe);
            let etag = Some(before.version);
            match self.log.execute::<Connection>(stream, etag, metadata(cause), &command).await {
                Ok(current) => after = current.version,
                Err(CommandError::Rejected(rejection)) => return Ok(Err(rejection.into())),
                // The next look would find the same: it is the document's fault, not the store's.
                Err(CommandError::Append(AppendError::TooLarge { .. })) => return Ok(Err(Unusable::TooLarge)),
                Err(error) => return Err(error.into()),
            }
        }
        let changed = after != before.version;
        // Nor is it recorded because of somebody whom nobody knows that it is there again.
        let is_recorded = changed || !matches!(cause, Cause::Unknown);
        if let Some(note) = noted(before.state.trust(), read, at).filter(|_| is_recorded) {
            self.log.execute::<Connection>(stream, None, metadata(cause), &Command::NoteRefresh(note)).await?;
        }
        Ok(Ok(if changed { Outcome::Changed } else { Outcome::Unchanged }))
    }

    fn succeeded(&self, entry: Entry, source: &MetadataSource, read: Option<&Read>) -> Entry {
        let now = self.clock.now();
        let [random] = self.ids.bytes::<1>();
        let mut entry = Entry { source: source_name(source), failures: 0, trouble: None, ..entry };
        if let Some(Read { document, validators }) = read {
            entry.etag.clone_from(&validators.etag);
            entry.last_modified.clone_from(&validators.last_modified);
            entry.valid_until = document.metadata.identity_provider.metadata_valid_until;
            entry.published_at = document.stamp.published_at;
            entry.signed_until = document.stamp.valid_until;
            entry.cache_seconds = document.cache.map(|cache| cache.as_secs());
        }
        let cache = entry.cache_seconds.map(Duration::from_secs);
        let next_at = schedule::next(now, cache, entry.valid_until, random);
        Entry { attempted_at: Some(now), succeeded_at: Some(now), next_at, ..entry }
    }

    async fn fail(
        &self,
        stream: &StreamId,
        connection: ConnectionId,
        source: &MetadataSource,
        cause: &Cause,
        unusable: &Unusable,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        if matches!(cause, Cause::Unknown) {
            return Ok(());
        }
        let [random] = self.ids.bytes::<1>();
        let trouble = Trouble {
            reason: unusable.reason().to_owned(),
            message: unusable.to_string().chars().take(MESSAGE_CHARS_MAX).collect(),
        };
        let name = source_name(source);
        let failed = |entry: Entry| {
            // Of another source nothing counts.
            let entry = if entry.source == name { entry } else { Entry { source: name.clone(), ..Entry::default() } };
            let failures = entry.failures.saturating_add(1);
            let next_at = schedule::retry(now, failures, random);
            Some(Entry { attempted_at: Some(now), next_at, failures, trouble: Some(trouble.clone()), ..entry })
        };
        self.book.change(connection, failed).await?;
        let command = Command::NoteRefreshFailure { reason: unusable.reason(), at: now };
        self.log.execute::<Connection>(stream, None, metadata(cause), &command).await?;
        Ok(())
    }

    /// A signature did not verify with any trusted certificate: reads the metadata earlier, in the background, if that was
    /// not done a moment ago.
    pub(crate) fn notice(self: &Arc<Self>, id: (OrganizationId, ConnectionId)) {
        let refresher = Arc::clone(self);
        tokio::spawn(async move {
            let Ok(_place) = refresher.early.try_acquire() else {
                tracing::warn!(
                    monotonic_counter.vestibule_metadata_early_dropped = 1_u64,
                    "an early refresh of metadata was dropped: many run"
                );
                return;
            };
            if let Err(error) = refresher.refresh_early(id).await {
                tracing::warn!(connection = %id.1, error = %Chain(&error), "an early refresh of metadata failed");
            }
        });
    }

    async fn refresh_early(&self, id: (OrganizationId, ConnectionId)) -> Result<(), Error> {
        let stream = StreamId::of_id(CATEGORY, Some(id.0), id.1.uuid());
        let current = self.log.load::<Connection>(&stream).await?;
        let source = current.state.trust().and_then(|trust| trust.metadata_source.as_ref());
        let Some(source) = source else { return Ok(()) };
        match self.book.claim_early(id, &host_of(&source.url), self.clock.now()).await? {
            Early::Claimed => {
                tracing::info!(connection = %id.1, monotonic_counter.vestibule_metadata_early = 1_u64, "a signature that nobody knows: metadata is read early");
                self.refresh(id, &Cause::Unknown).await?;
            }
            Early::NotYet => {}
            Early::TooMany => {
                tracing::warn!(connection = %id.1, monotonic_counter.vestibule_metadata_early_dropped = 1_u64, "an early refresh of metadata was dropped: its host was asked, or its organization was read for, often enough");
            }
        }
        Ok(())
    }
}

/// What to record of a document, or of one that is what it was.
fn noted(trust: Option<&Trust>, read: Option<&Read>, at: Timestamp) -> Option<MetadataRefreshed> {
    let (digest, valid_until, cache) = match read {
        Some(Read { document, .. }) => {
            let valid_until = document.metadata.identity_provider.metadata_valid_until;
            (document.digest.clone(), valid_until, document.cache)
        }
        None => (trust?.refresh.digest.clone()?, trust?.identity_provider.metadata_valid_until, None),
    };
    Some(MetadataRefreshed { digest, valid_until, cache_until: schedule::next(at, cache, valid_until, 0) })
}

fn metadata(cause: &Cause) -> Metadata {
    match cause {
        Cause::Operator(metadata) => metadata.clone(),
        Cause::Schedule | Cause::Unknown => worker::metadata(),
    }
}
