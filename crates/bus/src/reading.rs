use std::collections::BTreeSet;

use vestibule_eventlog::{Cursor, EventLog, Filter, Page, ReadError, Recorded};
use vestibule_kernel::{Explain, Explanation, Kind, OrganizationId};

use crate::{
    catalog::{CATALOG, MapError},
    event::{Event, Events},
};

/// How many events a list reads from the log at once.
const LIST_PAGE_EVENTS: usize = 256;

/// How much one list answers with.
#[derive(Clone, Copy, Debug)]
pub struct ListLimits {
    /// How many events.
    pub events: usize,
    /// How many bytes of all events together ([`Event::size_bytes`]). One event alone may be larger.
    pub bytes: usize,
    /// How many pages of the log are looked at.
    pub pages: usize,
}

/// Which published events a reader wants.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    organization: Option<OrganizationId>,
    /// Names of stored event types; `None` for all that are published.
    stored: Option<BTreeSet<&'static str>>,
}

/// No published event has this type.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no event of type {0} is published")]
pub struct UnknownType(pub String);

impl Wanted {
    /// All events of one organization, or of the whole deployment.
    #[must_use]
    pub const fn all(organization: Option<OrganizationId>) -> Self {
        Self { organization, stored: None }
    }

    /// Only events of these types, each as `noun.fact`, or `noun.*` for all of a noun. All types when there are none.
    ///
    /// # Errors
    /// [`UnknownType`]: a reader that waits for what never comes would believe that nothing happens.
    pub fn of_types<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Result<Self, UnknownType> {
        let mut stored = None;
        for name in names {
            let noun = name.strip_suffix('*').filter(|noun| noun.ends_with('.'));
            let is = |published: &str| noun.map_or(published == name, |noun| published.starts_with(noun));
            let mut found = CATALOG.iter().filter(|(_, published)| published.is_some_and(is)).peekable();
            if found.peek().is_none() {
                return Err(UnknownType(name.to_owned()));
            }
            stored.get_or_insert_with(BTreeSet::new).extend(found.map(|(stored, _)| *stored));
        }
        Ok(Self { stored, ..self })
    }

    /// Whose events are wanted, unless all are.
    #[must_use]
    pub const fn organization(&self) -> Option<OrganizationId> {
        self.organization
    }

    /// What has to be read of the log.
    #[must_use]
    pub fn filter(&self) -> Filter {
        let stored = self.stored.iter().flatten();
        // The category of a stream stands before the fact in the names of its events.
        let categories: BTreeSet<&'static str> =
            stored.filter_map(|name| name.split_once('.')).map(|(category, _)| category).collect();
        Filter { categories: categories.into_iter().collect(), organization: self.organization }
    }

    /// Whether it is worth opening.
    fn takes(&self, recorded: &Recorded) -> bool {
        self.stored.as_ref().is_none_or(|stored| stored.contains(recorded.name.as_str()))
    }
}

/// Published events cannot be read any further.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An event cannot be published. It must not be left out silently.
    #[error("the event at position {position} cannot be published")]
    Poison {
        /// Its place in the log.
        position: u64,
        /// Why.
        source: MapError,
    },
}

impl Explain for EventError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Read(error) => error.explain(),
            Self::Poison { source: MapError::Load(error), .. } => error.explain(),
            Self::Poison { .. } => Explanation::new(Kind::Corrupt, "EVENT_UNREADABLE"),
        }
    }
}

impl Events {
    /// What is published of a page of the log, in its order, as far as it is wanted: all of it, or what stands before the
    /// event that cannot be published, and why.
    pub async fn of_page(&self, log: &EventLog, page: &Page, wanted: &Wanted) -> (Vec<Event>, Result<(), EventError>) {
        let mut events = Vec::with_capacity(page.events.len());
        for recorded in &page.events {
            match self.wanted_of(log, recorded, wanted).await {
                Ok(event) => events.extend(event),
                Err(error) => return (events, Err(error)),
            }
        }
        (events, Ok(()))
    }

    /// Events behind `after`, as many as the limits allow: the answer may be short, and even empty, before the end.
    ///
    /// # Errors
    /// [`EventError`].
    pub async fn list(
        &self,
        log: &EventLog,
        after: Cursor,
        wanted: &Wanted,
        limits: ListLimits,
    ) -> Result<Listed, EventError> {
        let filter = wanted.filter();
        let mut listed = Listed { events: Vec::new(), next: after, at_head: false };
        let mut bytes = 0;
        for _ in 0..limits.pages {
            let page = log.read_all(listed.next, &filter, LIST_PAGE_EVENTS).await?;
            for recorded in &page.events {
                if listed.events.len() == limits.events {
                    return Ok(listed);
                }
                match self.wanted_of(log, recorded, wanted).await {
                    Ok(event) => {
                        bytes += event.as_ref().map_or(0, Event::size_bytes);
                        if bytes > limits.bytes && !listed.events.is_empty() {
                            // It is the first of the next list.
                            return Ok(listed);
                        }
                        listed.events.extend(event);
                    }
                    Err(error) if listed.events.is_empty() => return Err(error),
                    // What stands before it is told; whoever goes on behind that learns why there is no more.
                    Err(_) => return Ok(listed),
                }
                listed.next = recorded.cursor;
            }
            (listed.next, listed.at_head) = (page.next, page.at_head);
            if listed.at_head || listed.events.len() == limits.events {
                break;
            }
        }
        Ok(listed)
    }

    async fn wanted_of(
        &self,
        log: &EventLog,
        recorded: &Recorded,
        wanted: &Wanted,
    ) -> Result<Option<Event>, EventError> {
        if !wanted.takes(recorded) {
            return Ok(None);
        }
        let position = recorded.cursor.position();
        self.event(log, recorded).await.map_err(|source| EventError::Poison { position, source })
    }
}

/// Some events of a list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The events, in the order of the log.
    pub events: Vec<Event>,
    /// Where to go on.
    pub next: Cursor,
    /// Whether that was the end of the log.
    pub at_head: bool,
}
