use crate::{Archive, Cursor, Filter, ReadError, Recorded, Removed};

/// How many events are read at once.
const PAGE_EVENTS: usize = 1_000;

/// What is found at one position.
pub(crate) enum Entry {
    /// An event.
    Event(Box<Recorded>),
    /// What is left of an archived one.
    Removed(Removed),
    /// A row that cannot be read.
    Unreadable {
        /// Its position.
        position: u64,
        /// What the decoder said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Entry {
    pub(crate) const fn position(&self) -> u64 {
        match self {
            Self::Event(event) => event.cursor.position(),
            Self::Removed(removed) => removed.position,
            Self::Unreadable { position, .. } => *position,
        }
    }
}

/// Everything between two positions, in order, in pages: what is there, what was archived, what cannot be read.
pub(crate) struct Entries<'a> {
    store: &'a dyn Archive,
    after: u64,
    to: u64,
    /// Up to here events are read one by one, because a page breaks on an unreadable row.
    singly_to: u64,
}

impl<'a> Entries<'a> {
    /// Behind `after`, up to `to`.
    pub(crate) fn between(store: &'a dyn Archive, after: u64, to: u64) -> Self {
        Self { store, after, to, singly_to: 0 }
    }

    /// The next page; `None` at the end.
    pub(crate) async fn page(&mut self) -> Result<Option<Vec<Entry>>, ReadError> {
        while self.after < self.to {
            let (mut entries, next) = self.events().await?;
            let removed = self.store.removed(self.after, PAGE_EVENTS).await?;
            // A full page of either says nothing about what lies behind its end.
            let mut end = next.min(self.to);
            if removed.len() == PAGE_EVENTS {
                end = end.min(removed.last().map_or(end, |last| last.position));
            }
            entries.extend(removed.into_iter().map(Entry::Removed));
            entries.retain(|entry| entry.position() <= end);
            entries.sort_by_key(Entry::position);
            // Archiving meanwhile may show an event both ways.
            entries.dedup_by_key(|entry| entry.position());
            self.after = end;
            if !entries.is_empty() {
                return Ok(Some(entries));
            }
        }
        Ok(None)
    }

    async fn events(&mut self) -> Result<(Vec<Entry>, u64), ReadError> {
        let after = Cursor::at(self.store.epoch(), self.after);
        let max = if self.after < self.singly_to { 1 } else { PAGE_EVENTS };
        match self.store.read_all(after, &Filter::default(), max).await {
            Ok(page) => {
                Ok((page.events.into_iter().map(|event| Entry::Event(Box::new(event))).collect(), page.next.position()))
            }
            Err(ReadError::Corrupt { position, source }) if max == 1 => {
                Ok((vec![Entry::Unreadable { position, source }], position))
            }
            Err(ReadError::Corrupt { position, .. }) => {
                self.singly_to = position;
                Ok((Vec::new(), self.after))
            }
            Err(error) => Err(error),
        }
    }
}
