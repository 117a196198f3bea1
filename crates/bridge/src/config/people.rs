//! Who may use the bridge, and which chats an event goes to.

use std::collections::BTreeSet;

use cctelegram_core::event::Severity;
use cctelegram_core::id::ChatId;
use cctelegram_core::id::UserId;
use cctelegram_core::people::AllowList;
use cctelegram_core::route::Route;
use toml::Table;
use toml::Value as Toml;

use super::document::Lists;
use super::mistake::Place;
use super::nearest::nearest;
use super::raw::Raw;
use super::settings;

/// The people of this bridge.
#[derive(Clone, Debug)]
pub(crate) struct People {
    /// The list of `TELEGRAM_ALLOWED_USERS`.
    pub(crate) allowed: AllowList,
    /// The entries of `[[users]]`.
    pub(crate) paired: BTreeSet<UserId>,
    pub(crate) routes: Vec<Route>,
}

impl People {
    /// Everybody with full rights.
    pub(crate) fn users(&self) -> BTreeSet<UserId> {
        match &self.allowed {
            AllowList::Only(listed) => listed.union(&self.paired).copied().collect(),
            AllowList::Everyone => self.paired.clone(),
        }
    }

    /// The private chats of everybody with full rights.
    pub(crate) fn chats(&self) -> BTreeSet<ChatId> {
        self.users().into_iter().map(UserId::private_chat).collect()
    }

    /// Full rights come from an entry of one's own, never from `*`.
    pub(crate) fn admits(&self, user: UserId) -> bool {
        let listed = match &self.allowed {
            AllowList::Only(listed) => listed.contains(&user),
            AllowList::Everyone => false,
        };
        listed || self.paired.contains(&user)
    }

    /// Was `*` written out? Then anybody may use `/start`, `/help` and `/whoami`.
    pub(crate) fn admits_anybody_to_help(&self) -> bool {
        self.allowed == AllowList::Everyone
    }
}

pub(super) fn people(raw: &mut Raw, lists: &Lists, config_file: &Place) -> People {
    let allowed = allow_list(raw);
    let paired = lists
        .users
        .iter()
        .filter_map(|user| read_user(user, raw, config_file))
        .collect();
    let mut people = People {
        allowed,
        paired,
        routes: Vec::new(),
    };
    let chats = people.chats();
    people.routes = lists
        .routes
        .iter()
        .filter_map(|route| read_route(route, &chats, raw, config_file))
        .collect();
    if people.admits_anybody_to_help() {
        raw.warnings.push(
            "TELEGRAM_ALLOWED_USERS is *: strangers get answers to /start, /help and /whoami"
                .to_owned(),
        );
    }
    people
}

/// The two variables name the same list.
fn allow_list(raw: &mut Raw) -> AllowList {
    let mut lists = Vec::new();
    for setting in [&settings::ALLOWED, &settings::ALSO_ALLOWED] {
        let Some(text) = raw.text(setting) else {
            continue;
        };
        let place = raw.place(setting);
        match text.parse::<AllowList>() {
            Ok(list) => lists.push((list, place)),
            Err(bad) => raw.mistake(
                &place,
                setting.name(),
                bad.to_string(),
                "Write numbers with commas between them.",
            ),
        }
    }
    if let [(one, _), (other, place)] = lists.as_slice()
        && one != other
    {
        let what =
            "it differs from TELEGRAM_ALLOWED_USERS, and nobody can know which list is meant";
        raw.mistake(
            place,
            settings::ALSO_ALLOWED.name(),
            what,
            "Set one of the two, or both to the same list.",
        );
    }
    lists
        .into_iter()
        .next()
        .map_or_else(|| AllowList::Only(BTreeSet::new()), |(list, _)| list)
}

