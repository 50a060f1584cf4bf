use std::{net::Ipv4Addr, time::Duration};

use anyhow::{Context, Result};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep_until},
};

/// Bytes that are carried in one piece.
const PIECE_BYTES: usize = 16 * 1024;
/// Pieces that are on the way at once.
const PIECES_MAX: usize = 1024;

/// A long wire to somewhere else on this machine: everything arrives, in its order, and later.
pub struct LongWire {
    port: u16,
    carrying: JoinHandle<()>,
}

impl LongWire {
    /// A wire to this port, on which everything takes this long in each direction.
    ///
    /// # Errors
    /// When there is no port for it.
    pub async fn to(port: u16, delay: Duration) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("a port for the wire")?;
        let own = listener.local_addr()?.port();
        let carrying = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await else { continue };
                let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
                tokio::spawn(carry(from_near, to_far, delay));
                tokio::spawn(carry(from_far, to_near, delay));
            }
        });
        Ok(Self { port: own, carrying })
    }

    /// Its near end.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for LongWire {
    fn drop(&mut self) {
        self.carrying.abort();
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, delay: Duration) {
    let (sender, mut pieces) = mpsc::channel::<(Instant, Vec<u8>)>(PIECES_MAX);
    let reading = async move {
        let mut buffer = vec![0; PIECE_BYTES];
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            let piece = buffer.get(..count).unwrap_or_default().to_vec();
            if sender.send((Instant::now() + delay, piece)).await.is_err() {
                return;
            }
        }
    };
    let writing = async move {
        while let Some((arrives, piece)) = pieces.recv().await {
            // Not a wait for anything: the delay is what the wire is for.
            sleep_until(arrives).await;
            if to.write_all(&piece).await.is_err() {
                return;
            }
        }
        // Whoever hangs up on one end is gone on the other.
        let _ = to.shutdown().await;
    };
    tokio::join!(reading, writing);
}
