//! IPv4 addresses inside of IPv6 addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::Network;

/// Where in an address the four bytes of another one stand.
type Place = [usize; 4];

const LAST: Place = [12, 13, 14, 15];

/// Mapped (RFC 4291 section 2.5.5.2), and behind a translator of the well-known prefix (RFC 6052 section 2.1).
const AS_GOOD: [Network; 2] =
    [Network::v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96), Network::v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96)];

/// Forms that wrap one address in one place.
const CERTAIN: [(Network, Place); 5] = [
    (AS_GOOD[0], LAST),
    (AS_GOOD[1], LAST),
    (Network::v6([0, 0, 0, 0, 0, 0, 0, 0], 96), LAST), // compatible (RFC 4291 section 2.5.5.1)
    (Network::v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96), LAST), // translated (RFC 2765 section 2.1)
    (Network::v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), [2, 3, 4, 5]), // 6to4 (RFC 3056 section 2)
];

/// Teredo (RFC 4380 section 4): the server, and the client with each bit turned round.
const TEREDO: Network = Network::v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32);

/// Behind a translator of one's own (RFC 8215): the length of its prefix says where (RFC 6052 section 2.2), and is not known.
const LOCAL: Network = Network::v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48);
const LOCAL_PLACES: [Place; 4] = [[6, 7, 9, 10], [7, 9, 10, 11], [9, 10, 11, 12], LAST];

/// What the interface part of an address begins with whose rest is an IPv4 address (ISATAP, RFC 5214 section 6.1), under any
/// prefix.
const ISATAP: [[u8; 4]; 2] = [[0, 0, 0x5e, 0xfe], [2, 0, 0x5e, 0xfe]];

/// Whether nothing but the address inside counts: the outer one is public, or not, as it is.
pub(crate) fn is_as_good_as_within(address: IpAddr) -> bool {
    AS_GOOD.iter().any(|network| network.contains(address))
}

/// The addresses inside, where it is certain that there are some.
pub(crate) fn certain(address: IpAddr) -> impl Iterator<Item = Ipv4Addr> {
    let six = wrapper(address);
    let one = six.and_then(|six| {
        let (_, place) = CERTAIN.iter().find(|(network, _)| network.contains(address))?;
        Some(at(six, *place))
    });
    let teredo = six.filter(|_| TEREDO.contains(address)).map(|six| {
        let client = Ipv4Addr::from_bits(!at(six, LAST).to_bits());
        [at(six, [4, 5, 6, 7]), client]
    });
    one.into_iter().chain(teredo.into_iter().flatten())
}

/// These, and all that may be inside.
pub(crate) fn possible(address: IpAddr) -> impl Iterator<Item = Ipv4Addr> {
    let six = wrapper(address);
    let local = six.filter(|_| LOCAL.contains(address)).map(|six| LOCAL_PLACES.map(|place| at(six, place)));
    let isatap = six.filter(|six| {
        let [.., a, b, c, d, _, _, _, _] = six.octets();
        ISATAP.contains(&[a, b, c, d])
    });
    let isatap = isatap.map(|six| at(six, LAST));
    certain(address).chain(local.into_iter().flatten()).chain(isatap)
}

/// The address itself, unless it means something of its own.
fn wrapper(address: IpAddr) -> Option<Ipv6Addr> {
    match address {
        IpAddr::V6(six) if !six.is_loopback() && !six.is_unspecified() => Some(six),
        IpAddr::V6(_) | IpAddr::V4(_) => None,
    }
}

fn at(address: Ipv6Addr, place: Place) -> Ipv4Addr {
    let octets = address.octets();
    Ipv4Addr::from(place.map(|index| octets.get(index).copied().unwrap_or_default()))
}
