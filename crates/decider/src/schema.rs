use serde_json::Value;

/// Turns the payload of one retired revision into that of the next; `None` when the payload is not of that revision.
pub type Upcast = fn(Value) -> Option<Value>;

/// The stable name and the current revision of an event type.
///
/// A stored event is never rewritten: whoever raises the revision adds the upcast from the one retired, and a frozen
/// fixture of it to the tests.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    name: &'static str,
    revision: u16,
    upcasts: &'static [Upcast],
}

impl Schema {
    /// An event type at `revision`, with one upcast for each retired revision, oldest first.
    ///
    /// # Panics
    /// At compile time, when the number of upcasts does not match the revision.
    #[must_use]
    pub const fn new(name: &'static str, revision: u16, upcasts: &'static [Upcast]) -> Self {
        assert!(revision as usize == upcasts.len() + 1, "one upcast for each retired revision");
        Self { name, revision, upcasts }
    }

    /// The dotted name, such as `connection.certificate_trusted`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The current revision, from 1.
    #[must_use]
    pub const fn revision(&self) -> u16 {
        self.revision
    }

    /// Lifts `payload` from `revision` to the current one; `None` for an unknown revision or a failed upcast.
    #[must_use]
    pub fn upcast(&self, revision: u16, payload: Value) -> Option<Value> {
        let retired = usize::from(revision.checked_sub(1)?);
        self.upcasts.get(retired..)?.iter().try_fold(payload, |payload, upcast| upcast(payload))
    }
}
