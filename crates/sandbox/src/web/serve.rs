use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// A listener on the loopback interface, and the address that browsers use. Port 0 takes a free one.
///
/// # Errors
/// When the port is taken.
pub async fn bind(port: u16) -> io::Result<(TcpListener, String)> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    let address = format!("http://localhost:{}", listener.local_addr()?.port());
    Ok((listener, address))
}

/// Serves until `stop` is cancelled and the requests under way are answered.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: TcpListener, site: Router, stop: CancellationToken) -> io::Result<()> {
    axum::serve(listener, site).with_graceful_shutdown(stop.cancelled_owned()).await
}
