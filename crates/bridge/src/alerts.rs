//! What the bridge itself has to tell people: once per episode, through the same path as every event.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::PoisonError;

use cctelegram_core::event::Event;
use cctelegram_core::event::Kind;
use serde_json::Map;
use uuid::Uuid;

use crate::app::App;
use crate::intake;

/// Which alerts are standing, so that each is told once until it has passed.
#[derive(Default)]
pub(crate) struct Alerts(Mutex<BTreeSet<&'static str>>);

/// Something the bridge has to tell.
pub(crate) struct Alert {
    /// Names the episode: while it stands, the same alert is not told again.
    pub(crate) episode: &'static str,
    pub(crate) kind: Kind,
    pub(crate) title: &'static str,
    pub(crate) description: String,
}

impl Alerts {
    /// Marks an episode as begun; false when it was already standing.
    fn begin(&self, episode: &'static str) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(episode)
    }

    pub(crate) fn stands(&self, episode: &'static str) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(episode)
    }

    /// The episode has passed: the next one is told again.
    pub(crate) fn over(&self, episode: &'static str) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(episode);
    }
}

/// Tells everybody, unless this episode was told already (then false). A failure to store the alert is logged: the log is what is left.
pub(crate) async fn raise(app: &App, alert: Alert) -> bool {
    if !app.alerts.begin(alert.episode) {
        return false;
    }
    let Alert {
        episode,
        kind,
        title,
        description,
    } = alert;
    if !tell(app, kind, title, description).await {
        app.alerts.over(episode);
    }
    true
}

/// Tells everybody once; false when it could not be stored. The log has it in any case.
pub(crate) async fn tell(app: &App, kind: Kind, title: &str, description: String) -> bool {
    tracing::warn!("{title}: {description}");
    let event = Event {
        id: cctelegram_core::id::EventId::for_alert(Uuid::now_v7()),
        kind,
        title: title.to_owned(),
        description: Some(description),
        source: Some("cctelegram".to_owned()),
        timestamp: Some(app.now().to_string()),
        task_id: None,
        project: None,
        correlation_id: None,
        parent_event_id: None,
        data: Map::new(),
        options: Vec::new(),
        attachments: Vec::new(),
    };
    let told = intake::alert(app, event).await;
    if let Err(error) = &told {
        tracing::error!(%error, "the alert could not be stored");
    }
    told.is_ok()
}
