//! `cctelegram ask`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use cctelegram_core::api::ApprovalStatus;
use cctelegram_core::api::AskRequest;
use cctelegram_core::api::Asked;
use cctelegram_core::approval::AnswerForm;
use cctelegram_core::approval::GivenAnswer;
use cctelegram_core::approval::State;
use cctelegram_core::id::ApprovalId;
use cctelegram_core::time::parse_span;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use tokio::time::Instant;
use uuid::Uuid;

use super::failure::Failure;
use super::failure::INTERRUPTED;
use super::failure::NOBODY;
use super::failure::OTHER;
use super::failure::USAGE;
use super::files;
use super::files::NamedFile;
use super::output;
use crate::client::ClientError;
use crate::client::SocketClient;
use crate::config;
use crate::config::Environment;
use crate::config::Reach;
use crate::signals::Shutdown;

/// A bridge that went away is looked for again after this span.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// The bridge counts the lifetime from when it stored the request; it has this long to say that the time is up.
const GRACE: Duration = Duration::from_secs(2);
/// A question whose storing broke off is asked again so often.
const TRIES: u32 = 5;

/// Ask for a decision and wait for it. The answer is printed.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cctelegram ask 'May I deploy?'
  cctelegram ask 'Deploy?' --option Deploy --option Hold --wait 10m && ./deploy
  cctelegram ask 'May I run this?' --command 'rm -rf build/'
  cctelegram ask 'Apply this?' --file change.diff

Ctrl-C withdraws the question. When the bridge restarts, the waiting goes on.
Exit codes: 0 the first option; 10 another one; 3 nobody decided in time; 4 no bridge is running;
2 wrong usage; 1 failed; 130 interrupted. Only 0 is a yes.")]
pub(super) struct AskArgs {
    /// The question
    question: String,
    /// A choice; give it several times. Without any: Approve and Deny
    #[arg(long = "option", value_name = "LABEL")]
    options: Vec<String>,
    /// How long to wait: 90s, 10m, 2h. Without it, until somebody decides
    #[arg(long, value_name = "SPAN")]
    wait: Option<String>,
    /// The text below the question
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// The command that is asked about, shown exactly
    #[arg(long, value_name = "TEXT")]
    command: Option<String>,
    /// A file to show before the question; give it several times
    #[arg(long = "file", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The project it belongs to
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// Print JSON for programs
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: AskArgs, environment: &Environment) -> Result<ExitCode, Failure> {
    let wait = args.wait.as_deref().map(parse_span).transpose();
    let wait = wait.map_err(|error| Failure::new(USAGE, error.to_string()))?;
    let question = Question {
        event: event(&args),
        files: files::look_at(&args.files)?,
        lifetime_s: wait.map(|wait| wait.as_secs()),
    };
    let reach = config::reach(environment)?;
    let answer = super::runtime()?.block_on(ask(&reach, &question, wait))?;
    match answer {
        WaitResult::Status(status) => conclude(&status, args.json),
        WaitResult::Interrupted(text) => Err(Failure::new(INTERRUPTED, text)),
    }
}

/// What is asked, and the files that belong to it.
struct Question {
    event: Map<String, Value>,
    files: Vec<NamedFile>,
    lifetime_s: Option<u64>,
}

impl Question {
    /// The bridge forgets files at a restart, so every try hands them over anew.
    async fn pose(&self, client: &SocketClient) -> Result<Asked, ClientError> {
        let mut event = self.event.clone();
        let named = files::hand_over(client, &self.files).await?;
        files::name_in(&mut event, named)
            .map_err(|error| ClientError::Broken(error.to_string()))?;
        let request = AskRequest {
            event: Value::Object(event),
            lifetime_s: self.lifetime_s,
            digest: None,
            delay_s: None,
            form: AnswerForm::default(),
            attended: false,
            remind_s: None,
        };
        client.ask(&request).await
    }
}

