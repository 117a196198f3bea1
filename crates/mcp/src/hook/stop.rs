//! The end of a turn: it is told, and while people are away it may wait for a reply that continues the session.

use std::thread;
use std::time::Duration;
use std::time::Instant;

use cctelegram_core::agent::Trace;
use cctelegram_core::api::Accepted;
use cctelegram_core::api::ModeStatus;
use cctelegram_core::api::ReplyHeard;
use cctelegram_core::api::ReplyWait;
use cctelegram_core::api::TurnsContinued;
use cctelegram_core::api::Waiter;
use cctelegram_core::mode::Mode;
use cctelegram_core::time;
use serde_json::Value;
use serde_json::json;
use uuid::Uuid;

use super::HookSetting;
use super::Workplace;
use super::input::HookInput;
use super::notice;
use super::run::QUICK;
use super::run::secrets;
use super::run::settle;
use crate::letter::Letter;
use crate::socket::LineError;
use crate::socket::SocketLine;

/// Claude Code ends the turn at the ninth time, whatever hooks say (`CLAUDE_CODE_STOP_HOOK_BLOCK_CAP`).
const MOST_IN_A_ROW: u32 = 8;
/// What has to be done when the time is up takes no longer: the hook answers before the agent gives it up.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// A request that waits may take so much longer than it waits.
const PATIENCE: Duration = Duration::from_secs(10);
/// A bridge that went away is looked for again after this span.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Tells of the end of the turn; gives what continues it.
pub(super) fn run(
    input: &HookInput,
    (again, background): (bool, usize),
    setting: &HookSetting<'_>,
    deadline: Instant,
) -> Result<Option<String>, LineError> {
    let line = &setting.line;
    settle(input, line)?;
    let status: ModeStatus = line.ask("GET", "mode", QUICK)?;
    let place = Workplace::of(&input.folder);
    let Some(mut event) = notice::event(input, &place, status.mode) else {
        return Ok(None);
    };
    let session = Trace::of(&input.session);
    // One that only pauses goes on by itself.
    let wait = wait(&status, deadline).filter(|_| background == 0);
    let continues = match wait {
        Some(_) if again => continued(line, &session)?.saturating_add(1),
        Some(_) | None => 1,
    };
    let wait = match wait {
        Some(_) if continues > MOST_IN_A_ROW => {
            let why = "Replies continued it eight times in a row, and it takes no more: it goes on at the terminal.";
            add(&mut event, why);
            None
        }
        Some(wait) => {
            let span = time::span(wait);
            add(
                &mut event,
                &format!("Reply to this message within {span} and it goes on."),
            );
            Some(wait)
        }
        None => None,
    };
    send(input, setting, event)?;
    let Some(wait) = wait else {
        return Ok(None);
    };
    if let Some(heard) = reply(line, &session, continues, wait) {
        return Ok(heard_of(&heard));
    }
    let title = format!("{} does not wait for a reply any more", input.agent.title());
    let told = ("info_notification", title.as_str(), None);
    send(input, setting, notice::told(input, &place, told))?;
    Ok(None)
}

/// How long to wait, if at all.
fn wait(status: &ModeStatus, deadline: Instant) -> Option<Duration> {
    let wanted = Duration::from_secs(status.wait_for_reply_s?);
    let left = deadline.saturating_duration_since(Instant::now());
    let wait = Duration::from_secs(wanted.min(left.saturating_sub(LAST_WORDS)).as_secs());
    (status.mode == Mode::Nomad && !wait.is_zero()).then_some(wait)
}

fn continued(line: &SocketLine<'_>, session: &Trace) -> Result<u32, LineError> {
    let path = format!("sessions/{}/continued", session.as_str());
    let turns: TurnsContinued = line.ask("GET", &path, QUICK)?;
    Ok(turns.continued)
}

fn add(event: &mut Value, sentence: &str) {
    let text = match event["description"].as_str() {
        Some(text) => format!("{text}\n\n{sentence}"),
        None => sentence.to_owned(),
    };
    event["description"] = Value::String(text);
}

fn send(input: &HookInput, setting: &HookSetting<'_>, event: Value) -> Result<(), LineError> {
    let event = secrets(input, setting).mask_all(event);
    let _stored: Accepted = setting.line.tell("events", &event, QUICK)?;
    Ok(())
}

/// The next reply in the session, across restarts of the bridge; none if none comes in time.
fn reply(
    line: &SocketLine<'_>,
    session: &Trace,
    continues: u32,
    wait: Duration,
) -> Option<ReplyHeard> {
    let path = format!("sessions/{}/replies", session.as_str());
    let until = Instant::now() + wait;
    let mut request = ReplyWait {
        claim: Uuid::now_v7(),
        event: None,
        waiter: Waiter::Turn { continues },
        wait_s: wait.as_secs(),
    };
    loop {
        let patience = Duration::from_secs(request.wait_s).saturating_add(PATIENCE);
        match line.tell::<ReplyHeard>(&path, &request, patience) {
            Ok(heard) if heard.reply.is_some() => return Some(heard),
            // Nobody replied, or nobody is away any more. A bridge that stops says so early.
            Ok(_) if !is_away(line) => return None,
            Ok(_) => {}
            Err(error) if error.may_pass() => {}
            Err(_) => return None,
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        thread::sleep(LOOK_AGAIN.min(left));
        request.wait_s = until.saturating_duration_since(Instant::now()).as_secs();
    }
}

/// A bridge that is just restarting does not say.
fn is_away(line: &SocketLine<'_>) -> bool {
    let status = line.ask::<ModeStatus>("GET", "mode", QUICK);
    status.map_or(true, |status| status.mode == Mode::Nomad)
}

/// What continues the turn: both agents take it as words to go on with.
fn heard_of(heard: &ReplyHeard) -> Option<String> {
    let letter = heard.reply.as_ref().and_then(Letter::of)?;
    let about = match &heard.title {
        Some(title) => format!("your message “{title}”"),
        None => "a message of this session".to_owned(),
    };
    let reason = format!(
        "Somebody replied on the phone to {about}. Go on with it as with their next prompt; only the lines that begin with > are theirs.\n\n{}",
        letter.quoted()
    );
    Some(json!({ "decision": "block", "reason": reason }).to_string())
}
