/// What came of a fetch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fetched {
    /// The document.
    Document(Document),
    /// It is what it was when the validators were given out (RFC 9110 section 15.4.5).
    NotModified,
}

/// A document as it was answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Document {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What makes the next fetch conditional.
    pub validators: Validators,
}

/// What an answer says about its version (RFC 9110 section 8.8), each as it was written.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Validators {
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<String>,
}

impl Validators {
    /// Whether there is none, so that a fetch is unconditional.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
}
