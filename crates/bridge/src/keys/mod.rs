//! The keys of one bridge: the master key from its file, and the ring of each purpose, stored wrapped in the database.

mod file;

use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;
use anyhow::bail;
use cctelegram_core::audit::Actor;
use cctelegram_core::audit::EventName;
use cctelegram_core::audit::Record;
use cctelegram_core::message::redact::Tags;
use cctelegram_core::time::Timestamp;
use cctelegram_crypto::Context;
use cctelegram_crypto::Key;
use cctelegram_crypto::KeyId;
use cctelegram_crypto::KeyRing;
use cctelegram_crypto::MacKey;
use cctelegram_crypto::MasterKey;
use cctelegram_crypto::NotMade;
use cctelegram_crypto::NotOpened;
use cctelegram_crypto::Purpose;
use cctelegram_crypto::Sealed;
use cctelegram_store::SEALING;
use cctelegram_store::Store;
use cctelegram_store::StoredKey;
use cctelegram_store::StoredUpdate;
use cctelegram_store::StoredUpdateId;
use cctelegram_telegram::RawUpdate;

use crate::config::KeyPlace;
use crate::home::Home;

/// What is sealed with what.
pub(crate) struct Keys {
    /// Where the master key is.
    pub(crate) file: PathBuf,
    pub(crate) master: KeyId,
    inbox: KeyRing<InboxSealing>,
    /// Makes the tags in masks.
    pub(crate) tags: Tags,
}

/// Seals what people sent to the bot, while it waits to be handled.
struct InboxSealing;

impl Purpose for InboxSealing {
    const LABEL: &'static str = "inbox";
}

/// Makes the tags by which equal secrets can be told in masked text.
struct Tagging;

impl Purpose for Tagging {
    const LABEL: &'static str = "redaction";
}

impl Keys {
    /// Reads the key file and the keys of the database. What is not there yet is made; what is missing although it was
    /// there is an error.
    pub(crate) async fn load(
        place: Option<&KeyPlace>,
        home: &Home,
        store: &Store,
        now: Timestamp,
    ) -> anyhow::Result<Self> {
        let place = place.context(NO_PLACE)?;
        let stored = store
            .keys()
            .await
            .context("read the keys of the database")?;
        apart(place, home)?;
        let master = match file::read(&place.path)? {
            Some(master) => master,
            None if stored.is_empty() => file::create(&place.path)?,
            None => bail!(missing(place, &stored)),
        };
        let mut keys = Vec::new();
        for key in stored
            .iter()
            .filter(|key| key.purpose == InboxSealing::LABEL)
        {
            keys.push(unwrap(place, &master, key)?);
        }
        let mut keys = keys.into_iter();
        let inbox = match keys.next() {
            Some(newest) => KeyRing::new(newest, keys.collect()),
            None => first_inbox_key(store, &master, now).await?,
        };
        let tagging = stored.iter().find(|key| key.purpose == Tagging::LABEL);
        let tagging = match tagging {
            Some(newest) => unwrap(place, &master, newest)?,
            None => first_tagging_key(store, &master, now).await?,
        };
        let tags = Tags::new(MacKey::of(&tagging).context("derive a key")?);
        Ok(Self {
            file: place.path.clone(),
            master: master.id(),
            inbox,
            tags,
        })
    }

    /// Seals updates of this bot, each for its own row.
    pub(crate) fn seal_updates(
        &self,
        bot: i64,
        updates: Vec<RawUpdate>,
    ) -> Result<Vec<(i64, Sealed)>, NotMade> {
        let seal = |update: RawUpdate| {
            let sealed = seal_update(&self.inbox, bot, update.id, &update.body)?;
            Ok((update.id, sealed))
        };
        updates.into_iter().map(seal).collect()
    }

    /// What an update says. One that was changed, exchanged or put there by somebody else cannot be opened.
    pub(crate) fn open_update(&self, update: &StoredUpdate) -> Result<String, NotOpened> {
        let row = row(update.bot, update.number);
        let body = self.inbox.open(place_of(&row), &update.body)?;
        String::from_utf8(body.expose().clone()).map_err(|_| NotOpened::Refused)
    }
}

/// Is there a key file that can be used? What is wrong with one that cannot is an error; nothing is made.
pub(crate) fn is_there(place: Option<&KeyPlace>, home: &Home) -> anyhow::Result<bool> {
    let place = place.context(NO_PLACE)?;
    apart(place, home)?;
    Ok(file::read(&place.path)?.is_some())
}

/// The first key for the inbox. Updates that an earlier version stored unsealed are sealed in the same transaction, if it
/// is from that version that the database was just brought up to date. No other unsealed one is believed: it stays as it
/// is, and is refused on the record when its turn comes.
async fn first_inbox_key(
    store: &Store,
    master: &MasterKey,
    now: Timestamp,
) -> anyhow::Result<KeyRing<InboxSealing>> {
    let (key, stored) = new_key::<InboxSealing>(master, now)?;
    let ring = KeyRing::new(key, Vec::new());
    let mut sealed = Vec::new();
    let taken_over = if store.found_version() < SEALING {
        store.unsealed_updates().await?
    } else {
        Vec::new()
    };
    for update in taken_over {
        let body = seal_update(&ring, update.bot, update.number, &update.body);
        sealed.push((update.id, body.context("seal a stored update")?));
    }
    let details = serde_json::json!({
        "purpose": stored.purpose,
        "wrapped_by": master.id().to_string(),
        "updates_sealed": sealed.len(),
    });
    add(store, stored, sealed, details).await?;
    Ok(ring)
}

