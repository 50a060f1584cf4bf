//! The configuration: defaults, then a TOML file, then `VESTIBULE__SECTION__KEY`, then flags.

use std::{
    collections::{BTreeSet, HashSet},
    path::PathBuf,
};

use serde::{Deserialize, Serialize};
use url::{Host, Url};
use vestibule_host::config::{ConfigError, Grpc, Telemetry, Validate};
use vestibule_kernel::OrganizationId;

use crate::{limit::TARGETS_MAX, served::Served};

/// In the place of an organization: everybody who is named nowhere else.
const EVERYBODY_ELSE: &str = "*";

/// Every setting; `deploy/provisioner.toml` shows them with their defaults.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The deployment's environment, as `deployment.environment` says it.
    pub environment: String,
    /// Who knows the people.
    pub registry: Registry,
    /// Who tells when something happens to them.
    pub nats: Nats,
    /// Health.
    pub grpc: Grpc,
    /// Logs, traces, metrics.
    pub telemetry: Telemetry,
    /// How often everything is compared, beside once at the start; 0 for never.
    pub reconcile_hours: u64,
    /// The SCIM services.
    pub targets: Vec<Target>,
}

/// `[registry]`: who knows the people.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Registry {
    /// Its address.
    pub address: String,
    /// The authority that signed its certificate, PEM; the system's when absent.
    pub authority_file: Option<PathBuf>,
    /// A file with the registry's people token, which shows names and opens nothing else.
    pub token_file: PathBuf,
}

/// `[nats]`: who tells when something happens to people.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Nats {
    /// `nats://host:port` or `tls://host:port`; several servers of a cluster are separated by commas.
    pub url: String,
    /// A credentials file (JWT and seed).
    pub credentials_file: Option<PathBuf>,
    /// A file that holds the seed of an nkey.
    pub nkey_seed_file: Option<PathBuf>,
    /// The authority that signed the server's certificate, PEM; the system's when absent.
    pub authority_file: Option<PathBuf>,
    /// Our certificate, PEM, where the server asks for one.
    pub certificate_file: Option<PathBuf>,
    /// Its key, PEM.
    pub key_file: Option<PathBuf>,
    /// The stream, as the registry's `nats.stream` says it.
    pub stream: String,
    /// On how many servers what was handled is remembered: 1, 3 or 5.
    pub replicas: usize,
    /// How long the stream keeps events, as the registry's `nats.retention_hours` says it.
    pub retention_hours: u64,
}

/// `[[targets]]`: a SCIM service.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Names it in logs and metrics, and its consumer on NATS: 1 to 40 lower-case letters, digits and hyphens.
    pub name: String,
    /// The ids of the organizations whose people it has, or `*`: those of all organizations that no other service names.
    pub organizations: BTreeSet<String>,
    /// Its base address, below which `Users` and `Groups` are.
    #[serde(with = "address")]
    pub address: Url,
    /// A file with the bearer token. A new one needs no restart.
    pub token_file: PathBuf,
    /// The authority that signed its certificate, PEM; the system's when absent.
    #[serde(default)]
    pub authority_file: Option<PathBuf>,
    /// What its users are called.
    #[serde(default)]
    pub user_name: UserName,
    /// What its groups are.
    #[serde(default)]
    pub groups: Groups,
    /// How many requests a second it bears, 1 to 1,000.
    #[serde(default = "requests_per_second")]
    pub requests_per_second: u32,
    /// How long an answer may take, 1 to 300.
    #[serde(default = "timeout_seconds")]
    pub timeout_seconds: u64,
}

/// What the users of a SCIM service are called (`userName`).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UserName {
    /// The person's id: the `sub` of their tokens. Never changes, never is another's.
    #[default]
    Person,
    /// The e-mail address, or the id where there is none. An address that was somebody else's is refused by the service.
    Email,
}

/// What the groups of a SCIM service are.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Groups {
    /// Each role of an organization is a group.
    #[default]
    Roles,
    /// There are none.
    None,
}

const fn requests_per_second() -> u32 {
    10
}

const fn timeout_seconds() -> u64 {
    30
}

impl Default for Config {
    fn default() -> Self {
        // The registry has the port that would be ours.
        let grpc = Grpc { listen: ([127, 0, 0, 1], 8802).into(), ..Grpc::default() };
        Self {
            environment: "development".to_owned(),
            registry: Registry::default(),
            nats: Nats::default(),
            grpc,
            telemetry: Telemetry::default(),
            reconcile_hours: 24,
            targets: Vec::new(),
        }
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self { address: "http://127.0.0.1:8801".to_owned(), authority_file: None, token_file: "people.token".into() }
    }
}

