//! HTTP on the loopback address: is the bridge alive, ready, healthy, and its figures.

pub(crate) mod health;
mod host;

use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware;
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// Binds `127.0.0.1:port`; port 0 takes any free one.
pub(crate) async fn bind(port: u16) -> anyhow::Result<TcpListener> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address).await.with_context(|| {
        format!("open the health port {address}\nAnother program uses it: set HEALTH_PORT to a free port.")
    })
}

/// Serves until `stop` is cancelled and the requests in hand are answered.
pub(crate) async fn run(
    app: Arc<App>,
    listener: TcpListener,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let port = listener.local_addr()?.port();
    let routes = Router::new()
        .route("/health", get(health::health))
        .route("/ready", get(health::ready))
        .route("/live", get(|| async { "live\n" }))
        .route("/metrics", get(metrics))
        .fallback(|| async { (StatusCode::NOT_FOUND, "there is no such page\n") })
        .layer(middleware::from_fn(move |request, next| {
            host::check(port, request, next)
        }))
        .with_state(app);
    axum::serve(listener, routes)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
        .context("serve HTTP")
}

async fn metrics(State(app): State<Arc<App>>) -> axum::response::Response {
    match app.metrics.exposition(&app).await {
        Ok(text) => (
            [(
                CONTENT_TYPE,
                "application/openmetrics-text; version=1.0.0; charset=utf-8",
            )],
            text,
        )
            .into_response(),
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "the figures cannot be read");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the figures cannot be read; bridge.log says why\n",
            )
                .into_response()
        }
    }
}
