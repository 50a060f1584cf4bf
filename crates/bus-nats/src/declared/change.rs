use std::fmt;

use async_nats::jetstream::{Context, consumer::pull, kv, stream};

use super::ApplyError;

/// One difference between what is declared and what is there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    /// What differs: `stream vestibule`.
    pub object: String,
    /// In what; `None` when it is not there at all.
    pub field: Option<Field>,
    /// Why it is not made without a word, if so.
    pub danger: Option<Danger>,
}

/// What a field is, and what it shall be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Field {
    /// Its name, as in the file.
    pub name: &'static str,
    /// As it is.
    pub is: String,
    /// As it is declared.
    pub declared: String,
}

/// Why a change is not made without a word.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Danger {
    /// It deletes messages, or makes them unsafe, or has consumers miss some.
    Loses(&'static str),
    /// The server does not change it: what is there must be removed by hand, or what is declared be changed.
    Impossible,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            None => write!(f, "{}: is not there", self.object)?,
            Some(Field { name, is, declared }) => write!(f, "{}: {name} is {is}, declared {declared}", self.object)?,
        }
        match self.danger {
            None => Ok(()),
            Some(Danger::Loses(what)) => write!(f, " ({what})"),
            Some(Danger::Impossible) => f.write_str(" (this cannot be changed)"),
        }
    }
}

/// What is written to have one object as declared.
pub(super) struct Planned {
    pub(super) changes: Vec<Change>,
    pub(super) write: Write,
}

pub(super) enum Write {
    MakeStream(Box<stream::Config>),
    ChangeStream(Box<stream::Config>),
    MakeBucket(Box<kv::Config>),
    Consumer { stream: String, config: Box<pull::Config> },
}

impl Write {
    pub(super) async fn apply(self, context: &Context) -> Result<(), ApplyError> {
        match self {
            Self::MakeStream(config) => {
                let object = format!("stream {}", config.name);
                context.create_stream(*config).await.map_err(|error| failed(object, error))?;
            }
            Self::ChangeStream(config) => {
                let object = format!("stream {}", config.name);
                context.update_stream(&*config).await.map_err(|error| failed(object, error))?;
            }
            Self::MakeBucket(config) => {
                let object = format!("bucket {}", config.bucket);
                context.create_key_value(*config).await.map_err(|error| failed(object, error))?;
            }
            Self::Consumer { stream, config } => {
                let name = config.durable_name.as_deref().unwrap_or_default();
                let object = format!("consumer {name} of {stream}");
                let found = context.get_stream_no_info(&stream).await;
                let found = found.map_err(|error| failed(object.clone(), error))?;
                found.create_consumer(*config).await.map_err(|error| failed(object, error))?;
            }
        }
        Ok(())
    }
}

fn failed(object: String, error: impl std::error::Error + Send + Sync + 'static) -> ApplyError {
    ApplyError::Write { object, source: Box::new(error) }
}

/// Collects the differences of one object.
pub(super) struct Differences {
    object: String,
    changes: Vec<Change>,
}

impl Differences {
    pub(super) const fn of(object: String) -> Self {
        Self { object, changes: Vec::new() }
    }

    /// Notes a field that differs.
    pub(super) fn field(
        &mut self,
        name: &'static str,
        (is, declared): (impl fmt::Display + PartialEq, impl fmt::Display),
        danger: Option<Danger>,
    ) {
        let (is, declared) = (is.to_string(), declared.to_string());
        if is != declared {
            let field = Some(Field { name, is, declared });
            self.changes.push(Change { object: self.object.clone(), field, danger });
        }
    }

    pub(super) fn absent(self) -> Vec<Change> {
        vec![Change { object: self.object, field: None, danger: None }]
    }

    pub(super) fn into_changes(self) -> Vec<Change> {
        self.changes
    }
}

/// `danger` when `declared` is less than what is there.
pub(super) fn if_less<T: Copy + PartialOrd>(is: T, declared: T, danger: &'static str) -> Option<Danger> {
    (declared < is).then_some(Danger::Loses(danger))
}

/// `danger` when a subject that is there is not declared.
pub(super) fn if_narrower(is: &[String], declared: &[String], danger: &'static str) -> Option<Danger> {
    is.iter().any(|subject| !declared.contains(subject)).then_some(Danger::Loses(danger))
}

/// Subjects, in an order that does not depend on who wrote them.
pub(super) fn listed(subjects: &[String]) -> String {
    let mut sorted: Vec<&str> = subjects.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    sorted.join(", ")
}
