//! The Debian packages that the tests need: installed when that is allowed, otherwise named in one line.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::process::{find, run as run_visibly};
use crate::workspace::say;

/// Where Debian keeps LLVM, each version in a folder of its own.
const LLVM: &str = "/usr/lib";

/// Something the tests need, and the Debian package that brings it.
struct Need {
    package: &'static str,
    is_there: fn() -> bool,
}

const NEEDS: &[Need] = &[
    Need { package: "postgresql", is_there: || postgres_programs().is_ok() },
    Need { package: "xmlsec1", is_there: || find("xmlsec1").is_some() }, // pysaml2 signs with it, the SAML engine is compared with it
    Need { package: "chromium", is_there: || chromium().is_ok() },
    Need { package: "nodejs", is_there: node_is_recent },
    Need { package: "npm", is_there: || find("npm").is_some() },
    Need { package: "python3", is_there: || find("python3").is_some() },
    Need { package: "python3-venv", is_there: python_makes_environments },
    // The program of the second opinion is built against these.
    Need { package: "libxmlsec1-dev", is_there: || knows("xmlsec1-openssl") },
    Need { package: "libxml2-dev", is_there: || knows("libxml-2.0") },
    Need { package: "libxslt1-dev", is_there: || knows("libxslt") },
    Need { package: "libssl-dev", is_there: || knows("libssl") },
    Need { package: "libxmlsec1-openssl", is_there: || knows("xmlsec1-openssl") },
    Need { package: "pkg-config", is_there: || find("pkg-config").is_some() },
    Need { package: "libclang-dev", is_there: has_libclang },
    Need { package: "util-linux", is_there: || find("setpriv").is_some() },
    // SimpleSAMLphp runs on these.
    Need { package: "php-cli", is_there: || find("php").is_some() },
    Need { package: "php-xml", is_there: || php_has("dom") },
    Need { package: "php-mbstring", is_there: || php_has("mbstring") },
];

/// Installs what is missing, as root or through a sudo that asks no password.
pub(crate) fn install_missing() -> Result<()> {
    let missing: Vec<&str> = NEEDS.iter().filter(|need| !(need.is_there)()).map(|need| need.package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let Some(prefix) = privilege() else {
        bail!(
            "these are missing; install them with\n    sudo apt-get install -y --no-install-recommends {}",
            missing.join(" ")
        )
    };
    say(&format!("installing {}", missing.join(", ")));
    run_visibly(apt(prefix).args(["update", "-q"]))?;
    run_visibly(apt(prefix).args(["install", "-q", "-y", "--no-install-recommends"]).args(&missing))?;
    match NEEDS.iter().find(|need| !(need.is_there)()) {
        None => Ok(()),
        Some(need) => bail!("{} was installed, but what it should bring is not there or too old", need.package),
    }
}

/// The folder of PostgreSQL's server programs; Debian keeps them off the search path.
pub(super) fn postgres_programs() -> Result<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, folder)| folder.join("initdb").is_file())
        .collect();
    folders.sort();
    let newest = folders.pop().map(|(_, folder)| folder);
    let on_path = || find("initdb").and_then(|initdb| initdb.parent().map(Path::to_path_buf));
    newest.or_else(on_path).context("PostgreSQL's initdb is not found")
}

/// The browser of the end-to-end tests.
pub(super) fn chromium() -> Result<PathBuf> {
    find("chromium").or_else(|| find("chromium-browser")).context("chromium is not found")
}

/// Unpacks a package below `folder` without installing it: its files are enough, and what it depends on (a web server that
/// listens at once) is nobody's wish.
pub(super) fn unpack(package: &str, folder: &Path) -> Result<()> {
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder)?;
    let download = || run_visibly(Command::new("apt-get").args(["download", "-q", package]).current_dir(folder));
    if download().is_err() {
        let prefix = privilege().context("the list of packages is out of date: sudo apt-get update")?;
        run_visibly(apt(prefix).args(["update", "-q"]))?;
        download()?;
    }
    let archive = std::fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    let archive = archive.filter(|path| path.extension().is_some_and(|extension| extension == "deb")).last();
    let archive = archive.with_context(|| format!("{package} was not downloaded"))?;
    run_visibly(Command::new("dpkg").arg("-x").arg(&archive).arg(folder))?;
    Ok(std::fs::remove_file(archive)?)
}

fn php_has(extension: &str) -> bool {
    succeeds(Command::new("php").args(["-r", &format!("exit(extension_loaded('{extension}') ? 0 : 1);")]))
}

/// Whether a library's headers are installed.
fn knows(library: &str) -> bool {
    succeeds(Command::new("pkg-config").args(["--exists", library]))
}

fn has_libclang() -> bool {
    let entries = |folder: PathBuf| std::fs::read_dir(folder).into_iter().flatten().flatten();
    let versions = entries(PathBuf::from(LLVM)).filter(|entry| entry.file_name().to_string_lossy().starts_with("llvm"));
    versions.flat_map(|version| entries(version.path().join("lib"))).any(|entry| entry.file_name() == "libclang.so")
}

fn python_makes_environments() -> bool {
    succeeds(Command::new("python3").args(["-c", "import venv, ensurepip"]))
}

/// The browser's driver needs Node.js 20; Debian 12 itself brings 18, hence another source there.
fn node_is_recent() -> bool {
    succeeds(Command::new("node").args(["-e", "process.exit(process.versions.node.split('.')[0] >= 20 ? 0 : 1)"]))
}

/// What to put before `apt-get`: nothing for root, `sudo` where it asks no password, otherwise there is no way.
fn privilege() -> Option<&'static [&'static str]> {
    if is_root() {
        Some(&[])
    } else if succeeds(Command::new("sudo").args(["-n", "true"])) {
        Some(&["sudo", "-n"])
    } else {
        None
    }
}

/// Whether this program runs as root.
pub(super) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

fn apt(prefix: &[&str]) -> Command {
    let words =
        prefix.iter().chain(&["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300"]);
    let words: Vec<&str> = words.copied().collect();
    let (program, arguments) = words.split_first().map_or(("apt-get", [].as_slice()), |(first, rest)| (*first, rest));
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
