use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What happens to a commit on its way to the server.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cut {
    /// The server gets it, and its answer is lost.
    Answer,
    /// The server never gets it.
    Request,
}

/// Stands between the store and the server, and cuts the connection of every commit as long as it has cuts left.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    left: Arc<AtomicU32>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// A message of the client that contains `commit` is one.
    pub(crate) async fn start(server: String, commit: &'static [u8], cut: Cut) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let left = Arc::new(AtomicU32::new(0));
        let task = tokio::spawn({
            let left = Arc::clone(&left);
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    let server = TcpStream::connect(&server).await.unwrap();
                    tokio::spawn(relay(client, server, commit, cut, Arc::clone(&left)));
                }
            }
        });
        Self { port, left, task }
    }

    /// Cuts the next `times` commits.
    pub(crate) fn cut_next(&self, times: u32) {
        self.left.store(times, Ordering::SeqCst);
    }

    /// How many of them are still to come.
    pub(crate) fn left(&self) -> u32 {
        self.left.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn relay(client: TcpStream, server: TcpStream, commit: &'static [u8], cut: Cut, left: Arc<AtomicU32>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let answers = tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
        let message = &buffer[..length];
        let commits = message.windows(commit.len()).any(|window| window == commit);
        let cuts = commits && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if cuts {
            answers.abort();
            if matches!(cut, Cut::Answer) {
                to_server.write_all(message).await.unwrap();
            }
            break;
        }
        if to_server.write_all(message).await.is_err() {
            break;
        }
    }
    answers.abort();
}
