//! What the tasks of one running bridge share.

use std::net::SocketAddr;
use std::sync::Arc;

use cctelegram_core::api::ModeSource;
use cctelegram_core::api::ModeStatus;
use cctelegram_core::mode::Switch;
use cctelegram_core::time::Clock;
use cctelegram_core::time::Timestamp;
use cctelegram_store::Store;
use cctelegram_store::StoreError;
use tokio::sync::mpsc;

use crate::alerts::Alerts;
use crate::attendance::Abandoned;
use crate::attendance::Attended;
use crate::bot::BotLink;
use crate::config::Config;
use crate::config::Environment;
use crate::courtesy::Sorry;
use crate::flight::Calls;
use crate::health::Health;
use crate::hearing::Hearing;
use crate::keys::Keys;
use crate::memory::MemoryGauge;
use crate::metrics::Metrics;
use crate::wake::Wake;

/// One running bridge.
pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) keys: Keys,
    pub(crate) bot: BotLink,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) wake: Wake,
    pub(crate) calls: Calls,
    pub(crate) health: Health,
    pub(crate) hearing: Hearing,
    pub(crate) alerts: Alerts,
    pub(crate) abandoned: Abandoned,
    pub(crate) attended: Attended,
    pub(crate) memory: MemoryGauge,
    pub(crate) metrics: Metrics,
    /// Where answers to strangers' presses wait.
    pub(crate) courtesy: mpsc::Sender<Sorry>,
    pub(crate) started: Timestamp,
    /// Where the health pages are served.
    pub(crate) http_address: SocketAddr,
    /// What the settings were read from, for when they are read again.
    pub(crate) environment: Environment,
}

impl App {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The mode in force: a switch that somebody made wins over the setting.
    pub(crate) async fn mode(&self) -> Result<ModeStatus, StoreError> {
        let switch = self
            .store
            .switch()
            .await?
            .and_then(|switch| switch.at(self.now()));
        Ok(self.mode_of(switch))
    }

    pub(crate) fn mode_of(&self, switch: Option<Switch>) -> ModeStatus {
        let wait = self.config.nomad.wait_for_reply;
        let wait_for_reply_s = wait.map(|wait| wait.as_secs());
        switch.map_or(
            ModeStatus {
                mode: self.config.mode,
                set_by: ModeSource::Setting,
                until: None,
                wait_for_reply_s,
            },
            |switch| ModeStatus {
                mode: switch.mode,
                set_by: ModeSource::Switch,
                until: switch.until,
                wait_for_reply_s,
            },
        )
    }
}
