use std::net::IpAddr;

use vestibule_fetch::{FetchError, Network, Policy};
use vestibule_kernel::Explain;

use crate::support::{Server, fetch, fetcher, loopback, ok};

fn check(policy: &Policy, address: &str) -> Result<(), &'static str> {
    policy.check(address.parse::<IpAddr>().unwrap()).map_err(|refused| refused.what)
}

#[test]
fn what_is_not_public_is_refused() {
    let policy = Policy::default();
    for (address, what) in [
        ("0.0.0.0", "this network"),
        ("10.0.0.1", "private"),
        ("10.255.255.255", "private"),
        ("100.64.0.1", "shared"),
        ("100.127.255.255", "shared"),
        ("127.0.0.1", "loopback"),
        ("127.8.8.8", "loopback"),
        ("169.254.1.1", "link-local"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("192.0.0.8", "protocol"),
        ("192.0.2.1", "documentation"),
        ("192.88.99.1", "6to4"),
        ("192.168.1.1", "private"),
        ("198.18.0.1", "benchmarking"),
        ("198.19.255.255", "benchmarking"),
        ("198.51.100.1", "documentation"),
        ("203.0.113.1", "documentation"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "broadcast"),
        ("::", "not global"),
        ("::1", "loopback"),
        ("::7f00:1", "not global"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:10.1.2.3", "private"),
        ("::ffff:0:10.1.2.3", "not global"),
        ("64:ff9b::10.0.0.1", "private"),
        ("64:ff9b::7f00:1", "loopback"),
        ("64:ff9b:1::8.8.8.8", "not global"),
        ("100::1", "not global"),
        ("2001::1", "protocol"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "protocol"),
        ("2001:db8::1", "documentation"),
        ("2002:7f00:1::", "6to4"),
        ("2002:0a00:0001::1", "6to4"),
        ("3fff::1", "documentation"),
        ("5f00::1", "not global"),
        ("fc00::1", "unique local"),
        ("fd12:3456:789a::1", "unique local"),
        ("fe80::1", "link-local"),
        ("fec0::1", "not global"),
        ("ff02::1", "multicast"),
    ] {
        let found = check(&policy, address).expect_err(address);
        assert!(found.contains(what), "{address}: {found}");
    }
    for address in [
        "8.8.8.8",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.255.255",
        "172.32.0.1",
        "192.0.1.1",
        "198.17.255.255",
        "198.20.0.1",
        "223.255.255.255",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2001:4860:4860::8888",
        "2003::1",
        "2a00:1450:4001::1",
    ] {
        assert_eq!(check(&policy, address), Ok(()), "{address}");
    }
}

#[test]
fn a_network_of_the_operators_opens_itself_and_nothing_else() {
    let networks = ["10.20.0.0/16", "fd12:3456::/32", "127.0.0.1"].map(|text| text.parse().unwrap());
    let policy = Policy { networks: networks.to_vec(), plain_http: false };
    for address in ["10.20.0.1", "10.20.255.255", "::ffff:10.20.0.1", "64:ff9b::10.20.0.1", "fd12:3456::1", "127.0.0.1"]
    {
        assert_eq!(check(&policy, address), Ok(()), "{address}");
    }
    for address in ["10.19.255.255", "10.21.0.0", "fd12:3457::1", "127.0.0.2", "::1", "192.168.0.1"] {
        assert!(check(&policy, address).is_err(), "{address}");
    }
}

#[test]
fn no_network_opens_the_services_that_tell_credentials() {
    let everything = ["0.0.0.0/0", "::/0"].map(|text| text.parse().unwrap());
    let policy = Policy { networks: everything.to_vec(), plain_http: true };
    assert_eq!(check(&policy, "192.168.0.1"), Ok(()));
    for address in [
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "64:ff9b::169.254.169.254",
        "169.254.169.253",
        "169.254.170.2",
        "169.254.170.23",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "fd00:ec2::253",
        "fd00:42::42",
        "fd00:c1::a9fe:a9fe",
        "fe80::a9fe:a9fe",
        "169.254.42.42",
        "169.254.0.23",
        // In whatever it is wrapped.
        "::169.254.169.254",
        "::ffff:0:169.254.169.254",
        "64:ff9b::100.100.100.200",
        "64:ff9b:1::169.254.169.254",
        "64:ff9b:1:a9fe:a9:fe00::",
        "64:ff9b:1:a9:fe:a9fe::",
        "64:ff9b:1:0:a9:fea9:fe00:0",
        "2002:a9fe:a9fe::1",
        "2002:a83f:8110::",
        "2001:0:a9fe:a9fe::1",
        "2001:0:808:808:0:0:5601:5601",
        "2a00:1450::5efe:169.254.169.254",
        "fd12:3456::200:5efe:169.254.169.254",
    ] {
        assert!(check(&policy, address).expect_err(address).contains("credentials"), "{address}");
    }
    assert!(check(&Policy::default(), "168.63.129.16").is_err());
    // Nor what is on the same link, or no single machine.
    for address in [
        "169.254.1.1",
        "fe80::5efe:169.254.169.254",
        "::ffff:169.254.7.7",
        "2002:a9fe:101::",
        "fe80::1",
        "febf::1",
        "224.0.0.1",
        "239.1.2.3",
        "ff02::1",
        "255.255.255.255",
        "2002:e000:1::",
        "64:ff9b::255.255.255.255",
    ] {
        assert!(check(&policy, address).is_err(), "{address}");
    }
}

#[test]
fn what_wraps_an_address_opens_nothing_that_is_closed_by_itself() {
    let policy = |networks: &[&str]| Policy {
        networks: networks.iter().map(|text| text.parse().unwrap()).collect(),
        plain_http: false,
    };
    let (wrappings, both) = (policy(&["::/0"]), policy(&["::/0", "10.0.0.0/8"]));
    for address in [
        "2002:0a00:0001::",
        "::10.0.0.1",
        "::ffff:0:10.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "2001:0:a00:1::1",
        "2001:0:808:808:0:0:f5ff:fffe",
    ] {
        assert!(check(&wrappings, address).is_err(), "{address}");
    }
    for address in
        ["2002:0a00:0001::", "::10.0.0.1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:808:808::", "::1", "::"]
    {
        assert_eq!(check(&both, address), Ok(()), "{address}");
    }
    // An open address does not open what is wrapped around it, but for the two forms that are as good as it.
    let inner = policy(&["10.0.0.0/8"]);
    for address in ["2002:0a00:0001::", "::10.0.0.1", "::ffff:0:10.0.0.1", "64:ff9b:1::10.0.0.1"] {
        assert!(check(&inner, address).is_err(), "{address}");
    }
    // A translator of one's own, and what it leads to.
    let own = policy(&["64:ff9b:1::/48"]);
    assert_eq!(check(&own, "64:ff9b:1::8.8.8.8"), Ok(()));
    assert!(check(&own, "64:ff9b:1::169.254.169.254").is_err());
}

#[test]
fn networks_are_written_in_one_way() {
    for text in ["10.0.0.0/8", "0.0.0.0/0", "::/0", "fd00::/8", "127.0.0.1/32"] {
        assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
    }
    assert_eq!("127.0.0.1".parse::<Network>().unwrap().to_string(), "127.0.0.1/32");
    for text in
        ["", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/", "10.0.0.0/+8", "10/8", "::1/64", "::/129", "a/8", "10.0.0.0/8 "]
    {
        assert!(text.parse::<Network>().is_err(), "{text}");
    }
}

#[test]
fn addresses_are_https_and_hide_nothing() {
    let strict = fetcher(Policy::default());
    for good in ["https://idp.acme.test/metadata", "https://idp.acme.test:8443/a?b=c", "https://8.8.8.8/"] {
        assert_eq!(strict.address(good).unwrap().as_str(), good);
    }
    let reason = |url: &str| strict.address(url).expect_err(url).explain().reason;
    for bad in [
        "",
        "idp.acme.test",
        "ftp://idp.acme.test/",
        "file:///etc/hostname",
        "gopher://idp.acme.test/",
        "https://user@idp.acme.test/",
        "https://user:password@idp.acme.test/",
        "https://idp.acme.test/#x",
        "https://",
        &format!("https://idp.acme.test/{}", "a".repeat(2048)),
    ] {
        assert_eq!(reason(bad), "FETCH_ADDRESS_MALFORMED", "{bad}");
    }
    assert_eq!(reason("http://idp.acme.test/"), "FETCH_ADDRESS_NOT_HTTPS");
    // However 127.0.0.1 and the like are written.
    for literal in
        ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "0"]
    {
        assert_eq!(reason(&format!("https://{literal}/")), "FETCH_ADDRESS_REFUSED", "{literal}");
    }
}

#[tokio::test]
async fn the_own_machine_is_not_asked_unless_it_is_allowed() {
    let server = Server::saying(ok("", "secret")).await;
    let port = server.address.port();
    let closed = fetcher(Policy { plain_http: true, ..Policy::default() });
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        let url = format!("http://{host}:{port}/");
        let refused = fetch(&closed, &url).await.expect_err(&url);
        assert!(matches!(refused, FetchError::AddressRefused(_)), "{url}: {refused:?}");
        assert!(!refused.to_string().contains("127.0.0.1"), "{refused}");
    }
    let plain = fetcher(Policy { plain_http: false, ..loopback() });
    assert!(matches!(fetch(&plain, &server.url()).await, Err(FetchError::PlainHttp)));
    assert_eq!(server.connections(), 0);
    assert!(fetch(&fetcher(loopback()), &server.url()).await.is_ok());
    assert_eq!(server.connections(), 1);
}
