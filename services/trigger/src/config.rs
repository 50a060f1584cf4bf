use std::{env, ffi::OsString};

use tonic::transport::Uri;
use vestibule_kernel::SecretString;
use vestibule_lambda::{SettingError, Settings};

use crate::open::OrganizationMarks;

const URL: &str = "VESTIBULE_ENRICHMENT_URL";
const TOKEN: &str = "VESTIBULE_SERVICE_TOKEN";
const TOKEN_FILE: &str = "VESTIBULE_SERVICE_TOKEN_FILE";
const AUTHORITY: &str = "VESTIBULE_AUTHORITY";
const AUTHORITY_FILE: &str = "VESTIBULE_AUTHORITY_FILE";
const FAIL_OPEN_POOLS: &str = "VESTIBULE_FAIL_OPEN_POOLS";
const CLAIMS: &str = "VESTIBULE_ORGANIZATION_CLAIMS";
const SCOPE_PREFIXES: &str = "VESTIBULE_ORGANIZATION_SCOPE_PREFIXES";

const NAMES: &[&str] = &[URL, TOKEN, TOKEN_FILE, AUTHORITY, AUTHORITY_FILE, FAIL_OPEN_POOLS, CLAIMS, SCOPE_PREFIXES];

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

impl Config {
    /// Reads and checks the settings, and the files that they name.
    pub(crate) fn from_environment() -> Result<Self, SettingError> {
        Self::from_variables(env::vars_os())
    }

    fn from_variables(all: impl Iterator<Item = (OsString, OsString)>) -> Result<Self, SettingError> {
        let variables = Settings::from_variables(NAMES, all)?;
        let enrichment = enrichment(&variables)?;
        let token = variables.text_or_file(TOKEN, TOKEN_FILE)?;
        let encrypted = enrichment.scheme_str() == Some("https");
        if token.is_none() && encrypted {
            let what = "the enrichment service answers nobody without a service token";
            return Err(SettingError::Missing { name: TOKEN, what });
        }
        if token.as_ref().is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic())) {
            let problem = "expected visible ASCII characters";
            return Err(SettingError::Invalid { name: TOKEN, problem });
        }
        let authority = variables.text_or_file(AUTHORITY, AUTHORITY_FILE)?;
        if authority.as_ref().is_some_and(|pem| !pem.contains("-----BEGIN CERTIFICATE-----")) {
            return Err(SettingError::Invalid { name: AUTHORITY, problem: "expected certificates in PEM" });
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

fn enrichment(variables: &Settings) -> Result<Uri, SettingError> {
    let example = "expected an address such as https://enrichment.internal:8801";
    let Some(text) = variables.text(URL) else { return Err(SettingError::Missing { name: URL, what: example }) };
    let invalid = |problem| SettingError::Invalid { name: URL, problem };
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
