//! Listens on loopback and runs one task per connection, so that a fault can really close it.

use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::task::JoinSet;

use crate::api;
use crate::api::Ending;
use crate::control;
use crate::shared::Shared;

/// The running server: its address and how to end it.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) task: JoinHandle<()>,
}

impl Server {
    /// Binds 127.0.0.1, port 0 meaning any free one.
    #[expect(
        clippy::disallowed_methods,
        reason = "the emulator is its own program, it has no supervisor"
    )]
    pub(crate) async fn start(shared: Arc<Shared>, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(accept(listener, shared, stopped));
        Ok(Self {
            address,
            stop,
            task,
        })
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let port = listener.local_addr().map_or(0, |address| address.port());
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stopped.changed() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                // A failed accept is the peer's; out of file descriptors, the next one fails too.
                if let Ok((stream, _)) = accepted {
                    connections.spawn(serve(stream, Arc::clone(&shared), port));
                }
            }
        }
    }
    drop(listener);
    connections.shutdown().await;
}

async fn serve(stream: TcpStream, shared: Arc<Shared>, port: u16) {
    let abort = Notify::new();
    let service = service_fn(|request: Request<Incoming>| {
        let (shared, abort) = (&shared, &abort);
        async move {
            match route(shared, port, request.map(Body::new)).await {
                Ending::Answered(response) => Ok::<_, Infallible>(response),
                Ending::Dropped => {
                    abort.notify_one();
                    Ok(std::future::pending::<Response>().await)
                }
            }
        }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // The peer may close as it likes: an error here is not one.
        _ = connection => {}
        () = abort.notified() => {}
    }
}

async fn route(shared: &Arc<Shared>, port: u16, request: Request) -> Ending {
    let path = request.uri().path().to_owned();
    if let Some(rest) = path.strip_prefix("/bot") {
        return api::call(shared, rest, request).await;
    }
    if let Some(rest) = path.strip_prefix("/file/bot") {
        return Ending::Answered(api::download(shared, rest));
    }
    Ending::Answered(control::handle(shared, port, request).await)
}
