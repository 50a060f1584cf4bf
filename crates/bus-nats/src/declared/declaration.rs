use std::collections::BTreeSet;

use serde::Deserialize;

use crate::StreamSettings;

/// Stands for the environment's name in names and subjects.
const ENVIRONMENT: &str = "{environment}";

/// Stands for the name of the stream of events.
const STREAM: &str = "{stream}";

/// The file: everything of a deployment in JetStream. In names and subjects `{environment}` and `{stream}` stand for the
/// deployment's environment and for the stream of its events.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Declaration {
    /// Streams.
    pub streams: Vec<StreamDeclaration>,
    /// Key-value buckets: what consumers remember.
    pub buckets: Vec<BucketDeclaration>,
    /// Durable pull consumers.
    pub consumers: Vec<ConsumerDeclaration>,
}

/// A stream, in files, with limits.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct StreamDeclaration {
    /// Its name.
    pub name: String,
    /// The subjects it takes.
    pub subjects: Vec<String>,
    /// On how many servers it is kept: 1, 3 or 5.
    pub replicas: usize,
    /// How long messages are kept.
    pub retention_hours: u32,
    /// How large it may grow.
    pub max_megabytes: u32,
    /// What happens when it is as large.
    pub when_full: WhenFull,
    /// How long a message that is sent twice is recognised.
    pub dedupe_window_seconds: u32,
}

/// What a stream does with a message when it is full.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum WhenFull {
    /// It is refused: whoever sends it keeps it.
    Refuse,
    /// The oldest one goes.
    DropOldest,
}

/// A key-value bucket.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct BucketDeclaration {
    /// Its name.
    pub name: String,
    /// On how many servers it is kept.
    pub replicas: usize,
    /// How long entries are kept.
    pub retention_hours: u32,
}

/// A durable pull consumer with explicit acknowledgements.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct ConsumerDeclaration {
    /// Its name.
    pub name: String,
    /// The stream it reads.
    pub stream: String,
    /// What it wants.
    pub subjects: Vec<String>,
}

/// What is declared cannot be meant.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidDeclaration {
    /// Two things of a kind have one name.
    #[error("{0} is declared twice")]
    Twice(String),
    /// A name holds what a subject may not, or nothing.
    #[error("`{0}` is no name: use letters, digits, hyphens and underscores")]
    Name(String),
    /// A subject is empty.
    #[error("{0} takes no subject")]
    NoSubject(String),
    /// A number is out of range.
    #[error("{object}: {field} must be {range}")]
    Range {
        /// What.
        object: String,
        /// Which number.
        field: &'static str,
        /// What it may be.
        range: &'static str,
    },
    /// The relay keeps the stream as the settings say, and the file says something else.
    #[error(
        "stream {stream}: the file says {field} = {declared}, `[nats]` says {set}, and the relay keeps it so: set both \
         alike, or nats.manage_stream = false"
    )]
    Contradiction {
        /// The stream.
        stream: String,
        /// What.
        field: &'static str,
        /// As the file has it.
        declared: u64,
        /// As the settings have it.
        set: u64,
    },
}

impl Declaration {
    /// The declaration for one deployment: placeholders replaced, everything checked.
    ///
    /// # Errors
    /// [`InvalidDeclaration`].
    pub fn of_deployment(mut self, environment: &str, stream: &str) -> Result<Self, InvalidDeclaration> {
        let fill = |text: &mut String| *text = text.replace(ENVIRONMENT, environment).replace(STREAM, stream);
        for stream in &mut self.streams {
            fill(&mut stream.name);
            stream.subjects.iter_mut().for_each(fill);
        }
        for bucket in &mut self.buckets {
            fill(&mut bucket.name);
        }
        for consumer in &mut self.consumers {
            fill(&mut consumer.name);
            fill(&mut consumer.stream);
            consumer.subjects.iter_mut().for_each(fill);
        }
        self.check()?;
        Ok(self)
    }

