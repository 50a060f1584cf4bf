use vestibule_saml_idp::{IdpError, KnownServiceProvider, ReceivedLogout, ReceivedRequest};

/// A service provider is not known, or not the one that asks.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unknown {
    #[error("its metadata cannot be read from {address}")]
    Unreachable { address: String, source: reqwest::Error },
    #[error(transparent)]
    Metadata(IdpError),
    #[error("the metadata is another service provider's")]
    Another,
    #[error(transparent)]
    Signature(IdpError),
}

/// Reads the metadata of the service provider that takes answers at `acs_url`, and sees that it signed the request. It is
/// read each time, so that a rotation of keys is seen at once.
pub(super) async fn known(
    client: &reqwest::Client,
    request: &ReceivedRequest,
    acs_url: &str,
) -> Result<KnownServiceProvider, Unknown> {
    let known = fetch(client, acs_url.strip_suffix("/acs").unwrap_or(acs_url), &request.issuer).await?;
    request.require_signed_by(&known).map_err(Unknown::Signature)?;
    Ok(known)
}

/// Sees that the service provider that a logout message names signed it. Its metadata lies below its entity id.
pub(super) async fn sent(client: &reqwest::Client, message: &ReceivedLogout) -> Result<(), Unknown> {
    let known = fetch(client, &message.issuer, &message.issuer).await?;
    message.require_signed_by(&known).map_err(Unknown::Signature)
}

async fn fetch(client: &reqwest::Client, below: &str, entity_id: &str) -> Result<KnownServiceProvider, Unknown> {
    let address = format!("{below}/metadata");
    let unreachable = |source| Unknown::Unreachable { address: address.clone(), source };
    let answer =
        client.get(&address).send().await.and_then(reqwest::Response::error_for_status).map_err(unreachable)?;
    let metadata = answer.text().await.map_err(unreachable)?;
    let known = KnownServiceProvider::from_metadata(&metadata).map_err(Unknown::Metadata)?;
    if known.entity_id == entity_id { Ok(known) } else { Err(Unknown::Another) }
}
