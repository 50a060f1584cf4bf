use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::{error::Error, field::InvalidFields};

/// Resources on a page when the caller does not say.
const PAGE_SIZE_DEFAULT: usize = 50;

/// The most resources on a page.
const PAGE_SIZE_MAX: usize = 1_000;

/// More than any token of ours.
const PAGE_TOKEN_BYTES_MAX: usize = 256;

/// Bytes of the digest that binds a token to its list.
const BINDING_BYTES: usize = 8;

/// Which page of which list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Listing {
    pub(crate) size: usize,
    /// The key of the last resource of the page before.
    pub(crate) after: Option<String>,
    binding: [u8; BINDING_BYTES],
}

impl Listing {
    /// Reads what every list request has. `list` says which list it is: method and parent; a token of another list is
    /// refused.
    pub(crate) fn read(list: &str, page_size: i32, page_token: &str) -> Result<Self, Error> {
        Self::read_up_to(PAGE_SIZE_MAX, list, page_size, page_token)
    }

    /// The same, of a list with shorter pages.
    pub(crate) fn read_up_to(max: usize, list: &str, page_size: i32, page_token: &str) -> Result<Self, Error> {
        let size = match usize::try_from(page_size) {
            Ok(0) => PAGE_SIZE_DEFAULT,
            Ok(size) if size <= max => size,
            Ok(_) | Err(_) => {
                let description = format!("must be between 0 and {max}");
                return Err(InvalidFields::one("PAGE_SIZE_INVALID", "page_size", description).into());
            }
        };
        let binding = binding(list);
        let after = if page_token.is_empty() { None } else { Some(open(&binding, page_token).ok_or_else(invalid)?) };
        Ok(Self { size, after, binding })
    }

    /// The token of the page behind the resource with this key.
    pub(crate) fn token(&self, last: &str) -> String {
        let mut token = self.binding.to_vec();
        token.extend_from_slice(last.as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(token)
    }
}

fn open(binding: &[u8], token: &str) -> Option<String> {
    if token.len() > PAGE_TOKEN_BYTES_MAX {
        return None;
    }
    let token = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
    String::from_utf8(token.strip_prefix(binding)?.to_vec()).ok()
}

fn invalid() -> Error {
    InvalidFields::one("PAGE_TOKEN_INVALID", "page_token", "not from an earlier page of the same list").into()
}

fn binding(list: &str) -> [u8; BINDING_BYTES] {
    let mut binding = [0; BINDING_BYTES];
    for (to, from) in binding.iter_mut().zip(digest(&SHA256, list.as_bytes()).as_ref()) {
        *to = *from;
    }
    binding
}
