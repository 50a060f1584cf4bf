use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use super::{Finding, Report, VerifyError};
use crate::{
    Partition, Removed, StreamId,
    checkpoint::{Archived, Fold, Statement, Trust},
    export::Statements,
};

/// What may be missing in the log, because it was archived.
pub(super) struct Archives {
    /// Which archive a position belongs to.
    positions: HashMap<u64, usize>,
    partitions: HashSet<(String, Partition)>,
    /// The statements without their positions, what was found of them, and how much.
    stated: Vec<(Archived, Fold, u64)>,
}

impl Archives {
    pub(super) async fn read(directory: &Path, trust: &Trust, report: &mut Report) -> Result<Self, VerifyError> {
        let mut all = Self { positions: HashMap::new(), partitions: HashSet::new(), stated: Vec::new() };
        let mut statements = Statements::open(directory).await?;
        while let Some(statement) = statements.next().await? {
            let signed = trust.covers(&statement);
            let Statement::Archived(archived) = statement else { continue };
            if !signed {
                report.add(Finding::Forged { position: archived.positions.first().copied().unwrap_or(0) });
                continue;
            }
            let mut position = 0;
            for distance in &archived.positions {
                position += distance;
                all.positions.insert(position, all.stated.len());
            }
            all.partitions.insert((archived.category.clone(), archived.partition));
            all.stated.push((Archived { positions: Vec::new(), ..archived }, Fold::partition(), 0));
        }
        Ok(all)
    }

    pub(super) fn concerns(&self, stream: &StreamId) -> bool {
        stream.partition().is_some_and(|partition| self.partitions.contains(&(stream.category().to_owned(), partition)))
    }

    /// Whether this position was archived.
    pub(super) fn take(&mut self, removed: Removed) -> bool {
        let Some(archive) = self.positions.remove(&removed.position) else { return false };
        if let Some((_, fold, taken)) = self.stated.get_mut(archive) {
            fold.add(removed.position, &removed.hash);
            *taken += 1;
        }
        true
    }

    pub(super) fn finish(self, report: &mut Report) {
        let mut open: HashSet<usize> = self.positions.into_values().collect();
        for (index, (archived, fold, taken)) in self.stated.into_iter().enumerate() {
            // Interrupted before everything was removed: the rest is still in the log and was compared there.
            let partial = open.remove(&index);
            if taken > 0 && !partial && fold.finish() != archived.digest {
                let Archived { category, partition, .. } = archived;
                report.add(Finding::ArchiveDiffers { category, partition });
            }
        }
    }
}
