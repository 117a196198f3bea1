//! Answers to strangers' presses. They are a courtesy: so many wait at most, one is given at a time, and nobody else has
//! to wait for them.

use std::sync::Arc;

use cctelegram_telegram::update::IncomingPress;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::dispatch;

/// So many presses wait to be answered; further ones are not.
const MOST: usize = 16;

/// What a presser is told.
pub(crate) struct Sorry {
    pub(crate) press: IncomingPress,
    pub(crate) text: &'static str,
}

pub(crate) fn channel() -> (mpsc::Sender<Sorry>, mpsc::Receiver<Sorry>) {
    mpsc::channel(MOST)
}

/// Answers until `stop` is cancelled.
pub(crate) async fn run(
    app: Arc<App>,
    mut waiting: mpsc::Receiver<Sorry>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    loop {
        let next = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            next = waiting.recv() => next,
        };
        match next {
            Some(Sorry { press, text }) => dispatch::tell_presser(&app, &press, text).await,
            None => return Ok(()),
        }
    }
}