fn read_user(user: &Table, raw: &mut Raw, place: &Place) -> Option<UserId> {
    known_keys(user, "users", &["id", "paired", "name"], raw, place);
    if user.get("name").is_some_and(|name| !name.is_str()) {
        raw.mistake(
            place,
            "users.name",
            "this is not text",
            "Write the name between quotes, or remove it.",
        );
    }
    match user.get("paired").map(Toml::as_bool) {
        None | Some(Some(true)) => {}
        Some(Some(false)) => {
            let what =
                "`false` takes no rights away: every entry is a person who may use the bridge";
            raw.mistake(
                place,
                "users.paired",
                what,
                "Delete the entry to lock the person out, else remove the line.",
            );
        }
        Some(None) => raw.mistake(
            place,
            "users.paired",
            "this is not true",
            "Write true, or remove the line.",
        ),
    }
    let id = user
        .get("id")
        .and_then(Toml::as_integer)
        .filter(|id| *id > 0);
    if id.is_none() {
        let what = "an entry has no id that is a positive number";
        raw.mistake(
            place,
            "users.id",
            what,
            "Write id = and the number that /whoami tells in the bot's chat.",
        );
    }
    id.map(UserId)
}

fn read_route(
    route: &Table,
    chats: &BTreeSet<ChatId>,
    raw: &mut Raw,
    place: &Place,
) -> Option<Route> {
    known_keys(route, "route", &["match", "chats"], raw, place);
    let conditions = match route.get("match") {
        None => Table::new(),
        Some(Toml::Table(table)) => table.clone(),
        Some(_) => {
            raw.mistake(
                place,
                "route.match",
                "this is not a table",
                "Write match = { severity = \"error\" }.",
            );
            return None;
        }
    };
    known_keys(
        &conditions,
        "route.match",
        &["type", "severity", "project"],
        raw,
        place,
    );
    let kind = condition(&conditions, "type", raw, place);
    let project = condition(&conditions, "project", raw, place);
    let severity =
        condition(&conditions, "severity", raw, place).and_then(|name| severity(&name, raw, place));
    let chats = read_chats(route, chats, raw, place);
    Some(Route {
        kind,
        severity,
        project,
        chats,
    })
}

fn condition(conditions: &Table, key: &str, raw: &mut Raw, place: &Place) -> Option<String> {
    let value = conditions.get(key)?;
    let text = value.as_str().filter(|text| !text.is_empty());
    if text.is_none() {
        raw.mistake(
            place,
            &format!("route.match.{key}"),
            "this is not text",
            "Write it between quotes, or remove it.",
        );
    }
    text.map(str::to_owned)
}

fn severity(name: &str, raw: &mut Raw, place: &Place) -> Option<Severity> {
    let severity = serde_json::from_value(serde_json::Value::String(name.to_owned()));
    if severity.is_err() {
        let what = format!("`{name}` is not a severity");
        raw.mistake(
            place,
            "route.match.severity",
            what,
            "Write info, success, warning, error or critical.",
        );
    }
    severity.ok()
}

fn read_chats(
    route: &Table,
    known: &BTreeSet<ChatId>,
    raw: &mut Raw,
    place: &Place,
) -> Vec<ChatId> {
    let listed = route
        .get("chats")
        .and_then(Toml::as_array)
        .filter(|chats| !chats.is_empty());
    let Some(listed) = listed else {
        raw.mistake(
            place,
            "route.chats",
            "a route leads nowhere",
            "Write chats = [ids] with at least one number.",
        );
        return Vec::new();
    };
    let mut chats = Vec::new();
    for chat in listed {
        let wrong = match chat.as_integer().map(ChatId) {
            // Whether a group is enrolled is known to the bridge that runs, not to its settings.
            Some(chat) if known.contains(&chat) || chat.is_group() => {
                chats.push(chat);
                continue;
            }
            Some(chat) => format!("{chat} is not the id of anybody who may use the bridge"),
            None => format!("a value of type {} is not a number", chat.type_str()),
        };
        raw.mistake(
            place,
            "route.chats",
            wrong,
            "Use ids of allowed people (a private chat has the person's id) or of enrolled groups.",
        );
    }
    chats
}

fn known_keys(table: &Table, path: &str, known: &[&str], raw: &mut Raw, place: &Place) {
    for key in table
        .keys()
        .filter(|key| !known.contains(&key.as_str()) && !super::lockdown::is_name(key))
    {
        let remedy = nearest(key, known.iter().copied()).map_or_else(
            || format!("Known are {}.", known.join(", ")),
            |known| format!("Did you mean {known}?"),
        );
        raw.mistake(
            place,
            &format!("{path}.{key}"),
            "there is no setting of this name",
            &remedy,
        );
    }
}
