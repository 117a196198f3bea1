//! The settings of the bridge: what was written becomes a [`Config`] that cannot be wrong, or a list of mistakes.
//! Only this module reads the environment.

mod agents;
mod chats;
mod document;
mod dotenv;
mod environment;
mod files;
mod keys;
mod later;
mod local;
mod lockdown;
mod messages;
mod mistake;
mod nearest;
mod nomad;
mod people;
mod quiet;
mod raw;
pub(crate) mod reference;
mod setting;
mod settings;
mod telegram;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use cctelegram_core::event::Validation;
use cctelegram_core::mode::Mode;
use tracing_subscriber::EnvFilter;

use crate::home::Home;

pub(crate) use agents::claude_folders;
pub(crate) use agents::claude_project;
pub(crate) use agents::codex_folder;
pub(crate) use agents::is_usual_home;
pub(crate) use agents::off_limits;
pub(crate) use agents::usual_home;
pub(crate) use chats::Chats;
pub(crate) use chats::PerProject;
pub(crate) use environment::Environment;
pub(crate) use files::FileLimits;
pub(crate) use keys::KeyPlace;
pub(crate) use local::Reach;
pub(crate) use local::Socket;
pub(crate) use local::home;
pub(crate) use local::reach;
pub(crate) use messages::Messages;
pub(crate) use mistake::Mistakes;
pub(crate) use mistake::Place;
pub(crate) use mistake::is_token;
pub(crate) use nomad::Nomad;
pub(crate) use people::People;
pub(crate) use quiet::Quietness;
pub(crate) use telegram::Telegram;

use document::Lists;
use raw::Raw;

/// Everything the bridge was told.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) home: Home,
    /// Where the key file is; nothing when the environment does not say where the user's files are.
    pub(crate) key_file: Option<KeyPlace>,
    pub(crate) telegram: Telegram,
    pub(crate) people: People,
    pub(crate) intake: Intake,
    pub(crate) files: FileLimits,
    pub(crate) messages: Messages,
    pub(crate) quiet: Quietness,
    pub(crate) chats: Chats,
    pub(crate) http: Http,
    pub(crate) socket: Socket,
    pub(crate) mode: Mode,
    pub(crate) nomad: Nomad,
    pub(crate) log_filter: String,
    /// Where this user's short-lived files belong (`XDG_RUNTIME_DIR`).
    pub(crate) runtime_dir: Option<PathBuf>,
    /// A sentence for each setting that was set and whose feature is not in this version.
    pub(crate) not_in_effect: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

/// What is taken in.
#[derive(Clone, Debug)]
pub(crate) struct Intake {
    pub(crate) max_queue_size: u64,
    pub(crate) validation: Validation,
    pub(crate) memory_limit_mb: u64,
}

/// The pages on 127.0.0.1.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    /// 0 takes any free port.
    pub(crate) port: u16,
}

/// Reads all settings. Nothing is written.
pub(crate) fn load(environment: &Environment) -> Result<Config, Mistakes> {
    let mut raw = Raw::default();
    from_credentials(environment, &mut raw);
    from_environment(environment, &mut raw);
    let home = home(environment)?;
    if let Some(text) = read_file(&home.env_file(), &mut raw) {
        dotenv::read(&home.env_file(), &text, settings::ALL, &mut raw);
    }
    let lists = match read_file(&home.config_file(), &mut raw) {
        Some(text) => document::read(&home.config_file(), &text, settings::ALL, &mut raw),
        None => Lists::default(),
    };
    let config = assemble(home, environment, &lists, &mut raw);
    if raw.mistakes.is_empty() {
        Ok(config)
    } else {
        Err(Mistakes(raw.mistakes))
    }
}

fn assemble(home: Home, environment: &Environment, lists: &Lists, raw: &mut Raw) -> Config {
    Config {
        key_file: keys::key_place(environment, raw),
        telegram: telegram::telegram(raw),
        people: people::people(raw, lists, &Place::file(&home.config_file())),
        intake: Intake {
            max_queue_size: raw.whole(&settings::QUEUE),
            validation: if raw.flag(&settings::VALIDATE) {
                Validation::Strict
            } else {
                Validation::Lenient
            },
            memory_limit_mb: raw.whole(&settings::MEMORY),
        },
        files: files::files(raw),
        messages: messages::messages(raw),
        quiet: quiet::quiet(raw),
        chats: chats::chats(raw),
        http: Http {
            port: u16::try_from(raw.whole(&settings::PORT)).unwrap_or(0),
        },
        socket: local::socket(&home, raw),
        mode: mode(raw),
        nomad: nomad::nomad(raw),
        log_filter: log_filter(raw),
        runtime_dir: environment
            .get("XDG_RUNTIME_DIR")
            .filter(|dir| dir.starts_with('/'))
            .map(PathBuf::from),
        not_in_effect: raw.not_in_effect(settings::ALL),
        warnings: std::mem::take(&mut raw.warnings),
        home,
    }
}

