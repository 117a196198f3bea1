//! The key that the service needs: made before the service starts, whose unit keeps it from writing to most places.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;

use anyhow::Context as _;
use cctelegram_core::time::Clock as _;
use tokio_util::sync::CancellationToken;

use super::super::failure::Failure;
use super::super::runtime;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::keys::Keys;
use crate::lock::HomeLock;
use crate::lock::LockError;

/// Makes what is missing of home, database and key file.
pub(super) fn make_ready(config: &Config) -> Result<(), Failure> {
    config.home.prepare()?;
    let folder = config.key_file.as_ref().and_then(|key| key.path.parent());
    if let Some(folder) = folder {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.with_context(|| format!("make the key file's folder {}", folder.display()))?;
    }
    let _lock = match HomeLock::take(&config.home) {
        Ok(lock) => lock,
        // A bridge that runs has made its key.
        Err(LockError::Held { .. }) => return Ok(()),
        Err(error @ (LockError::Unsafe(_) | LockError::Failed { .. })) => return Err(error.into()),
    };
    Ok(runtime()?.block_on(load_keys(config))?)
}

async fn load_keys(config: &Config) -> anyhow::Result<()> {
    let now = SystemClock.now();
    let database = config.home.database();
    let opened = cctelegram_store::open(&database, now).await;
    let (store, writer) =
        opened.with_context(|| format!("open the database {}", database.display()))?;
    let stop = CancellationToken::new();
    let load = async {
        let keys = Keys::load(config.key_file.as_ref(), &config.home, &store, now).await;
        stop.cancel();
        keys
    };
    let (keys, ()) = tokio::join!(load, writer.run(stop.cancelled()));
    keys.map(drop)
}
