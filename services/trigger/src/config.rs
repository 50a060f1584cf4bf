use std::{env, ffi::OsString, fs, io, path::PathBuf};

use tonic::transport::Uri;
use vestibule_kernel::SecretString;

use crate::open::OrganizationMarks;

/// The names of all settings begin with it.
const PREFIX: &str = "VESTIBULE_";

const URL: &str = "VESTIBULE_ENRICHMENT_URL";
const TOKEN: &str = "VESTIBULE_SERVICE_TOKEN";
const TOKEN_FILE: &str = "VESTIBULE_SERVICE_TOKEN_FILE";
const AUTHORITY: &str = "VESTIBULE_AUTHORITY";
const AUTHORITY_FILE: &str = "VESTIBULE_AUTHORITY_FILE";
const FAIL_OPEN_POOLS: &str = "VESTIBULE_FAIL_OPEN_POOLS";
const CLAIMS: &str = "VESTIBULE_ORGANIZATION_CLAIMS";
const SCOPE_PREFIXES: &str = "VESTIBULE_ORGANIZATION_SCOPE_PREFIXES";

const NAMES: [&str; 8] = [URL, TOKEN, TOKEN_FILE, AUTHORITY, AUTHORITY_FILE, FAIL_OPEN_POOLS, CLAIMS, SCOPE_PREFIXES];

/// The most entries of a list.
const LIST_ENTRIES_MAX: usize = 100;

/// The settings, read from the environment once.
pub(crate) struct Config {
    /// The enrichment service.
    pub(crate) enrichment: Uri,
    /// What the service knows the shim by.
    pub(crate) token: Option<SecretString>,
    /// The certificates, as PEM, that vouch for the service; the system's where there are none.
    pub(crate) authority: Option<String>,
    /// The pools, by Cognito's id, that would rather have tokens without an organization than none.
    pub(crate) fail_open_pools: Vec<String>,
    /// What such tokens must not hold.
    pub(crate) marks: OrganizationMarks,
}

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("{name} is not a setting; there are {}", NAMES.join(", "))]
    Unknown { name: String },
    #[error("{name} is missing: {what}")]
    Missing { name: &'static str, what: &'static str },
    #[error("{one} and {other} are both set: set one of them")]
    Both { one: &'static str, other: &'static str },
    #[error("{name} cannot be used: {problem}")]
    Invalid { name: &'static str, problem: &'static str },
    #[error("{name} names a file that cannot be read: {}", path.display())]
    Unreadable { name: &'static str, path: PathBuf, source: io::Error },
}

impl Config {
    /// Reads and checks the settings, and the files that they name.
    pub(crate) fn from_environment() -> Result<Self, ConfigError> {
        Self::from_variables(env::vars_os())
    }

    fn from_variables(all: impl Iterator<Item = (OsString, OsString)>) -> Result<Self, ConfigError> {
        let variables = Variables::own(all)?;
        let enrichment = enrichment(&variables)?;
        let token = variables.text_or_file(TOKEN, TOKEN_FILE)?;
        let encrypted = enrichment.scheme_str() == Some("https");
        if token.is_none() && encrypted {
            let what = "the enrichment service answers nobody without a service token";
            return Err(ConfigError::Missing { name: TOKEN, what });
        }
        if token.as_ref().is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic())) {
            let problem = "expected visible ASCII characters";
            return Err(ConfigError::Invalid { name: TOKEN, problem });
        }
        let authority = variables.text_or_file(AUTHORITY, AUTHORITY_FILE)?;
        if authority.as_ref().is_some_and(|pem| !pem.contains("-----BEGIN CERTIFICATE-----")) {
            return Err(ConfigError::Invalid { name: AUTHORITY, problem: "expected certificates in PEM" });
        }
        Ok(Self {
            enrichment,
            token: token.map(SecretString::from),
            authority,
            fail_open_pools: variables.list(
                FAIL_OPEN_POOLS,
                "",
                is_pool_id,
                "expected ids such as eu-west-1_AbCd12345",
            )?,
            marks: OrganizationMarks {
                claims: variables.list(
                    CLAIMS,
                    "org_id",
                    is_claim,
                    "expected names of claims that are not Cognito's own",
                )?,
                scope_prefixes: variables.list(SCOPE_PREFIXES, "tenant/", is_word, "expected how scopes begin")?,
            },
        })
    }
}

