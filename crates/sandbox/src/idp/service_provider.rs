use vestibule_saml_idp::{IdpError, KnownServiceProvider, ReceivedRequest};

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
    let address = format!("{}/metadata", acs_url.strip_suffix("/acs").unwrap_or(acs_url));
    let unreachable = |source| Unknown::Unreachable { address: address.clone(), source };
    let answer =
        client.get(&address).send().await.and_then(reqwest::Response::error_for_status).map_err(unreachable)?;
    let metadata = answer.text().await.map_err(unreachable)?;
    let known = KnownServiceProvider::from_metadata(&metadata).map_err(Unknown::Metadata)?;
    if known.entity_id != request.issuer {
        return Err(Unknown::Another);
    }
    request.require_signed_by(&known).map_err(Unknown::Signature)?;
    Ok(known)
}
