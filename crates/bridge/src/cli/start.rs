//! `cctelegram start`: the bridge in the foreground.

use std::process::ExitCode;

use anyhow::Context as _;
use sd_notify::NotifyState;

use crate::bridge::Bridge;
use crate::config;
use crate::config::Environment;
use crate::config::Place;
use crate::log;
use crate::log::Terminal;
use crate::signals::Shutdown;
use crate::supervise::Ending;

/// Run the bridge in the foreground
#[derive(clap::Args, Default)]
pub(super) struct StartArgs {
    /// Leave the session of whoever started it: it is not ended with it
    #[arg(long, hide = true)]
    detached: bool,
}

/// Runs the bridge until it is told to stop.
pub(super) fn run(args: &StartArgs, environment: Environment) -> anyhow::Result<ExitCode> {
    if args.detached {
        rustix::process::setsid().context("leave the session of the caller")?;
    }
    let config = config::load(&environment).map_err(|mistakes| anyhow::anyhow!("{mistakes}"))?;
    let repaired = config.home.prepare()?;
    log::start(&config.home.log_file(), &config.log_filter, Terminal::Lines)?;
    for warning in repaired.iter().chain(&config.warnings) {
        tracing::warn!("{warning}");
    }
    if config.telegram.token_source == Some(Place::Environment) {
        tracing::warn!(
            "the bot's token comes from the environment, where every process of this user can read it: keep it in .env, or hand it over as a systemd credential (docs/SECRETS.md)"
        );
    }
    for setting in &config.not_in_effect {
        tracing::warn!(setting, "not in effect");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    let ending = runtime.block_on(serve(config, environment))?;
    // A stuck task must not keep the process: what was promised is in the store.
    runtime.shutdown_background();
    Ok(match ending {
        Ending::Clean => ExitCode::SUCCESS,
        Ending::TaskFailed | Ending::TimedOut => ExitCode::FAILURE,
    })
}

async fn serve(config: config::Config, environment: Environment) -> anyhow::Result<Ending> {
    let shutdown = Shutdown::listen()?;
    let bridge = Bridge::start(config, environment).await?;
    tracing::info!(health = %bridge.app.http_address, bot = bridge.app.bot.username(), "ready");
    tell_systemd(NotifyState::Ready);
    let ending = bridge
        .run(async {
            shutdown.wait().await;
            tell_systemd(NotifyState::Stopping);
        })
        .await;
    match ending {
        Ending::Clean => tracing::info!("stopped"),
        Ending::TaskFailed => tracing::error!("stopped because a task ended by itself"),
        Ending::TimedOut => tracing::error!("stopped before everything in hand was finished"),
    }
    Ok(ending)
}

/// Tells systemd, where it waits for word (`Type=notify`).
fn tell_systemd(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "systemd was not told");
    }
}
