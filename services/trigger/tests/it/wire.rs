//! The wire between the shim and the service: what passes over it is kept, and it can break.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_util::sync::CancellationToken;

#[derive(Clone)]
pub(crate) struct Wire {
    pub(crate) address: SocketAddr,
    sent: Arc<Mutex<Vec<u8>>>,
    connections: watch::Receiver<usize>,
    cut: Arc<Mutex<CancellationToken>>,
    frozen: Arc<Mutex<CancellationToken>>,
}

impl Wire {
    pub(crate) async fn to(service: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (accepted, connections) = watch::channel(0);
        let wire = Self {
            address: listener.local_addr().unwrap(),
            sent: Arc::default(),
            connections,
            cut: Arc::default(),
            frozen: Arc::default(),
        };
        let this = wire.clone();
        tokio::spawn(async move {
            loop {
                let (near, _) = listener.accept().await.unwrap();
                accepted.send_modify(|count| *count += 1);
                let far = TcpStream::connect(service).await.unwrap();
                let (cut, frozen) = (this.cut.lock().unwrap().clone(), this.frozen.lock().unwrap().clone());
                tokio::spawn(carry(near, far, Arc::clone(&this.sent), cut, frozen));
            }
        });
        wire
    }

    /// Everything that went to the service.
    pub(crate) fn sent(&self) -> Vec<u8> {
        self.sent.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.connections.borrow()
    }

    /// Breaks the connections that there are.
    pub(crate) fn cut(&self) {
        std::mem::take(&mut *self.cut.lock().unwrap()).cancel();
    }

    /// Leaves the connections that there are open, and lets nothing pass any more, as when a machine has gone.
    pub(crate) fn freeze(&self) {
        std::mem::take(&mut *self.frozen.lock().unwrap()).cancel();
    }
}

async fn carry(
    mut near: TcpStream,
    mut far: TcpStream,
    sent: Arc<Mutex<Vec<u8>>>,
    cut: CancellationToken,
    frozen: CancellationToken,
) {
    let (mut up, mut down) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    near.set_nodelay(true).unwrap();
    far.set_nodelay(true).unwrap();
    loop {
        tokio::select! {
            biased;
            () = cut.cancelled() => return,
            () = frozen.cancelled() => {
                cut.cancelled().await;
                return;
            }
            read = near.read(&mut up) => {
                let Ok(count @ 1..) = read else { return };
                sent.lock().unwrap().extend_from_slice(&up[..count]);
                if far.write_all(&up[..count]).await.is_err() { return }
            }
            read = far.read(&mut down) => {
                let Ok(count @ 1..) = read else { return };
                if near.write_all(&down[..count]).await.is_err() { return }
            }
        }
    }
}
