//! Answer files: every answer that the store holds is written to `responses/`, atomically, once.

use std::fs::File;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use cctelegram_store::Response;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// Without a wake-up, unwritten answers are looked for this often; also the wait after a failure.
const LOOK_ANYWAY: Duration = Duration::from_secs(5);
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// Writes answer files until `stop` is cancelled and what is decided by then is written.
pub(crate) async fn run(app: Arc<App>, stop: CancellationToken) -> anyhow::Result<()> {
    loop {
        let woken = app.wake.responses.notified();
        let wait = match write_all(&app).await {
            Ok(()) => {
                app.health.responses(None);
                LOOK_ANYWAY
            }
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(error, "answers cannot be written; trying again");
                app.health
                    .responses(Some(format!("An answer cannot be written: {error}.")));
                TRY_AGAIN
            }
        };
        if stop.is_cancelled() {
            return Ok(());
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = woken => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

async fn write_all(app: &App) -> anyhow::Result<()> {
    let mut first_problem = Ok(());
    for response in app.store.unwritten_responses().await? {
        // One file that cannot be written must not keep the others back.
        match write(&app.config.home.responses(), &response) {
            Ok(()) => {
                app.store.response_written(response.id).await?;
                tracing::info!(file = response.file_name, "answer written");
            }
            Err(error) => first_problem = first_problem.and(Err(error)),
        }
    }
    first_problem
}

/// Writes beside the final name, makes it durable, then renames: readers see the whole file or none.
fn write(folder: &Path, response: &Response) -> anyhow::Result<()> {
    let path = folder.join(&response.file_name);
    let draft = folder.join(format!(".{}.draft", response.file_name));
    let context = || format!("write the answer {}", path.display());
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&draft)
        .with_context(context)?;
    serde_json::to_writer_pretty(&mut file, &response.body).with_context(context)?;
    file.write_all(b"\n").with_context(context)?;
    file.sync_all().with_context(context)?;
    std::fs::rename(&draft, &path).with_context(context)?;
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .with_context(context)
}
