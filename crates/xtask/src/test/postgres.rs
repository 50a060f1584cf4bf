//! A real PostgreSQL for one run: its own data folder, a free loopback port, an unprivileged user, gone afterwards.
//!
//! The server is a child of this process and is told by the kernel when its parent dies (`setpriv --pdeathsig`), so
//! that it stops after Ctrl-C, a crash or a kill of this process as well.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::debian::{is_root, postgres_programs};
use crate::process::{capture, run as run_visibly};
use crate::workspace::{complain, say};

const USER: &str = "vestibule";
const PASSWORD: &str = "password";
const START_SECONDS_MAX: u64 = 60;
const STOP_SECONDS_MAX: u64 = 20;

/// Folders of this name are ours; the process id of the run follows.
const FOLDER_PREFIX: &str = "vestibule-postgres-";

/// A running server; dropping it stops the server and removes its data.
pub(super) struct Postgres {
    server: Child,
    folder: PathBuf,
    url: String,
}

/// An account without privileges, for a run as root: PostgreSQL refuses to run as root.
struct Account {
    user: u32,
    group: u32,
}

impl Postgres {
    /// Makes a database cluster and starts it.
    pub(super) fn start(target: &Path) -> Result<Self> {
        let programs = postgres_programs()?;
        let account = if is_root() { Some(Account::find()?) } else { None };
        let base = reachable(&target.join("interop"), account.as_ref());
        remove_leftovers(&base);

        let folder = base.join(format!("{FOLDER_PREFIX}{}", std::process::id()));
        fs::create_dir(&folder).with_context(|| format!("creating {}", folder.display()))?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
        let password = password()?;
        let password_file = folder.join(PASSWORD);
        fs::write(&password_file, &password)?;
        if let Some(account) = &account {
            chown(&password_file, Some(account.user), Some(account.group))?;
            chown(&folder, Some(account.user), Some(account.group))?;
        }
        make_cluster(&programs, account.as_ref(), &folder)?;
        let port = free_port()?;
        let server = serve(&programs, account.as_ref(), &folder, port)?;
        let url = format!("postgres://{USER}:{password}@127.0.0.1:{port}/postgres");
        let mut started = Self { server, folder, url };
        started.wait_until_ready(&programs, port)?;
        say(&format!("PostgreSQL answers on 127.0.0.1:{port}, data in {}", started.folder.display()));
        Ok(started)
    }

    /// Where an administrator of the server connects.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    fn wait_until_ready(&mut self, programs: &Path, port: u16) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(START_SECONDS_MAX);
        let port = port.to_string();
        loop {
            let mut probe = Command::new(programs.join("pg_isready"));
            probe.args(["--quiet", "--host", "127.0.0.1", "--port", &port, "--username", USER]);
            if probe.status().context("starting pg_isready")?.success() {
                return Ok(());
            }
            if self.server.try_wait()?.is_some() || Instant::now() > deadline {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                bail!("PostgreSQL did not start:\n{log}");
            }
            sleep(Duration::from_millis(50));
        }
    }

    /// An immediate shutdown (SIGQUIT): nothing of the data is needed any more.
    fn stop(&mut self) -> Result<()> {
        capture(Command::new("kill").args(["-QUIT", &self.server.id().to_string()]))?;
        let deadline = Instant::now() + Duration::from_secs(STOP_SECONDS_MAX);
        while self.server.try_wait()?.is_none() {
            if Instant::now() > deadline {
                self.server.kill()?;
                self.server.wait()?;
            }
            sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let stopped = self.stop();
        let removed = fs::remove_dir_all(&self.folder);
        if let Err(error) = stopped.and(removed.map_err(anyhow::Error::from)) {
            complain(&format!("PostgreSQL of this run was not cleared away: {error:#}"));
        }
    }
}

impl Account {
    fn find() -> Result<Self> {
        for name in ["postgres", "nobody"] {
            let number = |option| capture(Command::new("id").args([option, name])).ok()?.trim().parse().ok();
            if let (Some(user), Some(group)) = (number("-u"), number("-g")) {
                return Ok(Self { user, group });
            }
        }
        bail!("neither the account postgres nor nobody exists; PostgreSQL does not run as root")
    }
}

fn make_cluster(programs: &Path, account: Option<&Account>, folder: &Path) -> Result<()> {
    run_visibly(
        unprivileged(account, &programs.join("initdb"), folder)
            .arg("--pgdata")
            .arg(folder.join("data"))
            .arg("--pwfile")
            .arg(folder.join(PASSWORD))
            .args(["--username", USER, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync"])
            .stdout(Stdio::null()),
    )
}

fn serve(programs: &Path, account: Option<&Account>, folder: &Path, port: u16) -> Result<Child> {
    let log = fs::File::create(folder.join("log"))?;
    unprivileged(account, &programs.join("postgres"), folder)
        .arg("-D")
        .arg(folder.join("data"))
        .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="])
        // The data lives as long as the run: surviving a power cut would only cost time.
        .args(["-c", "fsync=off", "-c", "max_connections=200"])
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("starting postgres")
}

/// A command that runs as `account` (as ourselves when there is none) and is interrupted when this process dies.
fn unprivileged(account: Option<&Account>, program: &Path, folder: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "INT"]);
    if let Some(account) = account {
        command
            .arg(format!("--reuid={}", account.user))
            .arg(format!("--regid={}", account.group))
            .arg("--clear-groups");
    }
    command.arg(program).current_dir(folder).env("LC_ALL", "C");
    command
}

/// `wished` when the account may enter every folder on the way there, otherwise the system's temporary folder.
fn reachable(wished: &Path, account: Option<&Account>) -> PathBuf {
    const ENTER_FOR_OTHERS: u32 = 0o001;
    let open = |folder: &Path| folder.metadata().is_ok_and(|metadata| metadata.mode() & ENTER_FOR_OTHERS != 0);
    if account.is_none() || wished.ancestors().all(open) { wished.to_path_buf() } else { std::env::temp_dir() }
}

/// Removes the data of runs that were killed.
fn remove_leftovers(base: &Path) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let run = name.strip_prefix(FOLDER_PREFIX);
        if run.is_some_and(|process| !Path::new("/proc").join(process).exists())
            && let Err(error) = fs::remove_dir_all(entry.path())
        {
            complain(&format!("{} was not removed: {error}", entry.path().display()));
        }
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// 122 random bits from the kernel, in hexadecimal digits; other users of this machine can reach the port too.
fn password() -> Result<String> {
    let random = fs::read_to_string("/proc/sys/kernel/random/uuid").context("asking the kernel for randomness")?;
    Ok(random.trim().replace('-', ""))
}
