//! Where things are on this machine: the home, and the socket of the bridge.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::path::PathBuf;

use toml::Table;

use super::environment::Environment;
use super::mistake::Mistake;
use super::mistake::Mistakes;
use super::mistake::Place;
use super::raw::Raw;
use super::settings;
use crate::home::Home;

/// The longest path that a socket can have on Linux; its address has 108 bytes with the zero at the end.
const LONGEST_SOCKET_PATH: usize = 107;

/// Where the bridge listens for this machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Socket {
    pub(crate) path: PathBuf,
    /// Members of this group may use the socket too.
    pub(crate) group: Option<Group>,
}

/// A group of this machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) gid: u32,
}

/// What a command needs to know to find a bridge. Mistakes in other settings do not matter to it.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    pub(crate) home: Home,
    /// `CC_TELEGRAM_SOCKET`.
    pub(crate) explicit: Option<PathBuf>,
    pub(crate) socket: Socket,
}

/// The directory that holds everything: `CC_TELEGRAM_HOME`, else `~/.cc_telegram`.
pub(crate) fn home(environment: &Environment) -> Result<Home, Mistakes> {
    let set = |name| {
        environment
            .get(name)
            .filter(|path: &&str| !path.is_empty())
            .map(PathBuf::from)
    };
    let root =
        set("CC_TELEGRAM_HOME").or_else(|| set("HOME").map(|home| home.join(".cc_telegram")));
    match root {
        Some(root) if root.is_absolute() => Ok(Home::new(root)),
        Some(root) => Err(mistake(format!(
            "`{}` is not an absolute path",
            root.display()
        ))),
        None => Err(mistake(
            "neither CC_TELEGRAM_HOME nor HOME is set".to_owned(),
        )),
    }
}

fn mistake(what: String) -> Mistakes {
    let remedy = "Set it to the path of the directory, from / on.";
    Mistakes(vec![Mistake::new(
        &Place::Environment,
        settings::HOME.name(),
        what,
        remedy,
    )])
}

/// Where a running bridge could be.
pub(crate) fn reach(environment: &Environment) -> Result<Reach, Mistakes> {
    let home = home(environment)?;
    let explicit = environment
        .get(settings::CLIENT_SOCKET.name())
        .filter(|path| !path.is_empty());
    let document = fs::read_to_string(home.config_file())
        .ok()
        .and_then(|text| text.parse::<Table>().ok());
    let section = document
        .as_ref()
        .and_then(|document| document.get("socket"));
    let text = |key| {
        section
            .and_then(|section| section.get(key))
            .and_then(toml::Value::as_str)
    };
    let socket = Socket {
        path: text("path").map_or_else(|| home.socket(), PathBuf::from),
        group: text("group").and_then(|name| group(name).ok()),
    };
    Ok(Reach {
        explicit: explicit.map(PathBuf::from),
        socket,
        home,
    })
}

pub(super) fn socket(home: &Home, raw: &mut Raw) -> Socket {
    let set = raw.found(&settings::SOCKET).is_some();
    let path = if set {
        raw.text(&settings::SOCKET).map(PathBuf::from)
    } else {
        None
    };
    let path = path.unwrap_or_else(|| home.socket());
    let (place, name) = (raw.place(&settings::SOCKET), settings::SOCKET.name());
    if !path.is_absolute() {
        raw.mistake(
            &place,
            name,
            format!("`{}` is not an absolute path", path.display()),
            "Begin it with /.",
        );
    }
    if path.as_os_str().as_bytes().len() > LONGEST_SOCKET_PATH {
        let what = format!("`{}` is too long for a socket", path.display());
        raw.mistake(
            &place,
            name,
            what,
            "Use a path of at most 107 bytes; a shorter home helps too.",
        );
    }
    let group = raw
        .text(&settings::SOCKET_GROUP)
        .map(|name| group(&name).and_then(|group| outside(group, &path, home)));
    let group = group.transpose().unwrap_or_else(|wrong| {
        let (place, remedy) = (
            raw.place(&settings::SOCKET_GROUP),
            "Members of a group need a [socket] path elsewhere.",
        );
        raw.mistake(&place, settings::SOCKET_GROUP.name(), wrong, remedy);
        None
    });
    Socket { path, group }
}

fn outside(group: Group, socket: &Path, home: &Home) -> Result<Group, String> {
    if socket.starts_with(home.root()) {
        return Err("the socket is in the home, which is closed to everybody else".to_owned());
    }
    Ok(group)
}

/// Looks a group up in `/etc/group`.
fn group(name: &str) -> Result<Group, String> {
    let list = fs::read_to_string(Path::new("/etc/group")).unwrap_or_default();
    let line = list
        .lines()
        .find(|line| line.split(':').next() == Some(name));
    let gid = line.and_then(|line| line.split(':').nth(2)?.parse().ok());
    gid.map(|gid| Group {
        name: name.to_owned(),
        gid,
    })
    .ok_or_else(|| format!("there is no group `{name}` in /etc/group"))
}
