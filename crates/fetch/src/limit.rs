//! Every limit on what an address may answer, by name.

use std::time::Duration;

/// Characters of an address.
pub const ADDRESS_CHARS_MAX: usize = 2048;

/// How long a TCP connection and its TLS may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);

/// How long the other side may send nothing.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// How long a fetch may take altogether: names, redirects and every byte. Less than a call that waits for it may take.
pub const TOTAL_TIMEOUT: Duration = Duration::from_secs(8);

/// Redirects that are followed.
pub const REDIRECTS_MAX: usize = 3;

/// Addresses of one name that are looked at.
pub const ADDRESSES_MAX: usize = 16;

/// Header fields of an answer.
pub const HEADERS_MAX: usize = 64;

/// Bytes of an `ETag` or a `Last-Modified` that are kept; longer ones are forgotten, and the next answer comes whole.
pub const VALIDATOR_BYTES_MAX: usize = 256;

/// Networks that may be allowed.
pub const NETWORKS_MAX: usize = 64;
