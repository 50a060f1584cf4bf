use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

/// A network in CIDR notation, such as `10.20.0.0/16` or `fd12:3456::/32`; an address alone is a network of one.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    first: IpAddr,
    prefix_bits: u32,
}

/// The text is not a network.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a network such as 10.20.0.0/16: an address, a slash, and how many bits of it count; all others zero")]
pub struct ParseNetworkError;

impl Network {
    pub(crate) const fn v4(first: [u8; 4], prefix_bits: u32) -> Self {
        let [a, b, c, d] = first;
        Self { first: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix_bits }
    }

    pub(crate) const fn v6(first: [u16; 8], prefix_bits: u32) -> Self {
        let [one, two, three, four, five, six, seven, eight] = first;
        Self { first: IpAddr::V6(Ipv6Addr::new(one, two, three, four, five, six, seven, eight)), prefix_bits }
    }

    /// Whether the address lies in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                (first.to_bits() ^ address.to_bits()).leading_zeros() >= self.prefix_bits
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                (first.to_bits() ^ address.to_bits()).leading_zeros() >= self.prefix_bits
            }
            _ => false,
        }
    }

    /// Its first address has no bits behind the prefix: who writes `10.1.2.3/8` may mean either.
    fn is_whole(self) -> bool {
        let trailing_zeros = match self.first {
            IpAddr::V4(first) => first.to_bits().trailing_zeros(),
            IpAddr::V6(first) => first.to_bits().trailing_zeros(),
        };
        trailing_zeros + self.prefix_bits >= width(self.first)
    }
}

const fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

impl FromStr for Network {
    type Err = ParseNetworkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let first: IpAddr = address.parse().map_err(|_| ParseNetworkError)?;
        let digits = |bits: &&str| !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit());
        let prefix_bits = match bits {
            None => width(first),
            Some(bits) => Some(bits).filter(digits).and_then(|bits| bits.parse().ok()).ok_or(ParseNetworkError)?,
        };
        let network = Self { first, prefix_bits };
        if prefix_bits <= width(first) && network.is_whole() { Ok(network) } else { Err(ParseNetworkError) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix_bits)
    }
}

impl TryFrom<String> for Network {
    type Error = ParseNetworkError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}
