use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy, sink},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    select,
    sync::Notify,
    task::JoinHandle,
};

/// What happens to a commit on its way to the server.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cut {
    /// The server gets it and does it, and its answer is lost.
    Answer,
    /// The server never gets it.
    Request,
    /// The client is cut off at once, and the server gets it when the test says so ([`Proxy::deliver`]): on the way it
    /// lay in a buffer, or the server had no processor for that session.
    Late,
}

/// Stands between the store and the server, and cuts the connection of every commit as long as it has cuts left.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    plan: Arc<Plan>,
    task: JoinHandle<()>,
}

struct Plan {
    /// A message of the client that contains this is a commit.
    commit: &'static [u8],
    cut: Cut,
    left: AtomicU32,
    deliver: Notify,
    delivered: Notify,
}

impl Proxy {
    /// A message of the client that contains `commit` is one.
    pub(crate) async fn start(server: String, commit: &'static [u8], cut: Cut) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (left, deliver, delivered) = (AtomicU32::new(0), Notify::new(), Notify::new());
        let plan = Arc::new(Plan { commit, cut, left, deliver, delivered });
        let task = tokio::spawn({
            let plan = Arc::clone(&plan);
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    let server = TcpStream::connect(&server).await.unwrap();
                    tokio::spawn(relay(client, server, Arc::clone(&plan)));
                }
            }
        });
        Self { port, plan, task }
    }

    /// Cuts the next `times` commits.
    pub(crate) fn cut_next(&self, times: u32) {
        self.plan.left.store(times, Ordering::SeqCst);
    }

    /// How many of them are still to come.
    pub(crate) fn left(&self) -> u32 {
        self.plan.left.load(Ordering::SeqCst)
    }

    /// Gives the server the commit that was held back ([`Cut::Late`]) and returns when its session is over.
    pub(crate) async fn deliver(&self) {
        self.plan.deliver.notify_one();
        self.plan.delivered.notified().await;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Plan {
    fn cuts(&self, message: &[u8]) -> bool {
        message.windows(self.commit.len()).any(|window| window == self.commit)
            && self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }
}

async fn relay(client: TcpStream, server: TcpStream, plan: Arc<Plan>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let (mut asked, mut answered) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        select! {
            read = from_client.read(&mut asked) => {
                let Ok(length @ 1..) = read else { break };
                let message = &asked[..length];
                if plan.cuts(message) {
                    let client = (from_client, to_client);
                    cut(client, (from_server, to_server), message, &plan).await;
                    break;
                }
                if to_server.write_all(message).await.is_err() {
                    break;
                }
            }
            read = from_server.read(&mut answered) => {
                let Ok(length @ 1..) = read else { break };
                if to_client.write_all(&answered[..length]).await.is_err() {
                    break;
                }
            }
        }
    }
}

type Side = (OwnedReadHalf, OwnedWriteHalf);

async fn cut(client: Side, (mut from_server, mut to_server): Side, message: &[u8], plan: &Plan) {
    match plan.cut {
        Cut::Request => {}
        Cut::Answer => {
            to_server.write_all(message).await.unwrap();
            // The server answers when it has committed.
            from_server.read_u8().await.unwrap();
        }
        Cut::Late => {
            drop(client);
            plan.deliver.notified().await;
            // The server may have ended the session meanwhile. Otherwise it does so when it has done what it was sent.
            if to_server.write_all(message).await.is_ok() && to_server.shutdown().await.is_ok() {
                let _ended = copy(&mut from_server, &mut sink()).await;
            }
            plan.delivered.notify_one();
        }
    }
}
