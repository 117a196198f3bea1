//! Every setting that this version heeds, and the list of all.

use super::later;
use super::setting::Setting;
use super::setting::Shape;
use super::setting::number;
use super::setting::whole;

/// All settings, in the order in which they are documented.
pub(crate) static ALL: &[&Setting] = &[
    &HOME,
    &KEY_FILE,
    &CLIENT_SOCKET,
    &TOKEN,
    &ALLOWED,
    &ALSO_ALLOWED,
    &MODE,
    &QUEUE,
    &MEMORY,
    &POOL,
    &PORT,
    &VALIDATE,
    &LOCKDOWN,
    &LOG,
    &TIME_ZONE,
    &STYLE,
    &QUIET_HOURS,
    &RING_FOR,
    &FOLD_ABOVE,
    &REPEATS,
    &TOPICS,
    &WAIT_FOR_REPLY,
    &MAX_FILE,
    &MAX_FILES,
    &MAX_TOTAL,
    &PROGRAMS,
    &API_URL,
    &PROXY,
    &PER_CHAT,
    &PER_CHAT_BURST,
    &PER_GROUP,
    &OVERALL,
    &SOCKET,
    &SOCKET_GROUP,
    &later::RATE_PER_MINUTE,
    &later::RATE_STRICT,
    &later::EVENT_TTL,
    &later::ENCRYPT,
    &later::SECURITY_LOG,
    &later::LIMIT_REQUESTS,
    &later::LIMIT_WINDOW,
    &later::AUDIT_LOG,
    &later::CONNECTIONS,
    &later::IP_WHITELIST_ON,
    &later::IP_WHITELIST,
    &later::HEADERS,
    &later::FAILED_AUTH,
    &later::RATE_THRESHOLD,
    &later::RESOURCE_THRESHOLD,
    &later::ANOMALIES,
];

pub(super) static HOME: Setting = Setting::variable(
    &["CC_TELEGRAM_HOME"],
    "~/.cc_telegram",
    Shape::Text,
    "The directory that holds everything the bridge keeps.",
)
.environment_only();

pub(super) static KEY_FILE: Setting = Setting::variable(
    &["CC_TELEGRAM_KEY_FILE"],
    "~/.config/cctelegram/key",
    Shape::Text,
    "The file that holds the key of everything sealed in the home. It is made at the first start; see `docs/KEYS.md`.",
);

pub(super) static CLIENT_SOCKET: Setting = Setting::variable(
    &["CC_TELEGRAM_SOCKET"],
    "",
    Shape::Text,
    "Where commands look for a running bridge first, before the home's socket and `/run/cctelegram/bridge.sock`.",
)
.environment_only();

pub(super) static TOKEN: Setting = Setting::variable(
    &["TELEGRAM_BOT_TOKEN"],
    "",
    Shape::Secret,
    "The bot's token, as @BotFather gives it. Never in `config.toml`.",
);

pub(super) static ALLOWED: Setting = Setting::variable(
    &["TELEGRAM_ALLOWED_USERS"],
    "",
    Shape::Text,
    "Numeric ids of the people who may use the bridge, comma-separated; nobody by default. `*` admits everybody to `/start`, `/help` and `/whoami`, to nothing else. `[[users]]` in `config.toml` adds to it.",
);

pub(super) static ALSO_ALLOWED: Setting = Setting::variable(
    &["CC_TELEGRAM_ALLOWED_USERS"],
    "",
    Shape::Text,
    "The same list under its other name. When both are set they have to be the same.",
);

pub(super) static MODE: Setting = Setting::variable(
    &["CC_TELEGRAM_MODE"],
    "local",
    Shape::Text,
    "`local`, `nomad` or `mute`. A switch that somebody made while the bridge ran wins until it is reset.",
);

pub(super) static QUEUE: Setting = Setting::variable(
    &["MAX_QUEUE_SIZE"],
    "10000",
    whole(1, 1_000_000),
    "So many events may wait; beyond it producers wait.",
);

pub(super) static MEMORY: Setting = Setting::variable(
    &["MEMORY_LIMIT_MB"],
    "256",
    whole(32, 1_048_576),
    "At 90 % of it in resident memory producers are told to wait.",
);

pub(super) static POOL: Setting = Setting::variable(
    &["CONNECTION_POOL_SIZE"],
    "5",
    whole(1, 100),
    "Connections to Telegram that are kept open.",
);

pub(super) static PORT: Setting = Setting::variable(
    &["HEALTH_PORT"],
    "8080",
    whole(0, 65_535),
    "The port on 127.0.0.1 for health and metrics; 0 takes any free one.",
);

pub(super) static VALIDATE: Setting = Setting::variable(
    &["CC_TELEGRAM_VALIDATE_EVENTS"],
    "true",
    Shape::Flag,
    "When false, JSON objects without type or title go out as `custom_event`.",
);

pub(super) static LOCKDOWN: Setting = Setting::variable(
    &["EMERGENCY_LOCKDOWN"],
    "false",
    Shape::Flag,
    "When true in any place, the bridge does not start; lifting it needs a hand at this machine.",
);