async fn first_tagging_key(
    store: &Store,
    master: &MasterKey,
    now: Timestamp,
) -> anyhow::Result<Key<Tagging>> {
    let (key, stored) = new_key::<Tagging>(master, now)?;
    let details = serde_json::json!({
        "purpose": stored.purpose,
        "wrapped_by": master.id().to_string(),
    });
    add(store, stored, Vec::new(), details).await?;
    Ok(key)
}

/// A key of this purpose, and how it is stored.
fn new_key<P: Purpose>(master: &MasterKey, now: Timestamp) -> anyhow::Result<(Key<P>, StoredKey)> {
    let key = Key::random().context("make a key")?;
    let stored = StoredKey {
        id: key.id(),
        purpose: P::LABEL.to_owned(),
        wrapped: master.wrap(&key).context("wrap a key")?,
        made: now,
    };
    Ok((key, stored))
}

async fn add(
    store: &Store,
    key: StoredKey,
    sealed: Vec<(StoredUpdateId, Sealed)>,
    details: serde_json::Value,
) -> anyhow::Result<()> {
    let target = format!("key {}", key.id);
    let record = Record::new(key.made, EventName::KeyMade, Actor::System, target);
    let record = record.details(details).action("made");
    let added = store.add_key(key, sealed, record).await;
    added.context("store a new key")
}

/// Unless somebody chose so, the key does not lie in the home: whoever copies the data would have the key as well.
fn apart(place: &KeyPlace, home: &Home) -> anyhow::Result<()> {
    let real = |path: &Path| path.canonicalize().ok();
    let root = real(home.root()).unwrap_or_else(|| home.root().to_owned());
    let inside = place.path.starts_with(home.root())
        || place
            .path
            .ancestors()
            .find_map(real)
            .is_some_and(|found| found.starts_with(&root));
    if inside && !place.explicit {
        bail!(
            "the key file {} would lie in the home, beside the data that it protects\nSet CC_TELEGRAM_KEY_FILE to a path elsewhere.",
            place.path.display()
        );
    }
    Ok(())
}

fn unwrap<P: Purpose>(
    place: &KeyPlace,
    master: &MasterKey,
    key: &StoredKey,
) -> anyhow::Result<Key<P>> {
    master.unwrap(key.id, &key.wrapped).map_err(|error| {
        let file = place.path.display();
        match error {
            NotOpened::UnknownKey(other) => anyhow::anyhow!(
                "the key file {file} is not the one of this database: it holds the key {}, the database needs {other}\nPoint CC_TELEGRAM_KEY_FILE at the right one, or put it back from your copy (docs/KEYS.md).",
                master.id()
            ),
            NotOpened::Refused => anyhow::anyhow!(
                "the key {} in the database was damaged or changed\nPut the database back from your copy (docs/KEYS.md).",
                key.id
            ),
        }
    })
}

/// What to say of a key file that is not there although the database has keys.
pub(crate) fn missing(place: &KeyPlace, stored: &[StoredKey]) -> String {
    let wanted = stored.iter().find_map(|key| key.wrapped.key());
    let named = wanted.map_or(String::new(), |id| format!(" {id}"));
    format!(
        "the key file {} is missing, and the database was sealed with its key{named}\nPut it back from your copy, or point CC_TELEGRAM_KEY_FILE at it (docs/KEYS.md).",
        place.path.display()
    )
}

fn seal_update(
    ring: &KeyRing<InboxSealing>,
    bot: i64,
    number: i64,
    body: &str,
) -> Result<Sealed, NotMade> {
    let row = row(bot, number);
    ring.seal(place_of(&row), body.as_bytes())
}

fn row(bot: i64, number: i64) -> String {
    format!("{bot}/{number}")
}

fn place_of(row: &str) -> Context<'_> {
    Context {
        table: "update_inbox",
        row,
        column: "sealed",
    }
}

const NO_PLACE: &str = "there is no place for the key file: neither HOME nor XDG_CONFIG_HOME is set\nSet CC_TELEGRAM_KEY_FILE to its path.";

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(inbox: KeyRing<InboxSealing>) -> Keys {
        Keys {
            file: PathBuf::from("/key"),
            master: MasterKey::random().unwrap().id(),
            inbox,
            tags: Tags::new(MacKey::from_bytes(b"tags")),
        }
    }

    #[test]
    fn security_an_update_opens_as_itself_only() {
        let keys = keys(KeyRing::new(Key::random().unwrap(), Vec::new()));
        let update = |id| RawUpdate {
            id,
            body: format!("press {id}"),
        };
        let sealed = keys.seal_updates(7, vec![update(1), update(2)]).unwrap();
        let stored = |bot, number, body: &Sealed| StoredUpdate {
            id: StoredUpdateId(1),
            bot,
            number,
            body: body.clone(),
        };
        let (first, second) = (&sealed[0].1, &sealed[1].1);
        let opened = keys.open_update(&stored(7, 1, first)).unwrap();
        assert_eq!(opened, "press 1");
        for (what, exchanged) in [
            ("another update's content", stored(7, 1, second)),
            ("another bot's", stored(8, 1, first)),
            ("no content", stored(7, 1, &Sealed::from_bytes(Vec::new()))),
        ] {
            let refused = keys.open_update(&exchanged).unwrap_err();
            assert_eq!(refused, NotOpened::Refused, "{what}");
        }
    }
}
