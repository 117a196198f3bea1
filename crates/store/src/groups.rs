//! Groups that are enrolled: events go to them beside people's private chats.

use cctelegram_core::api::ChatEntry;
use cctelegram_core::id::ChatId;
use cctelegram_core::route::EnrolledGroup;
use cctelegram_core::time::Timestamp;
use sqlx::FromRow;
use sqlx::Row as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::chats;
use crate::error::StoreError;
use crate::rows;
use crate::rows::from_json;
use crate::rows::unless_damaged;
use crate::store::Store;
use crate::tx::Durability;
use crate::tx::Tx;
use crate::writer::Change;

impl Store {
    /// The groups as routing needs them.
    pub async fn groups(&self) -> Result<Vec<EnrolledGroup>, StoreError> {
        all(&mut *self.reader().await?).await
    }

    /// Every group that is enrolled. One that cannot be read back is left out and logged.
    pub async fn enrolled_chats(&self) -> Result<Vec<ChatEntry>, StoreError> {
        let rows: Vec<StoredGroup> = sqlx::query_as("SELECT * FROM enrolled_chat ORDER BY id")
            .fetch_all(&mut *self.reader().await?)
            .await?;
        readable(rows)
    }

    /// The group, if it is enrolled.
    pub async fn enrolled_chat(&self, chat: ChatId) -> Result<Option<ChatEntry>, StoreError> {
        let row: Option<StoredGroup> = sqlx::query_as("SELECT * FROM enrolled_chat WHERE id = $1")
            .bind(chat.0)
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        row.map(StoredGroup::entry).transpose()
    }

    /// Notes how Telegram describes an enrolled group now.
    pub async fn describe_chat(
        &self,
        chat: ChatId,
        title: String,
        forum: bool,
    ) -> Result<(), StoreError> {
        self.change(Describe { chat, title, forum }).await
    }
}

/// Every group, as routing needs it.
pub(crate) async fn all(
    connection: &mut SqliteConnection,
) -> Result<Vec<EnrolledGroup>, StoreError> {
    let rows: Vec<StoredGroup> = sqlx::query_as("SELECT * FROM enrolled_chat ORDER BY id")
        .fetch_all(connection)
        .await?;
    let mut groups = Vec::with_capacity(rows.len());
    for row in rows {
        let former = row.former.map(ChatId);
        let entry = unless_damaged(format!("group {}", row.id), row.entry())?;
        groups.extend(entry.map(|entry| EnrolledGroup {
            chat: ChatId(entry.chat),
            former,
            projects: entry.projects,
            away: entry.away,
        }));
    }
    Ok(groups)
}

fn readable(rows: Vec<StoredGroup>) -> Result<Vec<ChatEntry>, StoreError> {
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows {
        entries.extend(unless_damaged(format!("group {}", row.id), row.entry())?);
    }
    Ok(entries)
}

/// Enrols a group, or gives an enrolled one other projects.
pub(crate) async fn enrol(tx: &mut Tx, entry: &ChatEntry) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO enrolled_chat (id, title, forum, projects, enrolled, enrolled_by) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (id) DO UPDATE SET title = excluded.title, forum = excluded.forum, projects = excluded.projects, \
         enrolled = excluded.enrolled, enrolled_by = excluded.enrolled_by",
    )
    .bind(entry.chat)
    .bind(&entry.title)
    .bind(i64::from(entry.forum))
    .bind(rows::json("projects", &entry.projects)?)
    .bind(entry.enrolled.as_millis())
    .bind(entry.enrolled_by)
    .execute(tx.connection())
    .await?;
    chats::unpark(tx, ChatId(entry.chat)).await
}

struct Describe {
    chat: ChatId,
    title: String,
    forum: bool,
}

impl Change for Describe {
    type Output = ();
    const DURABILITY: Durability = Durability::Normal;

    async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        sqlx::query("UPDATE enrolled_chat SET title = $2, forum = $3 WHERE id = $1")
            .bind(self.chat.0)
            .bind(&self.title)
            .bind(i64::from(self.forum))
            .execute(tx.connection())
            .await?;
        tx.commit_quiet();
        Ok(())
    }
}

/// A group's row, not parsed yet.
struct StoredGroup {
    id: i64,
    former: Option<i64>,
    title: String,
    forum: bool,
    projects: String,
    enrolled: i64,
    enrolled_by: i64,
    away: Option<i64>,
}

impl FromRow<'_, SqliteRow> for StoredGroup {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            former: row.try_get("former")?,
            title: row.try_get("title")?,
            forum: row.try_get("forum")?,
            projects: row.try_get("projects")?,
            enrolled: row.try_get("enrolled")?,
            enrolled_by: row.try_get("enrolled_by")?,
            away: row.try_get("away")?,
        })
    }
}

impl StoredGroup {
    fn entry(self) -> Result<ChatEntry, StoreError> {
        Ok(ChatEntry {
            chat: self.id,
            projects: from_json("projects", &self.projects)?,
            title: self.title,
            forum: self.forum,
            enrolled: Timestamp::from_millis(self.enrolled),
            enrolled_by: self.enrolled_by,
            away: self.away.is_some(),
        })
    }
}
