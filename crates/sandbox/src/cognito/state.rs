use std::io::Write as _;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use flate2::{Compression, write::GzEncoder};
use serde_json::json;
use vestibule_kernel::{IdSource, Timestamp};

use super::{PoolConfig, request::AppRequest};

/// How long the states are that real pools send: 650 to 1,100 characters.
const STATE_CHARS: usize = 1_000;

/// The `state` of the request to the provider: `<base64url of gzip>.<base64url>.<digit>`, about 1,000 characters.
///
/// It looks like the real one, and like the real one nobody but the pool may read anything into it.
pub(super) fn opaque(
    config: &PoolConfig,
    request: &AppRequest,
    now: Timestamp,
    ids: &(dyn IdSource + 'static),
) -> String {
    let known = json!({
        "userPoolId": config.pool_id,
        "providerName": request.identity_provider,
        "clientId": request.client_id,
        "redirectURI": request.redirect_uri,
        "responseType": "code",
        "providerType": "OIDC",
        "scopes": request.scopes,
        "state": request.state,
        "codeChallenge": request.code_challenge,
        "nonce": hex::encode(ids.bytes::<16>()),
        "serverHostPort": config.domain_url,
        "creationTimeSeconds": now.unix_seconds(),
    });
    let first = BASE64_URL_SAFE_NO_PAD.encode(gzip(known.to_string().as_bytes()));
    // The rest is unguessable, at least 256 bits, and makes the length realistic.
    let mut random = vec![0; (STATE_CHARS.saturating_sub(first.len() + 3) * 3 / 4).max(32)];
    ids.fill(&mut random);
    format!("{first}.{}.3", BASE64_URL_SAFE_NO_PAD.encode(random))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail; an empty part would still be a good state.
    match encoder.write_all(bytes) {
        Ok(()) => encoder.finish().unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}