pub(super) static LOG: Setting = Setting::variable(
    &["RUST_LOG"],
    "info",
    Shape::Text,
    "What the diagnostic log holds: `error`, `warn`, `info`, `debug`, or a filter per module.",
);

pub(super) static TIME_ZONE: Setting = Setting::key(
    "messages.time_zone",
    "",
    Shape::Text,
    "In which times are shown and quiet hours are meant, like `Europe/Vienna`; by default the zone of this machine.",
);

pub(super) static QUIET_HOURS: Setting = Setting::key(
    "quiet.hours",
    "",
    Shape::Parts,
    "Spans of every day in which messages arrive without a sound, like `22:00-07:00`, or several of them in a list, in the zone of `messages.time_zone`. Nothing is held back.",
);

pub(super) static RING_FOR: Setting = Setting::key(
    "quiet.ring_for",
    "critical",
    Shape::Text,
    "What rings all the same within quiet hours: `nothing`, `critical` (critical events and security alerts), `errors` (those and errors) or `approvals` (critical ones and requests for a decision).",
);

pub(super) static FOLD_ABOVE: Setting = Setting::key(
    "quiet.fold_above",
    "10",
    whole(0, 10_000),
    "When a chat's sending limit makes more than so many results and pieces of progress wait, they become one list; 0 never folds.",
);

pub(super) static REPEATS: Setting = Setting::key(
    "quiet.repeats_s",
    "5",
    whole(0, 60),
    "Within so many seconds the same event again is counted in the message of the first; 0 sends each.",
);

pub(super) static TOPICS: Setting = Setting::key(
    "chats.topics",
    "per_project",
    Shape::Text,
    "In chats with topics: `per_project` gives each project a topic of its own, `off` sends everything to the general one.",
);

pub(super) static WAIT_FOR_REPLY: Setting = Setting::key(
    "nomad.wait_for_reply",
    "",
    Shape::Text,
    "In `nomad`, an agent whose turn ended waits so long for a reply on the phone that continues it, like `5m`; an hour at most, and never longer than its hook may take. By default it does not wait.",
);

pub(super) static STYLE: Setting = Setting::variable(
    &["CC_TELEGRAM_MESSAGE_STYLE"],
    "detailed",
    Shape::Text,
    "`detailed`, or `concise`: the one or two facts that matter, everything else folded away. A request for a decision is always shown whole.",
)
.also("messages.style");

pub(super) static MAX_FILE: Setting = Setting::key(
    "attachments.max_file_mb",
    "20",
    whole(1, 50),
    "A file that is sent with an event may be so large; Telegram takes 50 MB.",
);

pub(super) static MAX_FILES: Setting = Setting::key(
    "attachments.max_files",
    "10",
    whole(1, 10),
    "So many files may be sent with one event.",
);

pub(super) static MAX_TOTAL: Setting = Setting::key(
    "attachments.max_total_mb",
    "1024",
    whole(50, 1_048_576),
    "All files that wait to be sent may have so much together; then further ones have to wait.",
);

pub(super) static PROGRAMS: Setting = Setting::key(
    "attachments.programs",
    "false",
    Shape::Flag,
    "Send programs and packages (`.exe`, `.apk`, ELF, …) too; without it they are refused.",
);

pub(super) static API_URL: Setting = Setting::variable(
    &["TELEGRAM_API_URL"],
    "https://api.telegram.org",
    Shape::Text,
    "The Bot API server. Plain `http://` only on this machine.",
)
.also("telegram.api_url");

pub(super) static PROXY: Setting = Setting::variable(
    &["HTTPS_PROXY", "https_proxy"],
    "",
    Shape::Secret,
    "An HTTP proxy for the way to Telegram. `NO_PROXY` is not read; a Bot API server on this machine is reached directly.",
)
.also("telegram.proxy");

pub(super) static PER_CHAT: Setting = Setting::key(
    "telegram.per_chat_per_second",
    "1.0",
    number(0.0, 1_000.0),
    "Messages to one chat in a second; 0 is no limit, which Telegram's own server is never used with.",
);

pub(super) static PER_CHAT_BURST: Setting = Setting::key(
    "telegram.per_chat_burst",
    "3",
    whole(1, 1_000),
    "So many messages may go to a chat at once after a pause.",
);

pub(super) static PER_GROUP: Setting = Setting::key(
    "telegram.per_group_per_minute",
    "20",
    whole(0, 10_000),
    "Messages to one group in a minute; 0 is no limit.",
);

pub(super) static OVERALL: Setting = Setting::key(
    "telegram.global_per_second",
    "30",
    number(0.0, 10_000.0),
    "Messages to all chats together in a second; 0 is no limit.",
);

pub(super) static SOCKET: Setting = Setting::key(
    "socket.path",
    "~/.cc_telegram/bridge.sock",
    Shape::Text,
    "Where the bridge listens for commands and agents on this machine.",
);

pub(super) static SOCKET_GROUP: Setting = Setting::key(
    "socket.group",
    "",
    Shape::Text,
    "A group of this machine whose members may use the socket too. It needs a `path` outside the home.",
);
