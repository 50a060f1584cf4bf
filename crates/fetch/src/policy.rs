use std::{
    iter,
    net::{IpAddr, Ipv6Addr},
};

use crate::{Network, wrapping};

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

const CREDENTIALS: &str = "a service that tells machines their credentials";

/// What no network that an operator allows contains: where cloud machines learn their credentials, all that is on the same
/// link, where more of them are, and what is no single machine.
const NEVER: [(Network, &str); 19] = [
    (Network::v4([169, 254, 169, 254], 32), CREDENTIALS), // AWS, Azure, Google Cloud, and most others
    (Network::v4([169, 254, 169, 253], 32), CREDENTIALS), // AWS: names
    (Network::v4([169, 254, 170, 2], 32), CREDENTIALS),   // AWS: tasks of ECS
    (Network::v4([169, 254, 170, 23], 32), CREDENTIALS),  // AWS: pods of EKS
    (Network::v4([169, 254, 42, 42], 32), CREDENTIALS),   // Scaleway
    (Network::v4([169, 254, 0, 23], 32), CREDENTIALS),    // Tencent Cloud
    (Network::v4([100, 100, 100, 200], 32), CREDENTIALS), // Alibaba Cloud
    (Network::v4([168, 63, 129, 16], 32), CREDENTIALS),   // Azure: a public address that only its machines reach
    (Network::v4([192, 0, 0, 192], 32), CREDENTIALS),     // Oracle Cloud
    (Network::v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0], 64), CREDENTIALS), // AWS: credentials, names, pods of EKS
    (Network::v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0], 64), CREDENTIALS), // Google Cloud
    (Network::v6([0xfd00, 0x42, 0, 0, 0, 0, 0, 0], 64), CREDENTIALS), // Scaleway
    (Network::v6([0xfd00, 0xc1, 0, 0, 0, 0, 0, 0], 64), CREDENTIALS), // Oracle Cloud
    (Network::v6([0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe], 128), CREDENTIALS), // OpenStack
    (Network::v4([169, 254, 0, 0], 16), "link-local (RFC 3927)"),
    (Network::v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), "link-local (RFC 4291)"),
    (Network::v4([224, 0, 0, 0], 4), "multicast (RFC 5771)"),
    (Network::v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), "multicast (RFC 4291)"),
    (Network::v4([255, 255, 255, 255], 32), "broadcast (RFC 919)"),
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
        let refused = |what| Err(Refused { address, what });
        // Whether a packet comes out at an address that is wrapped into another one depends on machines of the network's own, so
        // both are looked at.
        let never = |one: IpAddr| NEVER.iter().find(|(network, _)| network.contains(one)).map(|(_, what)| *what);
        let mut possible = iter::once(address).chain(wrapping::possible(address).map(IpAddr::V4));
        if let Some(what) = possible.find_map(never) {
            return refused(what);
        }
        let is_open = |one: IpAddr| self.networks.iter().any(|network| network.contains(one));
        let closed = |one: IpAddr| special(one).filter(|_| !is_open(one));
        let outer = iter::once(address).filter(|address| !wrapping::is_as_good_as_within(*address));
        let mut meant = outer.chain(wrapping::certain(address).map(IpAddr::V4));
        meant.find_map(closed).map_or(Ok(()), refused)
    }
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
