use std::io::{self, Read, Write};

use serde::{Serialize, de::DeserializeOwned};

/// The bytes that say how long a frame is.
pub const HEAD_BYTES: usize = 4;

/// Why there is no message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Longer than the limit.
    #[error("a frame of {bytes} bytes, where {limit} are allowed")]
    TooLong {
        /// How long it says it is.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
    /// It is not the message that belongs here.
    #[error("a frame that holds no such message")]
    Malformed(#[source] serde_json::Error),
    /// It did not come, or could not be sent, whole.
    #[error("the other side cannot be read from or written to")]
    Io(#[from] io::Error),
}

/// One message as a frame.
///
/// # Errors
/// When it is longer than `limit` bytes.
pub fn encode<T: Serialize>(message: &T, limit: usize) -> Result<Vec<u8>, FrameError> {
    let mut frame = vec![0; HEAD_BYTES];
    serde_json::to_writer(&mut frame, message).map_err(FrameError::Malformed)?;
    let bytes = frame.len() - HEAD_BYTES;
    let too_long = FrameError::TooLong { bytes, limit };
    let Some(length) = u32::try_from(bytes).ok().filter(|_| bytes <= limit) else { return Err(too_long) };
    for (into, byte) in frame.iter_mut().zip(length.to_be_bytes()) {
        *into = byte;
    }
    Ok(frame)
}

/// How many bytes follow a head.
///
/// # Errors
/// When there are more than `limit`.
pub fn body_length(head: [u8; HEAD_BYTES], limit: usize) -> Result<usize, FrameError> {
    let bytes = usize::try_from(u32::from_be_bytes(head)).unwrap_or(usize::MAX);
    if bytes <= limit { Ok(bytes) } else { Err(FrameError::TooLong { bytes, limit }) }
}

/// The message of a frame's body.
///
/// # Errors
/// When it is not such a message, or something is left over.
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, FrameError> {
    serde_json::from_slice(body).map_err(FrameError::Malformed)
}

/// Reads one message.
///
/// # Errors
/// When the frame is longer than `limit` bytes, ends early, or holds something else.
pub fn read<T: DeserializeOwned>(from: &mut impl Read, limit: usize) -> Result<T, FrameError> {
    let mut head = [0; HEAD_BYTES];
    from.read_exact(&mut head)?;
    let mut body = vec![0; body_length(head, limit)?];
    from.read_exact(&mut body)?;
    decode(&body)
}

/// Writes one message.
///
/// # Errors
/// When it is longer than `limit` bytes, or nobody takes it.
pub fn write<T: Serialize>(into: &mut impl Write, message: &T, limit: usize) -> Result<(), FrameError> {
    into.write_all(&encode(message, limit)?)?;
    Ok(into.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Answer, Hello, Obstacle, Question, VERSION};

    fn framed(body: &[u8]) -> Vec<u8> {
        let mut frame = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
        frame.extend(body);
        frame
    }

    #[test]
    fn what_is_written_is_read() {
        let question = Question { document: "<a>\u{e9}\n</a>".to_owned(), certificates: vec!["AAAA".to_owned()] };
        let mut pipe = Vec::new();
        write(&mut pipe, &question, 100).unwrap();
        write(&mut pipe, &Answer::CannotProcess { obstacle: Obstacle::Certificate }, 100).unwrap();
        let mut from = pipe.as_slice();
        assert_eq!(read::<Question>(&mut from, 100).unwrap(), question);
        let answer = read::<Answer>(&mut from, 100).unwrap();
        assert_eq!(answer, Answer::CannotProcess { obstacle: Obstacle::Certificate });
        assert!(matches!(read::<Answer>(&mut from, 100), Err(FrameError::Io(_))));
    }

    #[test]
    fn neither_side_sends_or_takes_more_than_the_limit() {
        let hello = Hello { version: VERSION, engine: "x".repeat(100) };
        assert!(matches!(encode(&hello, 50), Err(FrameError::TooLong { limit: 50, .. })));
        // A head alone is refused: nothing is waited for, nothing is reserved.
        let error = read::<Hello>(&mut [0xff; HEAD_BYTES].as_slice(), 50).unwrap_err();
        assert!(matches!(error, FrameError::TooLong { bytes: 0xffff_ffff, limit: 50 }));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for body in ["", "{", "null", "[]", r#"{"answer":"agrees"}"#, "\u{0}", r#"{"answer":"rejected","why":"x"} x"#] {
            assert!(matches!(
                read::<Answer>(&mut framed(body.as_bytes()).as_slice(), 100),
                Err(FrameError::Malformed(_))
            ));
        }
        assert!(matches!(read::<Answer>(&mut framed(b"\xff\xfe").as_slice(), 100), Err(FrameError::Malformed(_))));
        let cut = &framed(br#"{"answer":"rejected"}"#)[..10];
        assert!(matches!(read::<Answer>(&mut &*cut, 100), Err(FrameError::Io(_))));
    }
}