enum WaitResult {
    Status(Box<ApprovalStatus>),
    /// Somebody at the terminal wants to wait no longer.
    Interrupted(String),
}

async fn ask(
    reach: &Reach,
    question: &Question,
    wait: Option<Duration>,
) -> Result<WaitResult, Failure> {
    let interrupt = Shutdown::listen()?;
    let asked = pose(reach, question).await?;
    if asked.muted {
        output::note("the bridge is mute: the question is held back until it is not. Waiting.");
    }
    let deadline = wait.map(|wait| Instant::now() + wait + GRACE);
    tokio::select! {
        status = decision(reach, asked.approval_id, deadline) => status.map(|status| WaitResult::Status(Box::new(status))),
        () = interrupt.wait() => Ok(WaitResult::Interrupted(withdraw(reach, asked.approval_id).await)),
    }
}

/// Asks. A question that may or may not have been stored is asked again: its event id makes it the same one.
async fn pose(reach: &Reach, question: &Question) -> Result<Asked, Failure> {
    let mut tries = 1;
    loop {
        let asked = match SocketClient::find(reach) {
            Ok(client) => question.pose(&client).await,
            Err(error) => Err(error),
        };
        match asked {
            Ok(asked) => return Ok(asked),
            Err(ClientError::Broken(_)) if tries < TRIES => tokio::time::sleep(LOOK_AGAIN).await,
            Err(ClientError::Refused {
                retry_after: Some(pause),
                ..
            }) if tries < TRIES => {
                tokio::time::sleep(pause).await;
            }
            // It went away between two tries.
            Err(ClientError::NoBridge(_)) if tries > 1 && tries < TRIES => {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            Err(error) => return Err(error.into()),
        }
        tries += 1;
    }
}

/// Waits for the end of the request, across restarts of the bridge.
async fn decision(
    reach: &Reach,
    id: ApprovalId,
    deadline: Option<Instant>,
) -> Result<ApprovalStatus, Failure> {
    let mut missing = false;
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            // A decision in the last moment still counts: the withdrawal tells of it.
            return Ok(SocketClient::find(reach)?.withdraw(id).await?);
        }
        let answer = match SocketClient::find(reach) {
            // Rounded up: asking again at once in the last second would be a busy loop.
            Ok(client) => {
                client
                    .approval(
                        id,
                        left.map_or(u64::MAX, |left| left.as_secs().saturating_add(1)),
                    )
                    .await
            }
            Err(error) => Err(error),
        };
        match answer {
            Ok(status) if status.state != State::Pending => return Ok(status),
            Ok(_) => missing = false,
            Err(error) if may_pass(&error) => {
                if !missing {
                    output::note("the bridge does not answer; waiting for it to come back");
                }
                missing = true;
                tokio::time::sleep(LOOK_AGAIN.min(left.unwrap_or(LOOK_AGAIN))).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn may_pass(error: &ClientError) -> bool {
    match error {
        ClientError::NoBridge(_) | ClientError::Broken(_) => true,
        ClientError::Refused {
            problem,
            retry_after,
        } => retry_after.is_some() || problem.code == "internal",
        ClientError::Stranger { .. } | ClientError::Unreadable(_) => false,
    }
}

/// Takes the question back, and tells what became of it.
async fn withdraw(reach: &Reach, id: ApprovalId) -> String {
    let status = match SocketClient::find(reach) {
        Ok(client) => client.withdraw(id).await,
        Err(error) => Err(error),
    };
    match status {
        Ok(ApprovalStatus {
            option: Some(option),
            ..
        }) => format!("interrupted; it had been answered: {option}"),
        Ok(_) => "interrupted; the question is withdrawn".to_owned(),
        Err(error) => format!("interrupted; the question could not be withdrawn: {error}"),
    }
}

fn conclude(status: &ApprovalStatus, as_json: bool) -> Result<ExitCode, Failure> {
    if as_json {
        output::json(status)?;
    }
    let nobody = |why: &str| {
        output::note(&format!("nobody decided: {why}"));
        Ok(ExitCode::from(NOBODY))
    };
    match &status.state {
        State::Decided(decision) => {
            if !as_json {
                output::line(status.option.as_deref().unwrap_or_default());
            }
            Ok(if decision.answer == GivenAnswer::Choice(0) {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(OTHER)
            })
        }
        State::Pending => nobody("the request is still open"),
        State::Expired { .. } => nobody("the time is up"),
        State::Withdrawn { .. } => nobody("the request was withdrawn"),
        State::Locally { .. } => nobody("it was answered in the terminal"),
        State::Undeliverable { .. } => nobody("the request could not be delivered to anybody"),
    }
}

fn event(args: &AskArgs) -> Map<String, Value> {
    let text = |name: &str, value: &Option<String>| {
        value.as_ref().map(|value| (name.to_owned(), json!(value)))
    };
    let mut data = Map::new();
    data.extend(text("command", &args.command));
    data.extend((!args.options.is_empty()).then(|| ("options".to_owned(), json!(args.options))));
    let mut event = Map::new();
    event.insert("type".to_owned(), json!("approval_request"));
    event.insert("event_id".to_owned(), json!(Uuid::now_v7().to_string()));
    event.insert("title".to_owned(), json!(args.question));
    event.extend(text("description", &args.description));
    event.extend(text("project", &args.project));
    if !data.is_empty() {
        event.insert("data".to_owned(), Value::Object(data));
    }
    event
}

#[cfg(test)]
mod tests {
    use cctelegram_core::approval::Decision;
    use cctelegram_core::approval::Person;
    use cctelegram_core::event;
    use cctelegram_core::event::Validation;
    use cctelegram_core::id::UserId;
    use cctelegram_core::time::Timestamp;
    use cctelegram_crypto::Digest;

    use super::*;

    fn status(state: State) -> ApprovalStatus {
        ApprovalStatus {
            approval_id: ApprovalId(Uuid::nil()),
            event_id: "deploy".parse().unwrap(),
            digest: String::new(),
            options: vec!["Deploy".to_owned(), "Hold".to_owned()],
            expires: None,
            state,
            response: None,
            option: None,
        }
    }

    #[test]
    fn security_only_the_first_option_is_a_yes() {
        let at = Timestamp::from_millis(0);
        let by = Person {
            id: UserId(7),
            username: None,
            first_name: "Alice".to_owned(),
        };
        let decided = |choice| {
            State::Decided(Decision {
                answer: GivenAnswer::Choice(choice),
                by: by.clone(),
                at,
            })
        };
        let cases = [
            (decided(0), 0),
            (decided(1), OTHER),
            (State::Expired { at }, NOBODY),
            (State::Withdrawn { at }, NOBODY),
            (State::Locally { at }, NOBODY),
            (State::Undeliverable { at }, NOBODY),
            (State::Pending, NOBODY),
        ];
        for (state, code) in cases {
            assert_eq!(
                conclude(&status(state.clone()), false).unwrap(),
                ExitCode::from(code),
                "{state:?}"
            );
        }
    }

    #[test]
    fn a_question_is_an_event_that_asks() {
        let args = AskArgs {
            question: "Deploy?".to_owned(),
            options: vec!["Deploy".to_owned(), "Hold".to_owned()],
            wait: None,
            description: Some("v2".to_owned()),
            command: Some("./deploy".to_owned()),
            files: Vec::new(),
            project: None,
            json: false,
        };
        let bytes = serde_json::to_vec(&event(&args)).unwrap();
        let event = event::parse(&bytes, Validation::Strict, Digest::of(b"")).unwrap();
        assert!(event.asks());
        assert_eq!(
            (event.options, event.data["command"].as_str()),
            (args.options, Some("./deploy"))
        );
    }
}
