use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

use crate::Timestamp;

/// Where randomness comes from: ids, nonces, codes and key material.
pub trait IdSource: Send + Sync {
    /// Fills `bytes` with unpredictable bytes.
    fn fill(&self, bytes: &mut [u8]);

    /// A version 7 UUID (RFC 9562 section 5.7): sorts by `now`, 74 random bits. For what we create ourselves.
    fn uuid_v7(&self, now: Timestamp) -> Uuid {
        let mut random = [0; 10];
        self.fill(&mut random);
        let millis = u64::try_from(now.unix_millis()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    /// A version 4 UUID (RFC 9562 section 5.4): tells nothing, not even when it was made. For what others see.
    fn uuid_v4(&self) -> Uuid {
        let mut random = [0; 16];
        self.fill(&mut random);
        uuid::Builder::from_random_bytes(random).into_uuid()
    }
}

impl dyn IdSource + '_ {
    /// `N` unpredictable bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }
}

/// The operating system's cryptographic random generator, by way of aws-lc.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemIds;

impl IdSource for SystemIds {
    fn fill(&self, bytes: &mut [u8]) {
        #[expect(clippy::disallowed_methods, reason = "the one place where randomness enters the program")]
        let filled = aws_lc_rs::rand::fill(bytes);
        // Going on with predictable secrets would be a silent break-in; there is nothing to fall back to.
        #[expect(clippy::expect_used, reason = "without randomness every later secret would be a lie")]
        filled.expect("the operating system's random generator answers");
    }
}

/// Repeatable bytes for tests: a counter put through SplitMix64. **Not secret.**
#[derive(Debug)]
pub struct SeededIds(AtomicU64);

impl SeededIds {
    /// The sequence that belongs to `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl IdSource for SeededIds {
    fn fill(&self, bytes: &mut [u8]) {
        const GOLDEN_GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;
        for chunk in bytes.chunks_mut(8) {
            let mut z = self.0.fetch_add(GOLDEN_GAMMA, Ordering::SeqCst).wrapping_add(GOLDEN_GAMMA);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^= z >> 31;
            for (byte, random) in chunk.iter_mut().zip(z.to_le_bytes()) {
                *byte = random;
            }
        }
    }
}
