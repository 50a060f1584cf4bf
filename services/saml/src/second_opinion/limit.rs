use std::time::Duration;

/// How much memory one process may map, in bytes. It maps a fifth of that.
pub(super) const CHILD_MEMORY_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// How many seconds of processor time one process may use, its start included. It uses a two-hundredth.
pub(super) const CHILD_CPU_SECONDS_MAX: u64 = 1;

/// How many files a process may have open: its libraries are opened one after the other.
pub(super) const CHILD_FILES_MAX: u64 = 16;

/// How long a process may take to say that it is ready.
pub(super) const START_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait before a program that did not start is started again.
pub(super) const RESTART_AFTER: Duration = Duration::from_secs(1);

/// For how many seconds a connection may save up what it does not ask for.
pub(super) const BURST_SECONDS: u64 = 2;
