use crate::{Partition, StreamId, Version};

/// The most findings that a report lists; further ones are only counted.
pub const FINDINGS_MAX: usize = 1_000;

/// Something is not as it was.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Finding {
    /// The row does not match its hash, or is not chained to the one before it.
    Changed {
        /// Its stream.
        stream: StreamId,
        /// Its place in the global order.
        position: u64,
    },
    /// The row cannot be read any more.
    Unreadable {
        /// Its place in the global order.
        position: u64,
    },
    /// The event is gone. Its stream is known when a later event of the same stream misses it.
    Removed {
        /// Its place in the global order.
        position: u64,
    },
    /// Events of this stream are gone: the event at `position` is not the next one after the event before it.
    Gap {
        /// The stream.
        stream: StreamId,
        /// The first version that is missing.
        version: Version,
        /// Where that shows.
        position: u64,
    },
    /// The row is whole, but it is not what the checkpoint signed: it was rewritten and its hashes were recomputed.
    Recomputed {
        /// Its stream.
        stream: StreamId,
        /// Its place in the global order.
        position: u64,
        /// The checkpoint that shows it.
        checkpoint: u64,
    },
    /// What the checkpoint covers is not what it signed; which event it is cannot be told.
    Differs {
        /// The first position the checkpoint covers.
        from: u64,
        /// The checkpoint.
        checkpoint: u64,
    },
    /// The log ends before the last checkpoint.
    Truncated {
        /// The last position there is.
        head: u64,
        /// The last position that was signed.
        checkpoint: u64,
    },
    /// A checkpoint or an archive statement is not signed by a key of ours, or contradicts itself.
    Forged {
        /// The position of the checkpoint, or the first of the archived events.
        position: u64,
    },
    /// A checkpoint before this one is missing in the export.
    ExportGap {
        /// The position of the checkpoint behind the gap.
        checkpoint: u64,
    },
    /// What is left of archived events is not what was archived.
    ArchiveDiffers {
        /// The category of the partition.
        category: String,
        /// The month.
        partition: Partition,
    },
}

/// How far a verification is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Progress {
    /// The position that has been looked at.
    pub position: u64,
    /// The end of the log.
    pub head: u64,
}

/// What a verification found.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Report {
    /// How many events were looked at.
    pub events: u64,
    /// How many streams they belong to.
    pub streams: u64,
    /// How many of the positions are archived.
    pub archived: u64,
    /// How many checkpoints were compared.
    pub checkpoints: u64,
    /// How many events no checkpoint covers yet.
    pub uncovered: u64,
    /// What is wrong, at most [`FINDINGS_MAX`].
    pub findings: Vec<Finding>,
    /// How many findings there are.
    pub findings_total: u64,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.findings_total == 0
    }

    pub(super) fn add(&mut self, finding: Finding) {
        self.findings_total += 1;
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        }
    }
}