    /// Refuses a stream that the relay would change back.
    ///
    /// # Errors
    /// [`InvalidDeclaration::Contradiction`].
    pub fn agrees_with(&self, settings: &StreamSettings) -> Result<(), InvalidDeclaration> {
        let Some(declared) = self.streams.iter().find(|stream| stream.name == settings.name) else { return Ok(()) };
        let megabytes = u64::try_from(settings.max_bytes).unwrap_or(0) / MEGABYTE;
        let pairs = [
            ("replicas", declared.replicas as u64, settings.replicas as u64),
            ("retention_hours", declared.retention_hours.into(), settings.max_age.as_secs() / HOUR_SECONDS),
            ("max_megabytes", declared.max_megabytes.into(), megabytes),
            ("dedupe_window_seconds", declared.dedupe_window_seconds.into(), settings.dedupe_window.as_secs()),
        ];
        match pairs.into_iter().find(|(_, declared, set)| declared != set) {
            Some((field, declared, set)) => {
                Err(InvalidDeclaration::Contradiction { stream: settings.name.clone(), field, declared, set })
            }
            None => Ok(()),
        }
    }

    fn check(&self) -> Result<(), InvalidDeclaration> {
        let mut names = BTreeSet::new();
        for stream in &self.streams {
            let object = format!("stream {}", stream.name);
            named(&mut names, &object, &stream.name)?;
            with_subjects(&object, &stream.subjects)?;
            replicas(&object, stream.replicas)?;
            range(&object, "retention_hours", stream.retention_hours, 87_600, "1 to 87,600")?;
            range(&object, "max_megabytes", stream.max_megabytes, 1_000_000, "1 to 1,000,000")?;
            range(&object, "dedupe_window_seconds", stream.dedupe_window_seconds, 3_600, "1 to 3,600")?;
        }
        for bucket in &self.buckets {
            let object = format!("bucket {}", bucket.name);
            named(&mut names, &object, &bucket.name)?;
            replicas(&object, bucket.replicas)?;
            range(&object, "retention_hours", bucket.retention_hours, 87_600, "1 to 87,600")?;
        }
        for consumer in &self.consumers {
            let object = format!("consumer {} of {}", consumer.name, consumer.stream);
            named(&mut names, &object, &consumer.name)?;
            named(&mut BTreeSet::new(), &object, &consumer.stream)?;
            with_subjects(&object, &consumer.subjects)?;
        }
        Ok(())
    }
}

/// Bytes of a megabyte.
pub(super) const MEGABYTE: u64 = 1024 * 1024;

/// Seconds of an hour.
pub(super) const HOUR_SECONDS: u64 = 3_600;

fn named(names: &mut BTreeSet<String>, object: &str, name: &str) -> Result<(), InvalidDeclaration> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if name.is_empty() || name.len() > 200 || !name.bytes().all(plain) {
        return Err(InvalidDeclaration::Name(name.to_owned()));
    }
    if names.insert(object.to_owned()) { Ok(()) } else { Err(InvalidDeclaration::Twice(object.to_owned())) }
}

fn with_subjects(object: &str, subjects: &[String]) -> Result<(), InvalidDeclaration> {
    if subjects.is_empty() || subjects.iter().any(String::is_empty) {
        return Err(InvalidDeclaration::NoSubject(object.to_owned()));
    }
    Ok(())
}

fn replicas(object: &str, replicas: usize) -> Result<(), InvalidDeclaration> {
    if [1, 3, 5].contains(&replicas) {
        return Ok(());
    }
    Err(InvalidDeclaration::Range { object: object.to_owned(), field: "replicas", range: "1, 3 or 5" })
}

fn range(
    object: &str,
    field: &'static str,
    value: u32,
    max: u32,
    range: &'static str,
) -> Result<(), InvalidDeclaration> {
    if (1..=max).contains(&value) {
        return Ok(());
    }
    Err(InvalidDeclaration::Range { object: object.to_owned(), field, range })
}
