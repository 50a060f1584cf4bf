use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use vestibule_kernel::{OrganizationId, Timestamp};

/// The number of events in a stream; the version of the aggregate, and of its `etag`. Zero: the stream is empty.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Version(pub u64);

impl Version {
    /// The version of a stream that has no event yet.
    pub const EMPTY: Self = Self(0);

    /// The version after `events` more events.
    #[must_use]
    pub const fn plus(self, events: u64) -> Self {
        Self(self.0.saturating_add(events))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A calendar month (UTC) of streams that can be archived together.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Partition {
    year: u16,
    month: u8,
}

impl Partition {
    /// The month of `moment`. For a stream that must be unique, `moment` has to be a property of the thing itself
    /// (an assertion's `IssueInstant`), never the time of arrival.
    #[must_use]
    pub fn of(moment: Timestamp) -> Self {
        let (year, month) = moment.year_month();
        Self { year: u16::try_from(year).unwrap_or(0), month }
    }

    /// How long after its month a partition still takes appends: the longest validity of an assertion, the clock skew
    /// and the lifetime of a code, all of them minutes or hours, fit in many times over.
    pub const GRACE: Duration = Duration::from_hours(24);

    /// From this moment on the partition takes no appends, whether it has been archived already or not.
    #[must_use]
    pub fn closes_at(self) -> Timestamp {
        let next = if self.month == 12 {
            Self { year: self.year.saturating_add(1), month: 1 }
        } else {
            Self { month: self.month + 1, ..self }
        };
        let end = format!("{next}-01T00:00:00Z").parse();
        // Only a month behind the year 9999 or before 1970 has no such moment; nothing real is in it.
        end.unwrap_or(Timestamp::EPOCH).plus(Self::GRACE)
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl FromStr for Partition {
    type Err = ParseStreamIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (year, month) = text.split_once('-').ok_or(ParseStreamIdError)?;
        let partition = Self {
            year: year.parse().map_err(|_| ParseStreamIdError)?,
            month: month.parse().map_err(|_| ParseStreamIdError)?,
        };
        let canonical = (1..=12).contains(&partition.month) && partition.to_string() == text;
        if canonical { Ok(partition) } else { Err(ParseStreamIdError) }
    }
}

impl Serialize for Partition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Partition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// The text does not name a stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a stream: expected category/organization/key or category/organization/yyyy-mm/key")]
pub struct ParseStreamIdError;

/// Names a stream: the history of one aggregate of one organization.
///
/// Its text is `category/organization/key`, with `-` for what belongs to the deployment and not to an organization, and
/// `category/organization/yyyy-mm/key` for a category that is kept in monthly partitions. At most
/// [`StreamId::TEXT_BYTES_MAX`] bytes.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct StreamId {
    category: Cow<'static, str>,
    organization: Option<OrganizationId>,
    partition: Option<Partition>,
    key: String,
}

impl StreamId {
    /// The longest text of a stream's name.
    pub const TEXT_BYTES_MAX: usize = 200;

    /// The stream of an aggregate of `organization`; `key` must be made of ASCII letters, digits, `-`, `_` and `.`,
    /// at most 100 bytes.
    ///
    /// # Errors
    /// When `category` or `key` has another character, is empty or too long.
    pub fn new(
        category: impl Into<Cow<'static, str>>,
        organization: Option<OrganizationId>,
        partition: Option<Partition>,
        key: impl Into<String>,
    ) -> Result<Self, ParseStreamIdError> {
        let (category, key) = (category.into(), key.into());
        let plain = |text: &str, max: usize| {
            (1..=max).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        };
        if plain(&category, 40) && plain(&key, 100) {
            Ok(Self { category, organization, partition, key })
        } else {
            Err(ParseStreamIdError)
        }
    }

    /// The stream of the aggregate with this id; ids are always well formed.
    #[must_use]
    pub fn of_id(category: &'static str, organization: Option<OrganizationId>, id: uuid::Uuid) -> Self {
        Self { category: Cow::Borrowed(category), organization, partition: None, key: id.as_hyphenated().to_string() }
    }

    /// The kind of aggregate.
    #[must_use]
    pub fn category(&self) -> &str {
        &self.category
    }

    /// The organization it belongs to; `None` for what belongs to the deployment.
    #[must_use]
    pub const fn organization(&self) -> Option<OrganizationId> {
        self.organization
    }

    /// The month it is kept in, for categories that are partitioned.
    #[must_use]
    pub const fn partition(&self) -> Option<Partition> {
        self.partition
    }

    /// What tells it from others of its category and organization.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.category)?;
        match self.organization {
            Some(organization) => write!(f, "{organization}/")?,
            None => f.write_str("-/")?,
        }
        if let Some(partition) = self.partition {
            write!(f, "{partition}/")?;
        }
        f.write_str(&self.key)
    }
}

impl FromStr for StreamId {
    type Err = ParseStreamIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(4, '/');
        let (Some(category), Some(organization), Some(third)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(ParseStreamIdError);
        };
        let organization = match organization {
            "-" => None,
            id => Some(id.parse().map_err(|_| ParseStreamIdError)?),
        };
        let (partition, key) = match parts.next() {
            Some(key) => (Some(third.parse()?), key),
            None => (None, third),
        };
        Self::new(category.to_owned(), organization, partition, key)
    }
}
