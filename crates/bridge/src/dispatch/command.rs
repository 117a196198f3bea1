//! The commands of the bot.

use std::time::Duration;

use cctelegram_core::api::ModeStatus;
use cctelegram_core::audit::EventName;
use cctelegram_core::mode::Mode;
use cctelegram_core::time::parse_span;
use cctelegram_core::time::span;
use cctelegram_store::Handling;
use cctelegram_store::ResponseKind;
use cctelegram_store::StoredUpdate;
use cctelegram_telegram::update::IncomingMessage;
use cctelegram_telegram::update::Sender;

use super::message::answered;
use super::message::response;
use super::record;
use crate::app::App;
use crate::modes;

/// The commands as Telegram shows them: name and one line.
pub(crate) const COMMANDS: [(&str, &str); 7] = [
    ("start", "Say hello"),
    ("help", "What this bot does"),
    ("status", "How the bridge is doing"),
    ("mode", "Show or switch the mode: local, nomad, mute"),
    ("queue", "What waits to be delivered"),
    ("mute", "Hold everything back for a while: /mute 2h"),
    ("whoami", "Your Telegram user id"),
];

/// The queue shows so many entries in a chat.
const QUEUE_SHOWN: u32 = 10;

const ENROL_ELSEWHERE: &str = "A group is enrolled by writing this in the group, with the code that `cctelegram chats enrol` shows.";

/// What somebody asks the bridge to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Command {
    Start,
    Help,
    Status,
    Mode(Option<String>),
    Queue,
    Mute(Option<String>),
    WhoAmI,
    /// The code of a group's enrolment, which is for the group.
    Enrol,
    /// A command of nobody's: passed on as an answer of type `command`.
    Other(String),
}

impl Command {
    /// With `*` on the allow-list, these are open to anybody.
    pub(super) const fn is_open_to_anybody(&self) -> bool {
        matches!(self, Self::Start | Self::Help | Self::WhoAmI)
    }
}

/// Reads `/name@bot argument`. A command addressed to another bot is none of ours.
pub(super) fn parse(text: &str, bot: Option<&str>) -> Option<Command> {
    let rest = text.trim().strip_prefix('/')?;
    let (head, argument) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let name = match head.split_once('@') {
        Some((_, addressed)) if bot.is_some_and(|bot| !bot.eq_ignore_ascii_case(addressed)) => {
            return None;
        }
        Some((name, _)) => name,
        None => head,
    };
    let argument = Some(argument.trim())
        .filter(|argument| !argument.is_empty())
        .map(str::to_owned);
    Some(match name.to_ascii_lowercase().as_str() {
        "start" => Command::Start,
        "help" => Command::Help,
        "status" => Command::Status,
        "mode" => Command::Mode(argument),
        "queue" => Command::Queue,
        "mute" => Command::Mute(argument),
        "whoami" => Command::WhoAmI,
        "enrol" => Command::Enrol,
        _ => Command::Other(text.trim().to_owned()),
    })
}

/// Does what the command says and answers it.
pub(super) async fn handle(
    app: &App,
    stored: &StoredUpdate,
    message: &IncomingMessage,
    from: &Sender,
    command: Command,
) -> anyhow::Result<()> {
    let said = match command {
        Command::Start => ("/start", hello(app, from)),
        Command::Help => ("/help", help()),
        Command::WhoAmI => ("/whoami", format!("Your Telegram user id is {}.", from.id)),
        Command::Enrol => ("/enrol", ENROL_ELSEWHERE.to_owned()),
        Command::Status => ("/status", status(app).await?),
        Command::Queue => ("/queue", queue(app).await?),
        Command::Mode(None) => ("/mode", describe(app, &app.mode().await?)),
        Command::Mode(Some(word)) => {
            return switch(app, stored, message, from, ("/mode", mode_of(&word))).await;
        }
        Command::Mute(span) => {
            return switch(
                app,
                stored,
                message,
                from,
                ("/mute", mute_of(span.as_deref())),
            )
            .await;
        }
        Command::Other(text) => return pass_on(app, stored, message, from, text).await,
    };
    answered(app, stored, message, from, said).await
}

/// What a command asks the mode to become; `None` inside means back to the setting.
type Wish = Result<Option<(Mode, Option<Duration>)>, String>;

fn mode_of(word: &str) -> Wish {
    match word {
        "reset" => Ok(None),
        _ => word
            .parse()
            .map(|mode| Some((mode, None)))
            .map_err(|error: cctelegram_core::mode::BadMode| error.to_string()),
    }
}

fn mute_of(span: Option<&str>) -> Wish {
    let Some(span) = span else {
        return Err("For how long? For example `/mute 2h` or `/mute 30m`. `/mode mute` lasts until you switch.".to_owned());
    };
    parse_span(span)
        .map(|span| Some((Mode::Mute, Some(span))))
        .map_err(|error| error.to_string())
}

