//! gRPC inside one process: the same messages, codecs and interceptors as over TCP, on a pipe in memory.

use std::io;

use hyper_util::rt::TokioIo;
use tokio::{
    io::{DuplexStream, duplex},
    sync::mpsc,
};
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::{
    service::Routes,
    transport::{Endpoint, Server, Uri},
};

use crate::{Caller, Channel, IncomingLayer, Outgoing};

/// Bytes in flight on one pipe.
const PIPE_BYTES: usize = 64 * 1024;

/// Connections that may wait to be accepted.
const BACKLOG: usize = 16;

/// Serves `routes` in memory until every clone of the channel is dropped, and answers the channel to reach them.
///
/// Must be called within a tokio runtime. Callers are known as `service`: whoever holds the channel is this process.
#[must_use]
pub fn serve(routes: Routes) -> Channel {
    let (connect, accept) = mpsc::channel::<DuplexStream>(BACKLOG);
    let incoming = ReceiverStream::new(accept).map(Ok::<_, io::Error>);
    let layer = IncomingLayer::known_as(Caller { actor: "service".to_owned() });
    tokio::spawn(async move {
        // A pipe has no failures of its own; the server ends when the last client is gone.
        let served = Server::builder().layer(layer).add_routes(routes).serve_with_incoming(incoming).await;
        if let Err(error) = served {
            tracing::error!(error = %vestibule_kernel::Chain(&error), "in-memory gRPC server stopped");
        }
    });
    let connector = tower::service_fn(move |_: Uri| {
        let connect = connect.clone();
        async move {
            let (client, server) = duplex(PIPE_BYTES);
            connect.send(server).await.map_err(|_| io::Error::from(io::ErrorKind::ConnectionRefused))?;
            Ok::<_, io::Error>(TokioIo::new(client))
        }
    });
    // The address is never looked up; it only fills the `:authority` of the requests.
    let endpoint = Endpoint::from_static("http://memory.invalid");
    Outgoing::anonymous().over(endpoint.connect_with_connector_lazy(connector))
}