impl Default for Nats {
    fn default() -> Self {
        Self {
            url: "nats://127.0.0.1:4222".to_owned(),
            credentials_file: None,
            nkey_seed_file: None,
            authority_file: None,
            certificate_file: None,
            key_file: None,
            stream: "vestibule".to_owned(),
            replicas: 1,
            retention_hours: 168,
        }
    }
}

impl Config {
    /// Whose people each of the services has.
    ///
    /// # Errors
    /// An organization is none, or two services want it.
    pub fn served(&self) -> Result<Vec<Served>, ConfigError> {
        let wrong = |problem: String| ConfigError::Invalid { key: "targets.organizations", problem };
        let mut named = BTreeSet::new();
        let mut served = Vec::with_capacity(self.targets.len());
        for target in &self.targets {
            if target.organizations.len() == 1 && target.organizations.contains(EVERYBODY_ELSE) {
                served.push(None);
                continue;
            }
            let mut these = BTreeSet::new();
            for text in &target.organizations {
                let organization: OrganizationId = text
                    .parse()
                    .map_err(|_| wrong(format!("`{text}` is no organization's id, and `*` stands alone")))?;
                if !named.insert(organization) {
                    return Err(wrong(format!("two services want the people of {organization}")));
                }
                these.insert(organization);
            }
            if these.is_empty() {
                return Err(wrong(format!("{} names no organization; `*` stands for everybody else", target.name)));
            }
            served.push(Some(Served::Only(these)));
        }
        if served.iter().filter(|served| served.is_none()).count() > 1 {
            return Err(wrong("two services want everybody else".to_owned()));
        }
        Ok(served.into_iter().map(|only| only.unwrap_or_else(|| Served::Others(named.clone()))).collect())
    }
}

impl Validate for Config {
    fn validate(&self) -> Result<(), ConfigError> {
        self.grpc.validate()?;
        self.telemetry.validate()?;
        let wrong = |key, problem: &str| Err(ConfigError::Invalid { key, problem: problem.to_owned() });
        if !is_name(&self.environment) {
            return wrong("environment", "use 1 to 40 lower-case letters, digits and hyphens");
        }
        if ![1, 3, 5].contains(&self.nats.replicas) {
            return wrong("nats.replicas", "use 1, 3 or 5");
        }
        if !(1..=8_760).contains(&self.nats.retention_hours) {
            return wrong("nats.retention_hours", "use a number from 1 to 8760");
        }
        if self.nats.credentials_file.is_some() && self.nats.nkey_seed_file.is_some() {
            return wrong("nats.nkey_seed_file", "there is a credentials file already");
        }
        if self.nats.certificate_file.is_some() != self.nats.key_file.is_some() {
            return wrong("nats.key_file", "a certificate and its key go together");
        }
        if self.reconcile_hours > 8_760 {
            return wrong("reconcile_hours", "use a number up to 8760");
        }
        if self.targets.is_empty() || self.targets.len() > TARGETS_MAX {
            return wrong("targets", "name at least one SCIM service, and at most 64");
        }
        let names: HashSet<&str> = self.targets.iter().map(|target| target.name.as_str()).collect();
        if names.len() < self.targets.len() {
            return wrong("targets.name", "two services have one name");
        }
        self.targets.iter().try_for_each(Validate::validate)?;
        self.served().map(drop)
    }
}

impl Validate for Target {
    fn validate(&self) -> Result<(), ConfigError> {
        let wrong = |key, problem: &str| Err(ConfigError::Invalid { key, problem: problem.to_owned() });
        if !is_name(&self.name) {
            return wrong("targets.name", "use 1 to 40 lower-case letters, digits and hyphens");
        }
        let is_loopback = match self.address.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        if self.address.scheme() != "https" && !(self.address.scheme() == "http" && is_loopback) {
            return wrong("targets.address", "use https: names and the token go there");
        }
        let is_bare = self.address.username().is_empty() && self.address.password().is_none();
        if !is_bare || self.address.query().is_some() || self.address.fragment().is_some() {
            return wrong("targets.address", "use the address alone, without user, query or fragment");
        }
        if !(1..=1_000).contains(&self.requests_per_second) {
            return wrong("targets.requests_per_second", "use a number from 1 to 1000");
        }
        if !(1..=300).contains(&self.timeout_seconds) {
            return wrong("targets.timeout_seconds", "use a number from 1 to 300");
        }
        Ok(())
    }
}

/// A URL in its text form.
mod address {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};
    use url::Url;

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }

    pub(super) fn serialize<S: Serializer>(address: &Url, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(address.as_str())
    }
}

fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=40).contains(&text.len()) && text.bytes().all(plain)
}
