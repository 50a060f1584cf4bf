use vestibule_kernel::ConnectionId;

/// What an identity provider is told about us: one service provider for each connection. None of it ever changes,
/// whatever happens to certificates and metadata.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServiceProviderAddresses {
    /// Our entity id.
    pub entity_id: String,
    /// Where responses are posted to.
    pub acs_url: String,
    /// Where logout messages are sent to.
    pub slo_url: String,
    /// Where our metadata can be fetched.
    pub metadata_url: String,
}

impl ServiceProviderAddresses {
    /// The addresses of `connection` below the gateway's address, which has no trailing slash.
    #[must_use]
    pub fn of(public_url: &str, connection: ConnectionId) -> Self {
        let entity_id = format!("{public_url}/saml/{connection}");
        Self {
            acs_url: format!("{entity_id}/acs"),
            slo_url: format!("{entity_id}/slo"),
            metadata_url: format!("{entity_id}/metadata"),
            entity_id,
        }
    }
}
