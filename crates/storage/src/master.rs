use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use secrecy::ExposeSecretMut as _;
use vestibule_kernel::{Explain, Explanation, ExposeSecret as _, IdSource, Kind, SecretBox};

use crate::{
    KeyError, SealedKey,
    cipher::{Cipher, Derivation, KEY_BYTES, length},
};

/// The key under which all rows of the key table are sealed. Whoever has it and the database has everything; whoever
/// has one of the two has nothing. It is never stored in the database, and a backup of it is kept apart.
#[derive(Clone)]
pub struct MasterKey(Arc<Cipher>);

impl MasterKey {
    /// The master key made of these bytes, for a key that a secret store hands over.
    ///
    /// # Errors
    /// [`MasterKeyError::Unusable`] when the crypto library refuses it, which no 32 bytes make it do.
    pub fn from_bytes(bytes: &SecretBox<[u8; KEY_BYTES]>) -> Result<Self, MasterKeyError> {
        let sealing = Derivation::of(bytes.expose_secret())
            .expand(b"master", b"key table")
            .and_then(|key| Cipher::new(&key))
            .map_err(|_| MasterKeyError::Unusable)?;
        Ok(Self(Arc::new(sealing)))
    }

    /// Reads the master key from its file, or makes both when there is no file. Of several processes that start
    /// together one makes it and all read the same.
    ///
    /// The file holds 32 random bytes, is readable and writable by its owner only (0600 or narrower), and is no
    /// symbolic link.
    ///
    /// # Errors
    /// [`MasterKeyError`]; each says what to do.
    pub fn open_or_create(path: &Path, ids: &dyn IdSource) -> Result<Self, MasterKeyError> {
        match fs::symlink_metadata(path) {
            Ok(_) => Self::open(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                create(path, ids).map_err(|source| MasterKeyError::Uncreatable { path: path.to_owned(), source })?;
                Self::open(path)
            }
            Err(source) => Err(MasterKeyError::Unreadable { path: path.to_owned(), source }),
        }
    }

    fn open(path: &Path) -> Result<Self, MasterKeyError> {
        let unreadable = |source| MasterKeyError::Unreadable { path: path.to_owned(), source };
        let named = fs::symlink_metadata(path).map_err(unreadable)?;
        if !named.file_type().is_file() {
            return Err(MasterKeyError::NotAFile { path: path.to_owned() });
        }
        let mut file = File::open(path).map_err(unreadable)?;
        let opened = file.metadata().map_err(unreadable)?;
        // Somebody who may write to the directory could swap the file for a link between the two looks.
        if (named.dev(), named.ino()) != (opened.dev(), opened.ino()) {
            return Err(MasterKeyError::NotAFile { path: path.to_owned() });
        }
        let mode = opened.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(MasterKeyError::TooOpen { path: path.to_owned(), mode });
        }
        if opened.len() != KEY_BYTES as u64 {
            return Err(MasterKeyError::WrongLength { path: path.to_owned(), bytes: opened.len() });
        }
        let mut bytes = SecretBox::new(Box::new([0; KEY_BYTES]));
        file.read_exact(bytes.expose_secret_mut()).map_err(unreadable)?;
        Self::from_bytes(&bytes)
    }

    pub(crate) fn seal(&self, ids: &dyn IdSource, key: &SealedKey, material: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.0.seal(ids, &bound(key), material).map_err(|_| KeyError::Unsealable)
    }

    pub(crate) fn open_row(&self, key: &SealedKey) -> Result<Vec<u8>, KeyError> {
        self.0
            .open(&bound(key), &key.sealed)
            .map_err(|_| KeyError::Unopenable { id: key.id, purpose: key.purpose.clone() })
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey([REDACTED])")
    }
}

/// What the seal authenticates besides the material: a row that is given another owner, purpose or age does not open.
fn bound(key: &SealedKey) -> Vec<u8> {
    let mut bound = b"vestibule.key.1".to_vec();
    for part in [key.purpose.as_bytes(), key.owner.as_bytes()] {
        bound.extend_from_slice(&length(part));
        bound.extend_from_slice(part);
    }
    bound.extend_from_slice(&key.generation.to_be_bytes());
    bound.extend_from_slice(&key.created_at.unix_millis().to_be_bytes());
    bound.extend_from_slice(key.id.0.as_bytes());
    bound
}

/// Writes a whole new file beside `path` and links it into place: the link fails when `path` exists meanwhile, and no
/// reader ever finds half a key.
fn create(path: &Path, ids: &dyn IdSource) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let draft = directory.join(format!(".master-key-{}", ids.uuid_v4().as_simple()));
    let linked = write_draft(&draft, ids).and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return removed,
        other => other?,
    }
    removed?;
    File::open(directory)?.sync_all() // the name must outlive a power cut as surely as the rows sealed under it
}

fn write_draft(draft: &Path, ids: &dyn IdSource) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    let bytes = SecretBox::new(Box::new(ids.bytes::<KEY_BYTES>()));
    file.write_all(bytes.expose_secret())?;
    file.sync_all()
}

/// The master key cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The file cannot be read.
    #[error("the master key file {path} cannot be read")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file cannot be made.
    #[error("the master key file {path} cannot be created: does its directory exist, and is it writable?")]
    Uncreatable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is a symbolic link, a directory or something else that is no plain file.
    #[error("the master key {path} is not a plain file: name the file itself, not a symbolic link to it")]
    NotAFile {
        /// The file.
        path: PathBuf,
    },
    /// Others than its owner may read or write it.
    #[error("the master key file {path} has mode {mode:04o} and is open to others: run `chmod 600 {path}`")]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It does not hold 32 bytes.
    #[error("the master key file {path} holds {bytes} bytes instead of 32: restore it from its backup")]
    WrongLength {
        /// The file.
        path: PathBuf,
        /// How many it holds.
        bytes: u64,
    },
    /// The crypto library refuses the key.
    #[error("the crypto library refuses the master key")]
    Unusable,
}

impl Explain for MasterKeyError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Unreadable { .. } | Self::Uncreatable { .. } => {
                Explanation::new(Kind::Unavailable, "MASTER_KEY_UNAVAILABLE")
            }
            Self::NotAFile { .. } | Self::TooOpen { .. } => Explanation::new(Kind::Internal, "MASTER_KEY_EXPOSED"),
            Self::WrongLength { .. } => Explanation::new(Kind::Corrupt, "MASTER_KEY_DAMAGED"),
            Self::Unusable => Explanation::new(Kind::Internal, "MASTER_KEY_UNUSABLE"),
        }
    }
}
