//! Somebody who is not on the allow-list: one polite refusal an hour at most, everything on the record.

use cctelegram_core::audit::Disposition;
use cctelegram_core::audit::EventName;
use cctelegram_core::id::ChatId;
use cctelegram_store::Handling;
use cctelegram_store::StoredUpdate;
use cctelegram_telegram::update::IncomingPress;
use cctelegram_telegram::update::Sender;
use serde_json::json;

use super::record;
use crate::app::App;

/// What a stranger is told: nothing about whose bot this is.
const REFUSAL: &str = "This bot is private. Messages and buttons from you have no effect here.";

/// Refuses one update; returns whether the stranger is told now.
pub(super) async fn refuse(
    app: &App,
    stored: &StoredUpdate,
    from: &Sender,
    private_chat: Option<ChatId>,
    what: &str,
) -> anyhow::Result<bool> {
    let told = app.store.may_refuse_stranger(from.id, app.now()).await?;
    let record = record(app, EventName::AccessRefused, from.id, what)
        .outcome(Disposition::Refused)
        .action(if told {
            "refused, told so"
        } else {
            "refused silently"
        });
    let mut handling = Handling {
        records: vec![record],
        ..Handling::default()
    };
    if told {
        handling.stranger = Some(from.id);
        handling
            .notices
            .extend(private_chat.map(|chat| (chat, REFUSAL.to_owned(), None)));
    }
    tracing::warn!(user.id = from.id.0, what, "a stranger was refused");
    app.metrics.refused.inc();
    app.store.handle(stored.id, handling).await?;
    app.wake.outbox.notify_one();
    Ok(told)
}

/// Refuses a press in a group, on the record.
pub(super) async fn refuse_in_group(
    app: &App,
    stored: &StoredUpdate,
    press: &IncomingPress,
) -> anyhow::Result<()> {
    let user = press.from.id;
    let record = record(app, EventName::AccessRefused, user, "button press")
        .outcome(Disposition::Refused)
        .details(json!({ "chat": press.chat }))
        .action("refused, told so");
    tracing::warn!(
        user.id = user.0,
        "a stranger's press in a group was refused"
    );
    app.metrics.refused.inc();
    let handling = Handling {
        records: vec![record],
        stranger: Some(user),
        ..Handling::default()
    };
    app.store.handle(stored.id, handling).await?;
    Ok(())
}
