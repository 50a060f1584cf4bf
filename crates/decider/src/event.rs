use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use vestibule_kernel::PersonId;

use crate::Schema;

/// The personal part of an event, to be kept as ciphertext under the person's own key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PersonalFields {
    /// Whose data it is; names the key.
    pub person: PersonId,
    /// The data, in the clear. Never logged, never stored as it is.
    pub fields: Value,
}

/// The personal part of an event as a reader meets it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Personal {
    /// The event has none.
    None,
    /// It could be opened.
    Open(PersonalFields),
    /// It was not opened, or its key has been destroyed.
    Withheld,
}

/// What of an event is stored: data anybody with access to the log may read, and personal data.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Payload {
    /// The public part, a JSON object.
    pub data: Value,
    /// The personal part.
    pub personal: Personal,
}

/// A change to the names that are unique across streams, written together with the event that causes it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Reservation {
    /// The event's stream takes `key`; the append fails when another stream holds it.
    Take {
        /// What kind of name it is, such as `organization.slug`.
        scope: &'static str,
        /// The name, or a keyed digest of it where it is personal.
        key: String,
    },
    /// The event's stream gives `key` up; without effect when it does not hold it.
    Release {
        /// What kind of name it is.
        scope: &'static str,
        /// The name.
        key: String,
    },
}

/// The body of one event type.
pub trait EventBody: Clone + Serialize + DeserializeOwned {
    /// Name and revision.
    const SCHEMA: Schema;

    /// The personal part, which `Serialize` must leave out (`#[serde(skip)]`).
    fn personal(&self) -> Option<PersonalFields> {
        None
    }

    /// Puts the personal part back after reading.
    ///
    /// # Errors
    /// When the fields are not those of this event type.
    fn restore_personal(&mut self, fields: Value) -> Result<(), serde_json::Error> {
        let _ = fields;
        Ok(())
    }
}

/// All that can have happened to one aggregate: usually an enum made by [`domain_event!`](crate::domain_event).
pub trait DomainEvent: Clone + Send + Sync + Sized + 'static {
    /// Name and revision of this event.
    fn schema(&self) -> Schema;

    /// What is stored of it.
    ///
    /// # Errors
    /// Only when the event cannot be written as JSON, which is a fault of the program.
    fn encode(&self) -> Result<Payload, serde_json::Error>;

    /// Reads a stored event of any revision.
    ///
    /// # Errors
    /// [`DecodeError`]: an unknown name or revision, a payload that is not of its type. Readers stop on it.
    fn decode(name: &str, revision: u16, payload: Payload) -> Result<Self, DecodeError>;

    /// The unique names this event takes or gives up.
    fn reservations(&self) -> Vec<Reservation> {
        Vec::new()
    }
}

/// A stored event cannot be read. Identity data must not be silently wrong, so the reader stops.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// No event type of this aggregate has this name.
    #[error("unknown event type {name}")]
    UnknownName {
        /// The name found.
        name: String,
    },
    /// The revision is newer than this program, or its upcast failed.
    #[error("event type {name} has no readable revision {revision}")]
    UnknownRevision {
        /// The event type.
        name: &'static str,
        /// The revision found.
        revision: u16,
    },
    /// The payload is not of its type.
    #[error("payload of event type {name} is malformed")]
    Malformed {
        /// The event type.
        name: &'static str,
        /// What the JSON reader said.
        source: serde_json::Error,
    },
}

/// What [`domain_event!`](crate::domain_event) needs of every variant.
#[doc(hidden)]
pub mod support {
    use super::{DecodeError, EventBody, Payload, Personal};

    /// Writes a body.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn encode<B: EventBody>(body: &B) -> Result<Payload, serde_json::Error> {
        let personal = body.personal().map_or(Personal::None, Personal::Open);
        Ok(Payload { data: serde_json::to_value(body)?, personal })
    }

    /// Reads a body of any revision.
    ///
    /// # Errors
    /// [`DecodeError`] as [`super::DomainEvent::decode`] says.
    pub fn decode<B: EventBody>(revision: u16, payload: Payload) -> Result<B, DecodeError> {
        let name = B::SCHEMA.name();
        let malformed = |source| DecodeError::Malformed { name, source };
        let data = B::SCHEMA.upcast(revision, payload.data).ok_or(DecodeError::UnknownRevision { name, revision })?;
        let mut body: B = serde_json::from_value(data).map_err(malformed)?;
        if let Personal::Open(open) = payload.personal {
            body.restore_personal(open.fields).map_err(malformed)?;
        }
        Ok(body)
    }
}

/// Declares the events of an aggregate: an enum with one variant a body, and its [`DomainEvent`] implementation.
///
/// `reservations` names a function from the event to the unique names it takes or gives up.
#[macro_export]
macro_rules! domain_event {
    (
        $(#[$doc:meta])*
        pub enum $event:ident { $($(#[$variant_doc:meta])* $variant:ident($body:ty),)+ }
        $(reservations = $reservations:path;)?
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Eq, PartialEq)]
        pub enum $event { $($(#[$variant_doc])* $variant($body),)+ }

        impl $crate::DomainEvent for $event {
            fn schema(&self) -> $crate::Schema {
                match self { $(Self::$variant(_) => <$body as $crate::EventBody>::SCHEMA,)+ }
            }

            fn encode(&self) -> Result<$crate::Payload, ::serde_json::Error> {
                match self { $(Self::$variant(body) => $crate::support::encode(body),)+ }
            }

            fn decode(name: &str, revision: u16, payload: $crate::Payload) -> Result<Self, $crate::DecodeError> {
                $(if name == <$body as $crate::EventBody>::SCHEMA.name() {
                    return $crate::support::decode(revision, payload).map(Self::$variant);
                })+
                Err($crate::DecodeError::UnknownName { name: name.to_owned() })
            }

            $(fn reservations(&self) -> Vec<$crate::Reservation> {
                $reservations(self)
            })?
        }

        $(impl From<$body> for $event {
            fn from(body: $body) -> Self {
                Self::$variant(body)
            }
        })+
    };
}
