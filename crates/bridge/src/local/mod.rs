//! The local API: HTTP over a Unix socket, for processes of the same user on this machine.

mod approvals;
mod attachments;
mod chats;
mod events;
mod mode;
mod peer;
mod problem;
mod queue;
mod replies;
mod responses;
mod sessions;
mod socket;
mod status;

use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::delete;
use axum::routing::get;
use axum::routing::post;
use cctelegram_core::audit::Actor;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::app::App;

pub(crate) use peer::PeerListener;
pub(crate) use socket::bind;
pub(crate) use status::report;

/// The largest request body, in bytes: an event file may have a MiB, and JSON may wrap it.
const LARGEST_BODY: usize = 2 * 1024 * 1024;

/// What every handler gets.
#[derive(Clone)]
struct Local {
    app: Arc<App>,
    /// Waiters are let go when the bridge stops; they connect again to the next one.
    stop: CancellationToken,
    /// So many files are received at once.
    uploads: Arc<Semaphore>,
}

/// Serves the socket until `stop` is cancelled and the requests in hand are answered.
pub(crate) async fn run(
    app: Arc<App>,
    listener: PeerListener,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let routes = Router::new()
        .route("/v1/events", post(events::post))
        .route("/v1/attachments", post(attachments::post))
        .route("/v1/approvals", post(approvals::post))
        .route(
            "/v1/approvals/{id}",
            get(approvals::get).delete(approvals::delete),
        )
        .route("/v1/approvals/{id}/reply", get(approvals::reply))
        .route("/v1/sessions/{id}/seen", post(sessions::seen))
        .route("/v1/sessions/{id}/replies", post(replies::wait))
        .route("/v1/sessions/{id}/continued", get(replies::continued))
        .route("/v1/status", get(status::get))
        .route(
            "/v1/mode",
            get(mode::get).put(mode::put).delete(mode::delete),
        )
        .route("/v1/responses", get(responses::list))
        .route("/v1/queue", get(queue::list))
        .route("/v1/queue/{id}", get(queue::get).delete(queue::delete))
        .route("/v1/queue/{id}/retry", post(queue::retry))
        .route("/v1/chats", get(chats::list))
        .route("/v1/chats/{id}", delete(chats::remove))
        .route("/v1/enrolments", post(chats::enrol))
        .route(
            "/v1/enrolments/{id}",
            get(chats::status).delete(chats::withdraw),
        )
        .fallback(problem::no_such_path)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(middleware::map_response(problem::too_large))
        .with_state(Local {
            app,
            stop: stop.clone(),
            uploads: Arc::new(Semaphore::new(attachments::AT_ONCE)),
        });
    let service = routes.into_make_service_with_connect_info::<peer::Peer>();
    axum::serve(listener, service)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
        .context("serve the local socket")
}

impl peer::Peer {
    /// Who acts, for the record.
    const fn actor(self) -> Actor {
        Actor::Local { uid: self.uid }
    }
}
