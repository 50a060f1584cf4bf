use vestibule_bus::{TYPE_PREFIX, UnknownType, Wanted};
use vestibule_eventlog::Cursor;
use vestibule_rpc::{Confined, events::v1::subscribe_events_request, resource};

use super::Error;

/// The most types that a request may name.
pub(super) const TYPES_MAX: usize = 32;

/// Events on a page when the caller does not say.
const PAGE_SIZE_DEFAULT: usize = 50;

/// The most events on a page.
const PAGE_SIZE_MAX: usize = 500;

/// Which events a request names.
pub(crate) struct Selection {
    pub(super) wanted: Wanted,
}

/// Where a subscription begins.
#[derive(Clone, Copy)]
pub(crate) enum From {
    Start,
    After(Cursor),
    End,
}

impl Selection {
    pub(crate) fn read(organization: &str, types: &[String]) -> Result<Self, Error> {
        let organization = match organization {
            "" => None,
            name => Some(resource::organization("organization", name)?),
        };
        if types.len() > TYPES_MAX {
            return Err(Error::TooManyTypes);
        }
        let names = types.iter().map(|name| name.strip_prefix(TYPE_PREFIX).ok_or_else(|| UnknownType(name.clone())));
        let names: Vec<&str> = names.collect::<Result<_, _>>()?;
        Ok(Self { wanted: Wanted::all(organization).of_types(names)? })
    }

    /// The same, unless it is more than the caller may read.
    pub(crate) fn within(self, confined: Option<Confined>) -> Result<Self, Error> {
        match confined {
            Some(Confined(own)) if self.wanted.organization() != Some(own) => Err(Error::Confined),
            Some(_) | None => Ok(self),
        }
    }
}

impl From {
    pub(crate) fn read(from: Option<&subscribe_events_request::From>) -> Result<Self, Error> {
        Ok(match from {
            None | Some(subscribe_events_request::From::End(false)) => Self::Start,
            Some(subscribe_events_request::From::End(true)) => Self::End,
            Some(subscribe_events_request::From::After(text)) => cursor(text)?.map_or(Self::Start, Self::After),
        })
    }
}

/// Reads a cursor; empty for the beginning.
pub(crate) fn cursor(text: &str) -> Result<Option<Cursor>, Error> {
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_| Error::Cursor) }
}

/// Reads how many events are wanted.
pub(crate) fn page_size(wanted: i32) -> Result<usize, Error> {
    match usize::try_from(wanted) {
        Ok(0) => Ok(PAGE_SIZE_DEFAULT),
        Ok(size) if size <= PAGE_SIZE_MAX => Ok(size),
        Ok(_) | Err(_) => Err(Error::PageSize { max: PAGE_SIZE_MAX }),
    }
}
