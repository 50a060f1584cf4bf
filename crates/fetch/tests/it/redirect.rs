use tokio::io::AsyncWriteExt;
use vestibule_fetch::FetchError;

use crate::support::{Server, bytes, fetch_here, ok};

/// Redirects from `/metadata` to wherever, answers everything else.
async fn redirecting(status: &'static str, location: impl Fn(u16) -> String + Send + Sync + 'static) -> Server {
    let location = std::sync::Arc::new(location);
    Server::answering(move |head, mut stream| {
        let location = std::sync::Arc::clone(&location);
        async move {
            let port = stream.local_addr().unwrap().port();
            let answer = if head.starts_with("GET /metadata ") {
                format!("HTTP/1.1 {status} x\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", location(port))
            } else {
                ok("", "moved")
            };
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    })
    .await
}

#[tokio::test]
async fn redirects_on_the_same_origin_are_followed() {
    for status in ["301", "302", "303", "307", "308"] {
        let server = redirecting(status, |_| "/elsewhere#part".to_owned()).await;
        assert_eq!(bytes(fetch_here(&server.url()).await.unwrap()), b"moved", "{status}");
        let whole = redirecting(status, |port| format!("http://127.0.0.1:{port}/elsewhere")).await;
        assert_eq!(bytes(fetch_here(&whole.url()).await.unwrap()), b"moved", "{status}");
    }
}

#[tokio::test]
async fn redirects_anywhere_else_are_not() {
    let victim = Server::saying(ok("", "secret")).await;
    let other_port = victim.url();
    for location in [
        "https://evil.example/".to_owned(),
        "//evil.example/".to_owned(),
        "http://localhost/".to_owned(),
        "http://127.0.0.2/".to_owned(),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://user@127.0.0.1/".to_owned(),
        "file:///etc/hostname".to_owned(),
        "gopher://127.0.0.1/".to_owned(),
        format!("/{}", "a".repeat(4000)),
        other_port,
    ] {
        let shown = location.clone();
        let server = redirecting("302", move |_| location.clone()).await;
        let refused = fetch_here(&server.url()).await.expect_err(&shown);
        assert!(matches!(refused, FetchError::RedirectedElsewhere(_)), "{shown}: {refused:?}");
        assert!(refused.to_string().len() < 400, "{refused}");
        assert_eq!(server.connections(), 1);
    }
    assert_eq!(victim.connections(), 0);
}

#[tokio::test]
async fn a_circle_ends() {
    let server = redirecting("302", |_| "/metadata".to_owned()).await;
    assert!(matches!(fetch_here(&server.url()).await, Err(FetchError::TooManyRedirects)));
    assert_eq!(server.connections(), 4);
}

#[tokio::test]
async fn a_redirect_without_a_place_is_a_status() {
    let server = Server::saying("HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n").await;
    assert!(matches!(fetch_here(&server.url()).await, Err(FetchError::Status(302))));
}
