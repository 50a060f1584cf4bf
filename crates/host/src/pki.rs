//! A private certificate authority, a server certificate and tokens, for a deployment that has none of its own.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use time::{Duration, OffsetDateTime};
use vestibule_kernel::{IdSource, Timestamp};

/// How long the authority's certificate is valid.
const AUTHORITY_DAYS: i64 = 3650;
/// How long a server's certificate is valid.
const SERVER_DAYS: i64 = 825;

/// The files cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// A file cannot be written, or is there already: nothing is ever overwritten.
    #[error("{} cannot be written", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A certificate cannot be made, usually because a host name is not one.
    #[error("the certificate cannot be made")]
    Certificate(#[from] rcgen::Error),
}

/// What [`init`] has made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Made {
    /// The files, in the order they were made.
    pub files: Vec<PathBuf>,
}

/// Makes `authority.pem`, `server.pem`, `server.key`, `service.token` and `registry.token` in `directory`. The server's
/// certificate is valid for `hosts`. The authority's key is thrown away: to add a host, make everything anew.
///
/// # Errors
/// [`PkiError`]; nothing that exists is overwritten.
pub fn init(directory: &Path, hosts: Vec<String>, now: Timestamp, ids: &dyn IdSource) -> Result<Made, PkiError> {
    let unwritable = |path: &Path| {
        let path = path.to_owned();
        move |source| PkiError::Unwritable { path, source }
    };
    fs::create_dir_all(directory).map_err(unwritable(directory))?;
    let start = OffsetDateTime::from_unix_timestamp(now.unix_seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH);

    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, "Vestibule deployment authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    authority.not_before = start - Duration::HOUR;
    authority.not_after = start + Duration::days(AUTHORITY_DAYS);
    let authority_key = KeyPair::generate()?;
    let authority_certificate = authority.self_signed(&authority_key)?;

    let mut server = CertificateParams::new(hosts)?;
    server.distinguished_name.push(DnType::CommonName, "Vestibule");
    server.not_before = start - Duration::HOUR;
    server.not_after = start + Duration::days(SERVER_DAYS);
    let server_key = KeyPair::generate()?;
    let server_certificate = server.signed_by(&server_key, &Issuer::new(authority, authority_key))?;

    let token = || format!("{}\n", hex::encode(ids.bytes::<32>()));
    let contents = [
        ("authority.pem", authority_certificate.pem()),
        ("server.pem", server_certificate.pem()),
        ("server.key", server_key.serialize_pem()),
        ("service.token", token()),
        ("registry.token", token()),
    ];
    let mut files = Vec::new();
    for (name, content) in contents {
        let path = directory.join(name);
        write_private(&path, content.as_bytes()).map_err(unwritable(&path))?;
        files.push(path);
    }
    Ok(Made { files })
}

/// Writes a new file of mode 0600, durably; an existing one is an error.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}
