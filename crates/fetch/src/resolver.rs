use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::{FetchError, Policy, limit};

/// Tells the addresses of a name.
#[async_trait]
pub trait Resolver: Send + Sync + 'static {
    /// All addresses of the name.
    ///
    /// # Errors
    /// The name has none, or nobody can tell.
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The machine's own.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// Stands between the client and the names: what it lets through is all that the client ever connects to.
pub(crate) struct Gate {
    pub(crate) resolver: Arc<dyn Resolver>,
    pub(crate) policy: Policy,
}

impl Resolve for Gate {
    fn resolve(&self, name: Name) -> Resolving {
        let (resolver, policy) = (Arc::clone(&self.resolver), self.policy.clone());
        Box::pin(async move { Ok(permitted(&*resolver, &policy, name.as_str()).await?) })
    }
}

/// A name that has one address of the own network beside public ones is as suspicious as one that has only such.
async fn permitted(resolver: &dyn Resolver, policy: &Policy, name: &str) -> Result<Addrs, FetchError> {
    let mut addresses = resolver.addresses(name).await.map_err(FetchError::NameUnresolved)?;
    if addresses.is_empty() {
        return Err(FetchError::NameUnresolved(io::Error::from(io::ErrorKind::NotFound)));
    }
    addresses.truncate(limit::ADDRESSES_MAX);
    for address in &addresses {
        policy.check(*address)?;
    }
    // The client sets the port of the URL.
    Ok(Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0))))
}
