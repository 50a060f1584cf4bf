use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::Network;

/// What belongs to somebody's own network, or to nobody: the registries of special-purpose addresses (RFC 6890, as IANA
/// keeps them).
const SPECIAL_V4: [(Network, &str); 15] = [
    (Network::v4([0, 0, 0, 0], 8), "this network (RFC 791)"),
    (Network::v4([10, 0, 0, 0], 8), "private (RFC 1918)"),
    (Network::v4([100, 64, 0, 0], 10), "shared address space (RFC 6598)"),
    (Network::v4([127, 0, 0, 0], 8), "loopback (RFC 1122)"),
    (Network::v4([169, 254, 0, 0], 16), "link-local (RFC 3927)"),
    (Network::v4([172, 16, 0, 0], 12), "private (RFC 1918)"),
    (Network::v4([192, 0, 0, 0], 24), "protocol assignments (RFC 6890)"),
    (Network::v4([192, 0, 2, 0], 24), "documentation (RFC 5737)"),
    (Network::v4([192, 88, 99, 0], 24), "6to4 relays (RFC 7526)"),
    (Network::v4([192, 168, 0, 0], 16), "private (RFC 1918)"),
    (Network::v4([198, 18, 0, 0], 15), "benchmarking (RFC 2544)"),
    (Network::v4([198, 51, 100, 0], 24), "documentation (RFC 5737)"),
    (Network::v4([203, 0, 113, 0], 24), "documentation (RFC 5737)"),
    (Network::v4([224, 0, 0, 0], 4), "multicast (RFC 5771)"),
    (Network::v4([240, 0, 0, 0], 4), "reserved (RFC 1112)"),
];

/// Of IPv6, only what is handed out to networks is public ([`GLOBAL_V6`]); within it, this is not.
const SPECIAL_V6: [(Network, &str); 4] = [
    (Network::v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), "protocol assignments, Teredo among them (RFC 2928, RFC 4380)"),
    (Network::v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), "documentation (RFC 3849)"),
    (Network::v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), "6to4 (RFC 3056)"),
    (Network::v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), "documentation (RFC 9637)"),
];

/// Global unicast (RFC 4291 section 2.5.4).
const GLOBAL_V6: Network = Network::v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// IPv4 behind a translator (RFC 6052 section 2.1): as good as the IPv4 address in it.
const TRANSLATED: Network = Network::v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96);

/// Where cloud machines learn their credentials. No network that an operator allows contains them.
const NEVER: [Network; 10] = [
    Network::v4([169, 254, 169, 254], 32), // AWS, Azure, Google Cloud, and most others
    Network::v4([169, 254, 169, 253], 32), // AWS: names
    Network::v4([169, 254, 170, 2], 32),   // AWS: tasks of ECS
    Network::v4([169, 254, 170, 23], 32),  // AWS: pods of EKS
    Network::v4([100, 100, 100, 200], 32), // Alibaba Cloud
    Network::v4([168, 63, 129, 16], 32),   // Azure: a public address that only its machines reach
    Network::v4([192, 0, 0, 192], 32),     // Oracle Cloud
    Network::v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], 128), // AWS
    Network::v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23], 128), // AWS: pods of EKS
    Network::v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], 128), // Google Cloud
];

/// Which addresses may be spoken to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Policy {
    /// Networks that are not public and may be spoken to all the same, such as the one that holds a customer's identity
    /// provider behind a private link.
    pub networks: Vec<Network>,
    /// Whether plain http is spoken.
    pub plain_http: bool,
}

/// An address that is not spoken to. The text does not tell the address: whoever may name hosts shall not learn by it what
/// the names of the own network resolve to.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("it leads to an address that is not public: {what}")]
pub struct Refused {
    /// The address.
    pub address: IpAddr,
    /// What it is.
    pub what: &'static str,
}

impl Policy {
    /// Whether the address may be spoken to.
    ///
    /// # Errors
    /// [`Refused`] says what sort of address it is.
    pub fn check(&self, address: IpAddr) -> Result<(), Refused> {
        let meant = meant(address);
        let refused = |what| Err(Refused { address, what });
        if NEVER.iter().any(|network| network.contains(meant)) {
            return refused("a service that tells machines their credentials");
        }
        match special(meant) {
            Some(_) if self.networks.iter().any(|network| network.contains(meant)) => Ok(()),
            Some(what) => refused(what),
            None => Ok(()),
        }
    }
}

/// The address that is reached: IPv6 may only wrap an IPv4 address.
fn meant(address: IpAddr) -> IpAddr {
    let IpAddr::V6(six) = address else { return address };
    if let Some(four) = six.to_ipv4_mapped() {
        return IpAddr::V4(four);
    }
    if TRANSLATED.contains(address) {
        let [.., a, b, c, d] = six.octets();
        return IpAddr::V4(Ipv4Addr::new(a, b, c, d));
    }
    address
}

fn special(address: IpAddr) -> Option<&'static str> {
    let find = |networks: &'static [(Network, &'static str)]| {
        networks.iter().find(|(network, _)| network.contains(address)).map(|(_, what)| *what)
    };
    match address {
        IpAddr::V4(_) => find(&SPECIAL_V4),
        IpAddr::V6(six) if !GLOBAL_V6.contains(address) => Some(not_global(six)),
        IpAddr::V6(_) => find(&SPECIAL_V6),
    }
}

fn not_global(address: Ipv6Addr) -> &'static str {
    if address.is_loopback() {
        "loopback (RFC 4291)"
    } else if address.is_unicast_link_local() {
        "link-local (RFC 4291)"
    } else if address.is_unique_local() {
        "unique local (RFC 4193)"
    } else if address.is_multicast() {
        "multicast (RFC 4291)"
    } else {
        "not global unicast (RFC 4291)"
    }
}