/// What systemd hands over (`LoadCredential=`, systemd.exec(5)): files that only this service can read. A token there wins
/// over every other.
fn from_credentials(environment: &Environment, raw: &mut Raw) {
    let folder = environment.get("CREDENTIALS_DIRECTORY").map(Path::new);
    let Some(folder) = folder.filter(|folder| folder.is_absolute()) else {
        return;
    };
    let path = folder.join(TOKEN_CREDENTIAL);
    if let Some(text) = read_file(&path, raw) {
        let place = Place::file(&path);
        raw.offer(&settings::TOKEN, TOKEN_CREDENTIAL, text.trim_end(), &place);
    }
}

/// The credential that holds the bot's token.
const TOKEN_CREDENTIAL: &str = "telegram_bot_token";

fn from_environment(environment: &Environment, raw: &mut Raw) {
    let place = Place::Environment;
    for setting in settings::ALL {
        for name in setting
            .variables
            .iter()
            .filter(|name| environment.is_unreadable(name))
        {
            raw.mistake(
                &place,
                name,
                "its value is not text",
                "Set it to UTF-8 text.",
            );
        }
        let values = setting
            .variables
            .iter()
            .filter_map(|name| Some((*name, environment.get(name)?)));
        for (name, value) in
            values.filter(|(_, value)| !value.is_empty() || is_allow_list(setting.name()))
        {
            if lockdown::is_name(name) && raw::flag(value.trim()) == Some(true) {
                lockdown::refuse(&place, raw);
            } else {
                raw.offer(setting, name, value, &place);
            }
        }
    }
    let known = |name: &str| {
        settings::ALL
            .iter()
            .any(|setting| setting.variables.contains(&name))
    };
    for name in environment
        .names()
        .filter(|name| name.starts_with("CC_TELEGRAM_") && !known(name))
    {
        let remedy = dotenv::remedy(name, settings::ALL);
        raw.warnings.push(format!(
            "{name} (environment): there is no setting of this name. {remedy}"
        ));
    }
}

/// An empty list was meant: nobody. Every other empty value counts as not set.
fn is_allow_list(name: &str) -> bool {
    [&settings::ALLOWED, &settings::ALSO_ALLOWED]
        .iter()
        .any(|setting| setting.name() == name)
}

fn read_file(path: &Path, raw: &mut Raw) -> Option<String> {
    let place = Place::file(path);
    let remedy = "Make it a plain text file that belongs to you, with permissions 0600.";
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Ok(about) if !about.is_file() => {
            raw.mistake(&place, "the file", "it is not a regular file", remedy);
            return None;
        }
        Ok(_) | Err(_) => {}
    }
    match fs::read_to_string(path) {
        Ok(text) => Some(text),
        Err(error) => {
            raw.mistake(
                &place,
                "the file",
                format!("it cannot be read: {error}"),
                remedy,
            );
            None
        }
    }
}

fn mode(raw: &mut Raw) -> Mode {
    let text = raw.text(&settings::MODE).unwrap_or_default();
    text.parse()
        .unwrap_or_else(|error: cctelegram_core::mode::BadMode| {
            let place = raw.place(&settings::MODE);
            raw.mistake(
                &place,
                settings::MODE.name(),
                error.to_string(),
                "Write one of the three.",
            );
            Mode::default()
        })
}

fn log_filter(raw: &mut Raw) -> String {
    let text = raw.text(&settings::LOG).unwrap_or_default();
    if let Err(error) = EnvFilter::try_new(&text) {
        let (place, what) = (
            raw.place(&settings::LOG),
            format!("`{text}` is not a log filter: {error}"),
        );
        raw.mistake(
            &place,
            settings::LOG.name(),
            what,
            "Write error, warn, info or debug.",
        );
    }
    text
}
