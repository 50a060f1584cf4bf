use url::Url;

use super::{Binding, MetadataError, location};
use crate::{
    name::{HTTP_POST, HTTP_REDIRECT, METADATA},
    xml::Node,
};

/// Where an identity provider takes logout messages (SAML metadata sections 2.2.2 and 2.4.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SingleLogoutService {
    /// How a message travels.
    pub binding: Binding,
    /// Where requests go, and answers unless there is another address for them.
    pub location: Url,
    /// Where answers go.
    pub response_location: Option<Url>,
}

/// The first endpoint of each binding that is spoken here. Back channels (SOAP) are not: nobody's browser is there.
pub(super) fn services(provider: Node<'_>) -> Result<Vec<SingleLogoutService>, MetadataError> {
    let mut services: Vec<SingleLogoutService> = Vec::new();
    for node in provider.named(METADATA, "SingleLogoutService") {
        let binding = match node.attribute("Binding") {
            Some(HTTP_REDIRECT) => Binding::HttpRedirect,
            Some(HTTP_POST) => Binding::HttpPost,
            _ => continue,
        };
        let location = location::parse(node.attribute("Location").unwrap_or_default())?;
        let response_location = node.attribute("ResponseLocation").map(location::parse).transpose()?;
        if services.iter().all(|known| known.binding != binding) {
            services.push(SingleLogoutService { binding, location, response_location });
        }
    }
    Ok(services)
}
