use std::{
    future::Future,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use vestibule_fetch::{FetchError, Fetched, Fetcher, Policy, Settings, Validators};

pub(crate) const BYTES_MAX: usize = 64 * 1024;

/// A server that answers every connection in its own way, and counts them.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) connections: Arc<AtomicUsize>,
}

impl Server {
    /// `answer` gets the request's head and the connection.
    pub(crate) async fn answering<F, A>(answer: F) -> Self
    where
        F: Fn(String, TcpStream) -> A + Send + Sync + 'static,
        A: Future<Output = ()> + Send,
    {
        Self::on("127.0.0.1:0", answer).await
    }

    pub(crate) async fn on<F, A>(address: &str, answer: F) -> Self
    where
        F: Fn(String, TcpStream) -> A + Send + Sync + 'static,
        A: Future<Output = ()> + Send,
    {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let (count, answer) = (Arc::clone(&connections), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let answer = Arc::clone(&answer);
                tokio::spawn(async move {
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        match stream.read_u8().await {
                            Ok(byte) => head.push(byte),
                            Err(_) => return,
                        }
                    }
                    answer(String::from_utf8(head).unwrap(), stream).await;
                });
            }
        });
        Self { address, connections }
    }

    /// One that writes the same bytes to everybody.
    pub(crate) async fn saying(answer: impl Into<Vec<u8>>) -> Self {
        let answer: Vec<u8> = answer.into();
        Self::answering(move |_, mut stream| {
            let answer = answer.clone();
            async move {
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
            }
        })
        .await
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/metadata", self.address)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// What an operator allows who has a server on this machine.
pub(crate) fn loopback() -> Policy {
    Policy { networks: vec!["127.0.0.0/8".parse().unwrap()], plain_http: true }
}

pub(crate) fn fetcher(policy: Policy) -> Fetcher {
    Fetcher::new(Settings { policy, ..Settings::default() })
}

pub(crate) async fn fetch(fetcher: &Fetcher, url: &str) -> Result<Fetched, FetchError> {
    fetcher.fetch(&fetcher.address(url)?, &Validators::default(), BYTES_MAX).await
}

/// From a machine that allows its own network.
pub(crate) async fn fetch_here(url: &str) -> Result<Fetched, FetchError> {
    fetch(&fetcher(loopback()), url).await
}

pub(crate) fn bytes(fetched: Fetched) -> Vec<u8> {
    match fetched {
        Fetched::Document(document) => document.bytes,
        Fetched::NotModified => panic!("not modified"),
    }
}

pub(crate) fn ok(headers: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}", body.len())
}
