//! A press on the button below a list: everything that is known of what it lists follows.

use cctelegram_core::approval::Void;
use cctelegram_core::audit::EventName;
use cctelegram_crypto::Digest;
use cctelegram_store::FoundList;
use cctelegram_store::Handling;
use cctelegram_store::StoredUpdate;
use cctelegram_telegram::CallbackStyle;
use cctelegram_telegram::update::IncomingPress;

use super::press;
use super::record;
use crate::app::App;

/// The list that the pressed button was made for, waiting a moment for its message to be recorded. `None` when the
/// button belongs to no list.
pub(super) async fn known(app: &App, press: &IncomingPress) -> anyhow::Result<Option<FoundList>> {
    let Some(data) = &press.data else {
        return Ok(None);
    };
    let digest = Digest::of(data.as_bytes());
    let mut changes = app.wake.changes();
    let deadline = tokio::time::Instant::now() + press::MARK_WAIT;
    loop {
        let found = app.store.list_of_button(&digest).await?;
        if found.is_none_or(|found| found.message.is_some()) {
            return Ok(found);
        }
        let recorded = tokio::time::timeout_at(deadline, changes.changed()).await;
        if !matches!(recorded, Ok(Ok(()))) {
            return Ok(found);
        }
    }
}

/// Sends the details to the chat of the list. The presser's right to use the bridge was checked before.
pub(super) async fn details(
    app: &App,
    stored: &StoredUpdate,
    press: &IncomingPress,
    found: FoundList,
) -> anyhow::Result<()> {
    let here = found.message.is_some() && press.message == found.message;
    if press.chat != Some(found.chat) || !here {
        return press::refuse(app, stored, press, &Void::Elsewhere).await;
    }
    let handling = Handling {
        records: vec![record(
            app,
            EventName::CommandHandled,
            press.from.id,
            "details of a list",
        )],
        list_details: Some((found.list, found.chat)),
        ..Handling::default()
    };
    app.store.handle(stored.id, handling).await?;
    app.wake.outbox.notify_one();
    press::answer(app, press, "Details follow.", CallbackStyle::Toast).await;
    Ok(())
}
