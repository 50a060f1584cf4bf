//! What an operator does with signing keys by hand.

use vestibule_eventlog::Metadata;
use vestibule_oidc::Algorithm;
use vestibule_storage::KeyId;
use vestibule_tenancy::{
    Note,
    signing_key::{Command, Rejection},
};

use super::{Keyring, KeyringError, Line, Standing, job::note};

impl Keyring {
    /// Makes the next key of these lines now; it signs when it was published long enough. Lines whose next key is waiting
    /// already are left alone, unless that is all of them.
    pub(crate) async fn rotate(&self, algorithms: &[Algorithm], metadata: &Metadata) -> Result<(), KeyringError> {
        let _alone = self.reading.lock().await;
        self.read().await?;
        let lines = self.last().lines.clone();
        let wanted = |line: &&Line| algorithms.contains(&line.algorithm) && line.with(Standing::Next).next().is_none();
        let rotating: Vec<&Line> = lines.iter().filter(wanted).collect();
        if rotating.is_empty() {
            return Err(KeyringError::Rotating);
        }
        for line in rotating {
            self.make_next(line).await?;
        }
        self.note_all(metadata).await.map(drop)
    }

    /// Takes a key out of the key set at once. What it signed does not verify any more; where it is the one that signs,
    /// another one signs at once, which relying parties that keep a copy of the set do not know yet.
    pub(crate) async fn revoke(&self, id: KeyId, reason: Note, metadata: &Metadata) -> Result<(), KeyringError> {
        let _alone = self.reading.lock().await;
        self.read().await?;
        // Also what nobody has told of yet.
        self.note_all(metadata).await?;
        let lines = self.last().lines.clone();
        let unknown = || KeyringError::Command(vestibule_eventlog::CommandError::Rejected(Rejection::NotFound));
        let line = lines.iter().find(|line| line.place(id).is_some()).ok_or_else(unknown)?;
        let signs = line.place(id).is_some_and(|place| place.standing == Standing::Signing);
        // The successor first: whoever learns of the revocation finds it.
        if signs && line.with(Standing::Next).next().is_none() {
            self.make_next(line).await?;
        }
        let command = Command::Revoke { note: reason, now: self.clock.now() };
        if note(&self.log, id, metadata, &command).await? > 0 {
            tracing::warn!(key = %id, "a signing key was taken out of the key set by an operator: what it signed does not verify any more");
        }
        self.read().await?;
        self.note_all(metadata).await.map(drop)
    }
}
