//! What every measurement needs: the program, the sink that plays Telegram, and bridges set up for both.

use std::path::PathBuf;

use anyhow::Context as _;
use anyhow::Result;
use anyhow::ensure;
use cctelegram_core::message::Draft;
use cctelegram_core::message::Outgoing;
use cctelegram_crypto::Secret;
use cctelegram_telegram::Client;
use cctelegram_telegram::Options;
use cctelegram_testkit::Setup;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::bot_token;

use crate::event::Events;
use crate::plan::Plan;
use crate::sink::Sink;

/// The place of the measurements.
pub(crate) struct Lab {
    pub(crate) program: PathBuf,
    pub(crate) plan: Plan,
    pub(crate) sink: Sink,
    pub(crate) events: Events,
}

impl Lab {
    pub(crate) fn new(program: PathBuf, plan: Plan) -> Result<Self> {
        Ok(Self {
            program,
            plan,
            sink: Sink::start().context("start the sink")?,
            events: Events::new(),
        })
    }

    /// A bridge of this program, with an emulator for Telegram.
    pub(crate) fn setup(&self) -> Setup {
        // More than is ever measured: a full queue would be another measurement.
        Setup::of(&self.program.display().to_string()).variable("MAX_QUEUE_SIZE", "1000000")
    }

    /// A bridge of this program that sends into the sink.
    pub(crate) fn setup_with_sink(&self) -> Setup {
        self.setup().variable("TELEGRAM_API_URL", &self.sink.url())
    }

    /// The program's own client, for a bare loop that sends into the sink.
    pub(crate) fn client(&self, pool_size: usize) -> Result<Client> {
        let options = Options {
            token: Secret::new(bot_token(7_000_001)),
            api_url: self.sink.url(),
            proxy: None,
            pool_size,
        };
        Client::new(options).context("make a client of the sink")
    }
}

/// A bare message of this text.
pub(crate) fn bare_message(text: &str) -> Outgoing {
    Outgoing::Text {
        body: Draft::new().plain(text).finish(),
        keyboard: None,
    }
}

/// Stops a bridge whose queue may still hold messages.
pub(crate) async fn end(mut bridge: TestBridge) -> Result<()> {
    let status = bridge.terminate().await;
    ensure!(status.success(), "the bridge did not end cleanly: {status}");
    bridge.emulator.stop().await;
    Ok(())
}
