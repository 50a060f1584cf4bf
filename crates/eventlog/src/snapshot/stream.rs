use prost::{DecodeError, Message};

use super::{CHUNK_BYTES, SnapshotView};

/// A snapshot cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Whoever takes the chunks, or brings them, has gone.
    #[error("the snapshot was given up")]
    GivenUp,
    /// It ends in the middle of a record.
    #[error("the snapshot ends too early")]
    Truncated,
    /// Something follows behind its last record.
    #[error("the snapshot does not end where it should")]
    Overlong,
    /// A record cannot be read.
    #[error("a record of the snapshot cannot be read")]
    Malformed(#[source] DecodeError),
    /// A record cannot be written.
    #[error("a record cannot be written")]
    Unwritable(#[source] prost::EncodeError),
    /// One part does not fit another.
    #[error("the snapshot contradicts itself: {0}")]
    Inconsistent(&'static str),
}

/// Takes a chunk, and whether it is the last one.
type Emit<'a> = dyn FnMut(&[u8], bool) -> Result<(), SnapshotError> + 'a;

/// Brings the next chunk; `None` behind the last one.
pub(super) type Fetch<'a> = dyn FnMut() -> Result<Option<Vec<u8>>, SnapshotError> + 'a;

/// Takes the records of a view, and hands them on in chunks of equal size.
pub struct SnapshotWriter<'a> {
    chunk: Vec<u8>,
    emit: &'a mut Emit<'a>,
}

impl<'a> SnapshotWriter<'a> {
    /// Hands the chunks to `emit`, and whether it is the last one.
    pub(super) fn new(emit: &'a mut Emit<'a>) -> Self {
        Self { chunk: Vec::with_capacity(CHUNK_BYTES), emit }
    }

    /// Writes a record behind those before it.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn record(&mut self, record: &impl Message) -> Result<(), SnapshotError> {
        record.encode_length_delimited(&mut self.chunk).map_err(SnapshotError::Unwritable)?;
        // A full chunk stays until something is behind it: the last one must not be empty.
        while self.chunk.len() > CHUNK_BYTES {
            let rest = self.chunk.split_off(CHUNK_BYTES);
            (self.emit)(&self.chunk, false)?;
            self.chunk = rest;
        }
        Ok(())
    }

    pub(super) fn end(self) -> Result<(), SnapshotError> {
        (self.emit)(&self.chunk, true)
    }
}

/// Gives the records of a snapshot back, in the order in which they were written.
pub struct SnapshotReader<'a> {
    bytes: Vec<u8>,
    at: usize,
    fetch: &'a mut Fetch<'a>,
}

/// The most bytes of a length in front of a record.
const LENGTH_BYTES_MAX: usize = 10;

impl<'a> SnapshotReader<'a> {
    /// Asks `fetch` for the chunks, one after the other.
    pub(super) fn new(fetch: &'a mut Fetch<'a>) -> Self {
        Self { bytes: Vec::new(), at: 0, fetch }
    }

    /// The next record; `None` behind the last one.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn record<M: Message + Default>(&mut self) -> Result<Option<M>, SnapshotError> {
        self.fill(LENGTH_BYTES_MAX)?;
        let mut rest = self.rest();
        if rest.is_empty() {
            return Ok(None);
        }
        let before = rest.len();
        let length = prost::decode_length_delimiter(&mut rest).map_err(SnapshotError::Malformed)?;
        self.at += before - rest.len();
        self.fill(length)?;
        let body = self.rest().get(..length).ok_or(SnapshotError::Truncated)?;
        let record = M::decode(body).map_err(SnapshotError::Malformed)?;
        self.at += length;
        Ok(Some(record))
    }

    /// The next record, which must be there.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn expect<M: Message + Default>(&mut self) -> Result<M, SnapshotError> {
        self.record()?.ok_or(SnapshotError::Truncated)
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Fetches until `wanted` bytes are there, or nothing is left to fetch.
    fn fill(&mut self, wanted: usize) -> Result<(), SnapshotError> {
        while self.rest().len() < wanted {
            let Some(chunk) = (self.fetch)()? else { return Ok(()) };
            self.bytes.drain(..self.at);
            self.at = 0;
            self.bytes.extend_from_slice(&chunk);
        }
        Ok(())
    }

    pub(super) fn end(mut self) -> Result<(), SnapshotError> {
        self.fill(1)?;
        if self.rest().is_empty() { Ok(()) } else { Err(SnapshotError::Overlong) }
    }
}

/// Everything that a view holds, as a snapshot has it before it is sealed: the same for two views of the same events.
///
/// # Errors
/// [`SnapshotError`].
pub fn bytes_of(view: &impl SnapshotView) -> Result<Vec<u8>, SnapshotError> {
    let mut bytes = Vec::new();
    let mut emit = |chunk: &[u8], _| {
        bytes.extend_from_slice(chunk);
        Ok(())
    };
    let mut writer = SnapshotWriter::new(&mut emit);
    view.save(&mut writer)?;
    writer.end()?;
    Ok(bytes)
}

/// The view that [`bytes_of`] wrote.
///
/// # Errors
/// [`SnapshotError`].
pub fn view_of<V: SnapshotView>(bytes: &[u8]) -> Result<V, SnapshotError> {
    let mut chunks = bytes.chunks(CHUNK_BYTES);
    let mut fetch = || Ok(chunks.next().map(<[u8]>::to_vec));
    read(&mut fetch)
}

/// A whole view, of whatever `fetch` brings.
pub(super) fn read<V: SnapshotView>(fetch: &mut Fetch<'_>) -> Result<V, SnapshotError> {
    let mut reader = SnapshotReader::new(fetch);
    let view = V::restore(&mut reader)?;
    reader.end()?;
    Ok(view)
}
