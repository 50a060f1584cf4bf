use url::{Host, Url};

/// A Cognito user pool as the issuer of tokens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UserPool {
    pub(crate) id: String,
    pub(crate) issuers: Vec<String>,
    /// Where its keys are, if not beside the issuer.
    pub(crate) key_set_url: Option<String>,
}

/// Something cannot describe a user pool.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidUserPool {
    /// Not an id like `eu-west-1_AbCd12345`.
    #[error("a user pool's id is its region, an underscore and letters or digits")]
    Id,
    /// Neither `https` nor `http` on the loopback interface.
    #[error("an address must use https, or http on the loopback interface")]
    Address,
}

/// The path of the key set below an issuer.
const KEY_SET_PATH: &str = "/.well-known/jwks.json";
/// The longest id (`UserPoolIdType` of Cognito's API).
const ID_BYTES_MAX: usize = 55;

impl UserPool {
    /// A pool in AWS, by its id, such as `eu-west-1_AbCd12345`. Its tokens may name it in the original or in the updated
    /// form, `https://cognito-idp.{region}.amazonaws.com/{id}` or `https://issuer-cognito-idp.…`.
    ///
    /// # Errors
    /// [`InvalidUserPool::Id`].
    pub fn new(id: &str) -> Result<Self, InvalidUserPool> {
        let region = region_of(id).ok_or(InvalidUserPool::Id)?;
        let issuers =
            ["", "issuer-"].map(|form| format!("https://{form}cognito-idp.{region}.amazonaws.com/{id}")).to_vec();
        Ok(Self { id: id.to_owned(), issuers, key_set_url: None })
    }

    /// A pool of an emulator or simulator, whose tokens name `issuer`, exactly so.
    ///
    /// # Errors
    /// [`InvalidUserPool::Address`].
    pub fn with_issuer(id: impl Into<String>, issuer: impl Into<String>) -> Result<Self, InvalidUserPool> {
        let issuer = allowed(issuer.into())?;
        Ok(Self { id: id.into(), issuers: vec![issuer], key_set_url: None })
    }

    /// Fetches the keys from another address, for emulators that name AWS in their tokens.
    ///
    /// # Errors
    /// [`InvalidUserPool::Address`].
    pub fn key_set_at(self, url: impl Into<String>) -> Result<Self, InvalidUserPool> {
        Ok(Self { key_set_url: Some(allowed(url.into())?), ..self })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The issuers that its tokens may name.
    pub fn issuers(&self) -> impl Iterator<Item = &str> {
        self.issuers.iter().map(String::as_str)
    }

    pub(crate) fn key_set_of(&self, issuer: &str) -> String {
        self.key_set_url.clone().unwrap_or_else(|| format!("{issuer}{KEY_SET_PATH}"))
    }
}

/// The region of an id whose form is Cognito's, so that nothing else gets into a host name made of it.
fn region_of(id: &str) -> Option<&str> {
    let (region, name) = id.split_once('_')?;
    let region_fits = region.split('-').count() >= 3
        && region.split('-').all(|part| !part.is_empty())
        && region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let name_fits = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric());
    (region_fits && name_fits && id.len() <= ID_BYTES_MAX).then_some(region)
}

fn allowed(address: String) -> Result<String, InvalidUserPool> {
    let url = Url::parse(&address).map_err(|_| InvalidUserPool::Address)?;
    if url.scheme() == "https" || is_loopback(&url) { Ok(address) } else { Err(InvalidUserPool::Address) }
}

fn is_loopback(url: &Url) -> bool {
    let on_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "http" && on_loopback
}
