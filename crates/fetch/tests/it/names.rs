use std::{
    io,
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::io::AsyncWriteExt;
use vestibule_fetch::{FetchError, Fetcher, Network, Policy, Resolver, Settings, Timeouts};
use vestibule_kernel::Explain;

use crate::support::{Server, bytes, fetch, ok};

const ALLOWED: Ipv4Addr = Ipv4Addr::LOCALHOST;
const FORBIDDEN: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// A name server that says something else every time.
struct Changing {
    answers: Vec<Vec<Ipv4Addr>>,
    asked: AtomicUsize,
}

#[async_trait::async_trait]
impl Resolver for Changing {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        assert_eq!(name, "idp.acme.test");
        let turn = self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.answers.get(turn).or(self.answers.last()).cloned().unwrap_or_default();
        if answer.is_empty() {
            Err(io::ErrorKind::NotFound.into())
        } else {
            Ok(answer.into_iter().map(IpAddr::V4).collect())
        }
    }
}

fn fetcher(answers: &[&[Ipv4Addr]]) -> (Fetcher, Arc<Changing>) {
    let answers = answers.iter().map(|answer| answer.to_vec()).collect();
    let resolver = Arc::new(Changing { answers, asked: AtomicUsize::new(0) });
    // One address of this machine stands for the public ones, another for the own network.
    let networks: Vec<Network> = vec![ALLOWED.to_string().parse().unwrap()];
    let policy = Policy { networks, plain_http: true };
    let settings = Settings { policy, resolver: Arc::clone(&resolver) as Arc<dyn Resolver>, ..Settings::default() };
    (Fetcher::new(settings), resolver)
}

/// Two servers on one port: the one that may be asked, and the one that may not.
async fn two() -> (Server, Server, String) {
    let inner = Server::on("127.0.0.2:0", |_, mut stream| async move {
        let _ = stream.write_all(ok("", "secret").as_bytes()).await;
    });
    let inner = inner.await;
    let address = format!("127.0.0.1:{}", inner.address.port());
    let outer = Server::on(&address, |head, mut stream| async move {
        let answer = if head.starts_with("GET /metadata ") {
            ok("", "public")
        } else {
            "HTTP/1.1 302 Found\r\nlocation: /metadata\r\ncontent-length: 0\r\n\r\n".to_owned()
        };
        let _ = stream.write_all(answer.as_bytes()).await;
    });
    let url = format!("http://idp.acme.test:{}", inner.address.port());
    (outer.await, inner, url)
}

#[tokio::test]
async fn the_address_that_was_looked_at_is_the_one_that_is_asked() {
    let (outer, inner, url) = two().await;
    let (fetcher, resolver) = fetcher(&[&[ALLOWED], &[FORBIDDEN]]);
    assert_eq!(bytes(fetch(&fetcher, &format!("{url}/metadata")).await.unwrap()), b"public");
    // One connection, one look.
    assert_eq!((outer.connections(), inner.connections(), resolver.asked.load(Ordering::SeqCst)), (1, 0, 1));
    // The next time the name points inside.
    let refused = fetch(&fetcher, &format!("{url}/metadata")).await.unwrap_err();
    assert!(matches!(refused, FetchError::AddressRefused(_)), "{refused:?}");
    assert_eq!((outer.connections(), inner.connections()), (1, 0));
}

#[tokio::test]
async fn a_redirect_to_the_same_name_looks_again() {
    let (outer, inner, url) = two().await;
    let (fetcher, resolver) = fetcher(&[&[ALLOWED], &[FORBIDDEN]]);
    let refused = fetch(&fetcher, &format!("{url}/moved")).await.unwrap_err();
    assert_eq!(refused.explain().reason, "FETCH_ADDRESS_REFUSED");
    assert_eq!((outer.connections(), inner.connections(), resolver.asked.load(Ordering::SeqCst)), (1, 0, 2));
}

#[tokio::test]
async fn one_inner_address_among_others_is_enough_to_refuse() {
    let (outer, inner, url) = two().await;
    for answer in [&[ALLOWED, FORBIDDEN], &[FORBIDDEN, ALLOWED]] {
        let (fetcher, _) = fetcher(&[answer]);
        let refused = fetch(&fetcher, &format!("{url}/metadata")).await.unwrap_err();
        assert!(matches!(refused, FetchError::AddressRefused(_)), "{refused:?}");
    }
    assert_eq!((outer.connections(), inner.connections()), (0, 0));
}

#[tokio::test]
async fn a_name_without_an_address_is_told_apart() {
    let (fetcher, _) = fetcher(&[&[]]);
    let refused = fetch(&fetcher, "http://idp.acme.test/").await.unwrap_err();
    assert_eq!(refused.explain().reason, "FETCH_NAME_UNRESOLVED");
}

/// Says which environment this is run in: a child process looks at the address that it names.
const CHILD: &str = "VESTIBULE_TEST_FETCH";

/// Does nothing unless it is the child of the next one.
#[tokio::test]
async fn a_child_with_a_proxy_in_its_environment() {
    let Ok(url) = std::env::var(CHILD) else { return };
    assert_eq!(bytes(crate::support::fetch_here(&url).await.unwrap()), b"direct");
}

/// A proxy would resolve names itself, out of our sight.
#[tokio::test]
async fn no_proxy_is_used_whatever_the_environment_says() {
    let (proxy, server) = (Server::saying(ok("", "through the proxy")).await, Server::saying(ok("", "direct")).await);
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "names::a_child_with_a_proxy_in_its_environment"]).env(CHILD, server.url());
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        child.env(name, format!("http://{}", proxy.address));
    }
    let output = child.env_remove("NO_PROXY").env_remove("no_proxy").output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!((server.connections(), proxy.connections()), (1, 0));
}

/// Never answers.
struct Silent;

#[async_trait::async_trait]
impl Resolver for Silent {
    async fn addresses(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_name_server_that_does_not_answer_is_not_waited_for() {
    let total = std::time::Duration::from_millis(300);
    let timeouts = Timeouts { total, ..Timeouts::default() };
    let fetcher = Fetcher::new(Settings { resolver: Arc::new(Silent), timeouts, ..Settings::default() });
    let refused = fetch(&fetcher, "https://idp.acme.test/").await.unwrap_err();
    assert!(matches!(refused, FetchError::TooSlow), "{refused:?}");
}