/// The variables that are ours, by their known names.
struct Variables(Vec<(&'static str, String)>);

impl Variables {
    fn own(all: impl Iterator<Item = (OsString, OsString)>) -> Result<Self, ConfigError> {
        let mut own = Vec::new();
        for (name, value) in all {
            let name = name.to_string_lossy();
            if !name.starts_with(PREFIX) {
                continue;
            }
            let Some(known) = NAMES.into_iter().find(|known| *known == name) else {
                return Err(ConfigError::Unknown { name: name.into_owned() });
            };
            let Ok(value) = value.into_string() else {
                return Err(ConfigError::Invalid { name: known, problem: "expected UTF-8" });
            };
            own.push((known, value.trim().to_owned()));
        }
        Ok(Self(own))
    }

    /// A setting; an empty one is none, because deployment tools have no other way to leave one out.
    fn text(&self, name: &'static str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str()).filter(|text| !text.is_empty())
    }

    fn text_or_file(&self, name: &'static str, file: &'static str) -> Result<Option<String>, ConfigError> {
        match (self.text(name), self.text(file)) {
            (Some(_), Some(_)) => Err(ConfigError::Both { one: name, other: file }),
            (Some(text), None) => Ok(Some(text.to_owned())),
            (None, None) => Ok(None),
            (None, Some(path)) => {
                let path = PathBuf::from(path);
                let text =
                    fs::read_to_string(&path).map_err(|source| ConfigError::Unreadable { name: file, path, source })?;
                if text.trim().is_empty() {
                    return Err(ConfigError::Invalid { name: file, problem: "the file is empty" });
                }
                Ok(Some(text.trim().to_owned()))
            }
        }
    }

    fn list(
        &self,
        name: &'static str,
        default: &'static str,
        fits: fn(&str) -> bool,
        problem: &'static str,
    ) -> Result<Vec<String>, ConfigError> {
        let text = self.text(name).unwrap_or(default);
        let entries: Vec<String> =
            text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(str::to_owned).collect();
        if entries.len() > LIST_ENTRIES_MAX || !entries.iter().all(|entry| fits(entry)) {
            return Err(ConfigError::Invalid { name, problem });
        }
        Ok(entries)
    }
}

fn enrichment(variables: &Variables) -> Result<Uri, ConfigError> {
    let example = "expected an address such as https://enrichment.internal:8801";
    let Some(text) = variables.text(URL) else { return Err(ConfigError::Missing { name: URL, what: example }) };
    let invalid = |problem| ConfigError::Invalid { name: URL, problem };
    let url: Uri = text.parse().map_err(|_| invalid(example))?;
    if !matches!(url.path(), "" | "/") || url.query().is_some() {
        return Err(invalid(example));
    }
    match (url.scheme_str(), url.host()) {
        (Some("https"), Some(_)) | (Some("http"), Some("localhost" | "127.0.0.1" | "[::1]")) => Ok(url),
        (Some("http"), Some(_)) => Err(invalid("http is for loopback addresses only: use https")),
        _ => Err(invalid(example)),
    }
}

fn is_word(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Groups have a list of their own, and Cognito's own claims cannot be suppressed.
fn is_claim(text: &str) -> bool {
    const OWN: [&str; 7] = ["sub", "iss", "aud", "exp", "client_id", "username", "scope"];
    is_word(text) && !text.starts_with("cognito:") && !OWN.contains(&text)
}

/// `<region>_<letters and digits>`.
fn is_pool_id(text: &str) -> bool {
    text.split_once('_').is_some_and(|(region, id)| {
        let region_fits = region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        region_fits && region.contains('-') && !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, String> {
        let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Config::from_variables(variables).map_err(|error| error.to_string())
    }

    fn refused(variables: &[(&str, &str)]) -> String {
        read(variables).err().expect("refused")
    }

    #[test]
    fn an_address_and_a_token_are_all_it_takes() {
        let config = read(&[(URL, "https://enrichment.internal:8801"), (TOKEN, "secret"), ("PATH", "/bin")]).unwrap();
        assert_eq!(config.marks.claims, ["org_id"]);
        assert_eq!(config.marks.scope_prefixes, ["tenant/"]);
        assert!(config.fail_open_pools.is_empty());
        assert!(read(&[(URL, "http://127.0.0.1:8801"), (TOKEN, "")]).is_ok());
    }

    #[test]
    fn lists_are_separated_by_commas() {
        let pools = (FAIL_OPEN_POOLS, "eu-west-1_AbCd12345, us-east-1_X");
        let claims = (CLAIMS, "org_id,tenant_id");
        let config = read(&[(URL, "http://localhost:8801"), pools, claims]).unwrap();
        assert_eq!(config.fail_open_pools, ["eu-west-1_AbCd12345", "us-east-1_X"]);
        assert_eq!(config.marks.claims, ["org_id", "tenant_id"]);
    }

    #[test]
    fn what_cannot_work_is_refused_by_name() {
        let here = (URL, "http://localhost:8801");
        assert!(refused(&[]).starts_with("VESTIBULE_ENRICHMENT_URL is missing"));
        assert!(refused(&[(URL, "http://enrichment.internal:8801")]).contains("use https"));
        for url in ["enrichment:8801", "ftp://x", "https://x/path", "https://"] {
            assert!(refused(&[(URL, url)]).starts_with("VESTIBULE_ENRICHMENT_URL cannot be used"), "{url}");
        }
        assert!(refused(&[(URL, "https://x")]).starts_with("VESTIBULE_SERVICE_TOKEN is missing"));
        assert!(refused(&[here, (TOKEN, "a\u{e9}")]).starts_with("VESTIBULE_SERVICE_TOKEN cannot be used"));
        assert!(refused(&[here, (TOKEN, "a"), (TOKEN_FILE, "b")]).contains("both set"));
        assert!(refused(&[here, (TOKEN_FILE, "/nowhere/token")]).contains("/nowhere/token"));
        assert!(refused(&[here, (AUTHORITY, "x")]).contains("PEM"));
        assert!(refused(&[here, (FAIL_OPEN_POOLS, "all")]).starts_with("VESTIBULE_FAIL_OPEN_POOLS cannot be used"));
        assert!(refused(&[here, (CLAIMS, "sub")]).starts_with("VESTIBULE_ORGANIZATION_CLAIMS cannot be used"));
        assert!(refused(&[here, ("VESTIBULE_FAIL_OPEN_POOL", "x")]).starts_with("VESTIBULE_FAIL_OPEN_POOL is not"));
    }
}