async fn switch(
    app: &App,
    stored: &StoredUpdate,
    message: &IncomingMessage,
    from: &Sender,
    (name, wish): (&str, Wish),
) -> anyhow::Result<()> {
    let wish = match wish {
        Ok(wish) => wish,
        Err(sorry) => return answered(app, stored, message, from, (name, sorry)).await,
    };
    let before = app.mode().await?;
    let switch = modes::switch_to(app, wish).await?;
    let after = app.mode_of(switch);
    let record = record(app, EventName::ModeChanged, from.id, "mode").details(
        serde_json::json!({ "from": before.mode, "to": after.mode, "until": after.until }),
    );
    let handling = Handling {
        records: vec![record],
        notices: vec![(message.chat, describe(app, &after), Some(message.message))],
        unpark: Some(message.chat),
        switch: Some(switch),
        ..Handling::default()
    };
    app.store.handle(stored.id, handling).await?;
    modes::follow(app, before.mode, after.mode).await?;
    Ok(())
}

/// A command that is not ours and answers no event is an answer for whoever reads the answer files.
async fn pass_on(
    app: &App,
    stored: &StoredUpdate,
    message: &IncomingMessage,
    from: &Sender,
    text: String,
) -> anyhow::Result<()> {
    let name = text
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_owned();
    let said = format!(
        "{name} is not a command of the bridge; it was passed on as an answer. /help lists the commands."
    );
    let handling = Handling {
        records: vec![record(app, EventName::UserResponse, from.id, "command")],
        notices: vec![(message.chat, said, Some(message.message))],
        response: Some(response(from, text, ResponseKind::Command, None, app.now())),
        unpark: Some(message.chat),
        ..Handling::default()
    };
    app.store.handle(stored.id, handling).await?;
    app.wake.decided();
    Ok(())
}

fn hello(app: &App, from: &Sender) -> String {
    if app.config.people.admits(from.id) {
        return format!(
            "Hello {}. This bridge reports to you. /help tells more.",
            from.first_name
        );
    }
    format!("This is a private bridge. Your user id is {}.", from.id)
}

fn help() -> String {
    let mut text = "I tell you what your coding agents do, and bring your decisions back to them. Press a button to \
                    decide; reply to a message to answer it.\n"
        .to_owned();
    for (name, line) in COMMANDS {
        text.extend(["\n/", name, ": ", line]);
    }
    text
}

async fn status(app: &App) -> anyhow::Result<String> {
    let counts = app.store.counts().await?;
    let problems = app.health.problems(app.now());
    let health = if problems.is_empty() {
        "Everything works.".to_owned()
    } else {
        problems.join("\n")
    };
    let up = span(Duration::from_secs(app.now().since(app.started).as_secs()));
    Ok(format!(
        "{health}\n\nUp for {up}. {}\nWaiting: {}. Held: {}. Open requests: {}. Could not be delivered: {}.",
        describe(app, &app.mode().await?),
        counts.waiting,
        counts.held,
        counts.pending_approvals,
        counts.dead
    ))
}

async fn queue(app: &App) -> anyhow::Result<String> {
    let entries = app.store.queue(QUEUE_SHOWN).await?;
    if entries.is_empty() {
        return Ok("Nothing waits.".to_owned());
    }
    let lines = entries.iter().map(|entry| match &entry.reason {
        Some(reason) => format!("{}: {} ({reason})", entry.state, entry.title),
        None => format!("{}: {}", entry.state, entry.title),
    });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

/// The mode in words.
fn describe(app: &App, mode: &ModeStatus) -> String {
    let meaning = match mode.mode {
        Mode::Local => "local: everything is delivered; agents ask at the terminal first",
        Mode::Nomad => "nomad: everything is delivered; agents ask here at once",
        Mode::Mute => "mute: everything but security alerts is held back",
    };
    match mode.until {
        Some(end) => format!(
            "Mode {meaning}, until {}.",
            end.clock_time(&app.config.messages.zone)
        ),
        None => format!("Mode {meaning}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_with_or_without_the_bots_name() {
        let bot = Some("my_bot");
        assert_eq!(parse("/status", bot), Some(Command::Status));
        assert_eq!(parse("/Status@My_Bot", bot), Some(Command::Status));
        assert_eq!(parse("/status@other_bot", bot), None);
        assert_eq!(
            parse("/mute  2h ", bot),
            Some(Command::Mute(Some("2h".to_owned())))
        );
        assert_eq!(
            parse("/deploy now", bot),
            Some(Command::Other("/deploy now".to_owned()))
        );
        assert_eq!(parse("hello /status", bot), None);
    }

    #[test]
    fn security_only_harmless_commands_are_open_to_anybody() {
        let open: Vec<_> = COMMANDS
            .iter()
            .filter(|(name, _)| {
                parse(&format!("/{name}"), None).is_some_and(|command| command.is_open_to_anybody())
            })
            .map(|(name, _)| *name)
            .collect();
        assert_eq!(open, ["start", "help", "whoami"]);
        assert!(!Command::Other("/rm".to_owned()).is_open_to_anybody());
    }

    #[test]
    fn a_mute_needs_a_span_with_a_unit() {
        assert!(mute_of(None).is_err());
        assert!(mute_of(Some("2")).is_err());
        assert_eq!(
            mute_of(Some("2h")),
            Ok(Some((Mode::Mute, Some(Duration::from_hours(2)))))
        );
        assert_eq!(mode_of("reset"), Ok(None));
        assert!(mode_of("loud").is_err());
    }
}
