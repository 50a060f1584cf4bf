use std::{io::Write, time::Duration};

use flate2::{Compression, write::GzEncoder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use vestibule_fetch::{FetchError, Fetched, Fetcher, Settings, Timeouts, Validators};

use crate::support::{BYTES_MAX, Server, bytes, fetch, fetch_here, fetcher, loopback, ok};

#[tokio::test]
async fn a_document_comes_whole_with_its_validators() {
    let server = Server::saying(ok("ETag: \"v1\"\r\nLast-Modified: Sat, 21 Nov 2026 08:00:00 GMT\r\n", "<md/>")).await;
    let Fetched::Document(document) = fetch_here(&server.url()).await.unwrap() else { panic!("not modified") };
    assert_eq!(document.bytes, b"<md/>");
    assert_eq!(document.validators.etag.as_deref(), Some("\"v1\""));
    assert_eq!(document.validators.last_modified.as_deref(), Some("Sat, 21 Nov 2026 08:00:00 GMT"));
}

#[tokio::test]
async fn what_is_known_is_not_sent_again() {
    let server = Server::answering(|head, mut stream| async move {
        let head = head.to_ascii_lowercase();
        let known = head.contains("if-none-match: \"v1\"") && head.contains("if-modified-since: then");
        let answer = if known { "HTTP/1.1 304 Not Modified\r\n\r\n".to_owned() } else { ok("etag: \"v1\"\r\n", "x") };
        let _ = stream.write_all(answer.as_bytes()).await;
    })
    .await;
    let fetcher = fetcher(loopback());
    let address = fetcher.address(&server.url()).unwrap();
    let known = Validators { etag: Some("\"v1\"".to_owned()), last_modified: Some("then".to_owned()) };
    assert_eq!(fetcher.fetch(&address, &known, BYTES_MAX).await.unwrap(), Fetched::NotModified);
    let other = Validators { etag: Some("\"v0\"".to_owned()), last_modified: None };
    assert_eq!(bytes(fetcher.fetch(&address, &other, BYTES_MAX).await.unwrap()), b"x");
}

#[tokio::test]
async fn nothing_is_modified_that_nobody_knows() {
    let server = Server::saying("HTTP/1.1 304 Not Modified\r\n\r\n").await;
    assert!(matches!(fetch_here(&server.url()).await, Err(FetchError::Status(304))));
}

#[tokio::test]
async fn a_request_tells_nothing_but_what_is_wanted() {
    let server = Server::answering(|head, mut stream| async move {
        let _ = stream.write_all(ok("set-cookie: a=b\r\n", &head).as_bytes()).await;
    })
    .await;
    let fetcher = fetcher(loopback());
    for _ in 0..2 {
        let address = fetcher.address(&server.url()).unwrap();
        let answer = fetcher.fetch(&address, &Validators::default(), BYTES_MAX).await.unwrap();
        let head = String::from_utf8(bytes(answer)).unwrap().to_ascii_lowercase();
        let mut names: Vec<&str> = head.lines().skip(1).filter_map(|line| Some(line.split_once(':')?.0)).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept", "accept-encoding", "host", "user-agent"], "{head}");
        assert!(head.contains("accept-encoding: identity"), "{head}");
    }
    // A connection is not used again: the next fetch looks at the addresses anew.
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn other_statuses_are_no_documents() {
    for status in [201_u16, 204, 206, 300, 400, 401, 403, 404, 410, 429, 500, 503] {
        let server = Server::saying(format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n")).await;
        let refused = fetch_here(&server.url()).await.unwrap_err();
        assert!(matches!(refused, FetchError::Status(found) if found == status), "{status}: {refused:?}");
    }
}

#[tokio::test]
async fn as_many_bytes_as_are_taken_and_not_one_more() {
    let most = "a".repeat(BYTES_MAX);
    let server = Server::saying(ok("", &most)).await;
    assert_eq!(bytes(fetch_here(&server.url()).await.unwrap()).len(), BYTES_MAX);
    // Announced.
    let announced = Server::saying(ok("", &format!("{most}a"))).await;
    assert!(matches!(fetch_here(&announced.url()).await, Err(FetchError::TooLarge { bytes_max: BYTES_MAX })));
    let lying = Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n").await;
    assert!(matches!(fetch_here(&lying.url()).await, Err(FetchError::TooLarge { .. })));
    // Not announced.
    let endless = Server::answering(|_, mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
        let chunk = [b"1000\r\n".as_slice(), &[b'a'; 0x1000], b"\r\n"].concat();
        while stream.write_all(&chunk).await.is_ok() {}
    })
    .await;
    assert!(matches!(fetch_here(&endless.url()).await, Err(FetchError::TooLarge { .. })));
    let unframed = Server::saying(
        [b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".as_slice(), format!("{most}a").as_bytes()].concat(),
    );
    assert!(matches!(fetch_here(&unframed.await.url()).await, Err(FetchError::TooLarge { .. })));
}

#[tokio::test]
async fn a_bomb_is_not_unpacked() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![0; 32 * 1024 * 1024]).unwrap();
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < BYTES_MAX);
    let head =
        |encoding| format!("HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {}\r\n\r\n", bomb.len());
    for encoding in ["gzip", "GZIP", "deflate", "br", "zstd", "identity, gzip", "x"] {
        let server = Server::saying([head(encoding).as_bytes(), &bomb].concat()).await;
        assert!(matches!(fetch_here(&server.url()).await, Err(FetchError::Encoded)), "{encoding}");
    }
    // Without the field it is what it is: bytes.
    let bare = Server::saying(
        [format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", bomb.len()).as_bytes(), &bomb].concat(),
    );
    assert_eq!(bytes(fetch_here(&bare.await.url()).await.unwrap()), bomb);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_no_answer() {
    for answer in [
        "",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/0.9 200 OK\r\n\r\n",
        "nonsense\r\n\r\n",
    ] {
        let server = Server::saying(answer).await;
        assert!(matches!(fetch_here(&server.url()).await, Err(FetchError::Transport(_))), "{answer:?}");
    }
    let many: String = (0..1000).fold(String::new(), |all, each| all + &format!("x-{each}: y\r\n"));
    let server = Server::saying(ok(&many, "x")).await;
    assert!(matches!(fetch_here(&server.url()).await, Err(FetchError::Transport(_))));
    // One that is huge, and ones without end.
    let server = Server::saying(ok(&format!("x: {}\r\n", "y".repeat(1024 * 1024)), "x")).await;
    assert!(matches!(fetch_here(&server.url()).await, Err(FetchError::Transport(_))));
    let endless = Server::answering(|_, mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nx: ").await;
        while stream.write_all(&[b'y'; 4096]).await.is_ok() {}
    })
    .await;
    assert!(matches!(fetch_here(&endless.url()).await, Err(FetchError::Transport(_))));
}

#[tokio::test]
async fn validators_that_are_too_long_are_forgotten() {
    let server = Server::saying(ok(&format!("etag: \"{}\"\r\n", "a".repeat(300)), "x")).await;
    let Fetched::Document(document) = fetch_here(&server.url()).await.unwrap() else { panic!("not modified") };
    assert!(document.validators.is_empty());
}

/// Whoever sends a byte now and then is cut off in the end, too.
#[tokio::test]
async fn whoever_is_slow_is_not_waited_for() {
    let silent = Server::answering(|_, mut stream| async move {
        let _ = stream.read_u8().await;
    })
    .await;
    let dripping = Server::answering(|_, mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 60000\r\n\r\n").await;
        while stream.write_all(b"a").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    // In the head, and before it: answers that say that the answer is still to come.
    let dripping_head = Server::answering(|_, mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nx: ").await;
        while stream.write_all(b"y").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let continuing = Server::answering(|_, mut stream| async move {
        while stream.write_all(b"HTTP/1.1 103 Early Hints\r\n\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    for server in [silent, dripping, dripping_head, continuing] {
        let url = server.url();
        let (idle, total) = (Duration::from_millis(400), Duration::from_millis(800));
        let timeouts = Timeouts { idle, total, ..Timeouts::default() };
        let impatient = Fetcher::new(Settings { policy: loopback(), timeouts, ..Settings::default() });
        let refused = fetch(&impatient, &url).await.unwrap_err();
        assert_eq!(server.connections(), 1);
        assert!(matches!(refused, FetchError::TooSlow), "{refused:?}");
    }
}
