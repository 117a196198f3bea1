//! Small things that are stored by name: the switch of mode, the heartbeat.

use cctelegram_core::audit::Record;
use cctelegram_core::mode::Mode;
use cctelegram_core::mode::Switch;
use cctelegram_core::time::Timestamp;
use sqlx::SqliteConnection;

use crate::error::StoreError;
use crate::mute;
use crate::rows::from_json;
use crate::rows::json;
use crate::rows::unless_damaged;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

impl Store {
    /// The switch that stands, if any. Whether it is over is for the caller to see.
    pub async fn switch(&self) -> Result<Option<Switch>, StoreError> {
        let text = read(&mut *self.reader().await?, SWITCH).await?;
        text.map(|text| from_json("switch", &text)).transpose()
    }

    pub async fn set_switch(
        &self,
        switch: Option<Switch>,
        record: Record,
    ) -> Result<(), StoreError> {
        self.change(SetSwitch { switch, record }).await
    }

    /// Commits a trifle, to see that the disk still takes it.
    pub async fn ping(&self, now: Timestamp) -> Result<(), StoreError> {
        self.change(Ping { now }).await
    }
}

struct SetSwitch {
    switch: Option<Switch>,
    record: Record,
}

impl Change for SetSwitch {
    type Output = ();
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        write_switch(tx, self.switch).await?;
        tx.commit(self.record.clone()).await
    }
}

struct Ping {
    now: Timestamp,
}

impl Change for Ping {
    type Output = ();
    const DURABILITY: Durability = Durability::Full;

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        write(tx, "heartbeat", &self.now.as_millis().to_string()).await?;
        tx.commit_quiet();
        Ok(())
    }
}

/// Stores a switch. What a mute holds back is held from here on, also when it was queued before.
pub(crate) async fn write_switch(tx: &mut Tx, switch: Option<Switch>) -> Result<(), StoreError> {
    if let Some(switch) = switch {
        mute::hold_waiting(tx, switch.mode).await?;
        return write(tx, SWITCH, &json("a switch", &switch)?).await;
    }
    sqlx::query("DELETE FROM setting WHERE name = $1")
        .bind(SWITCH)
        .execute(tx.connection())
        .await?;
    Ok(())
}

/// Does a switch that stands keep back what is queued now?
pub(crate) async fn is_mute(tx: &mut Tx, now: Timestamp) -> Result<bool, StoreError> {
    let Some(text) = read(tx.connection(), SWITCH).await? else {
        return Ok(false);
    };
    let switch = unless_damaged("the switch of mode", from_json::<Switch>("switch", &text))?;
    let standing = switch.and_then(|switch| switch.at(now));
    Ok(standing.is_some_and(|switch| switch.mode == Mode::Mute))
}

pub(crate) async fn read(
    connection: &mut SqliteConnection,
    name: &str,
) -> Result<Option<String>, StoreError> {
    let value = sqlx::query_scalar("SELECT value FROM setting WHERE name = $1")
        .bind(name)
        .fetch_optional(connection)
        .await?;
    Ok(value)
}

pub(crate) async fn write(tx: &mut Tx, name: &str, value: &str) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .bind(name)
    .bind(value)
    .execute(tx.connection())
    .await?;
    Ok(())
}

const SWITCH: &str = "switch";
/// How many rows are delivered: counting them each time would take longer and longer.
pub(crate) const DELIVERED: &str = "delivered";
