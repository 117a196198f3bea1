//! `cctelegram send`.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use cctelegram_core::api::Accepted;
use cctelegram_core::api::AcceptedAs;
use cctelegram_core::event;
use cctelegram_core::event::Validation;
use cctelegram_crypto::Digest;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use tokio::time::Instant;
use uuid::Uuid;

use super::failure::FAILED;
use super::failure::Failure;
use super::failure::NO_BRIDGE;
use super::failure::USAGE;
use super::files;
use super::files::NamedFile;
use super::output;
use super::private_file;
use crate::client::ClientError;
use crate::client::SocketClient;
use crate::config;
use crate::config::Environment;
use crate::config::FileLimits;
use crate::config::Reach;

/// The largest event, in bytes: what the bridge takes from a file or from the socket.
const LARGEST_EVENT: usize = 1024 * 1024;
/// A bridge whose queue is full is asked again for so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Send a message.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cctelegram send 'Build finished' --type build_completed --project shop
  cctelegram send 'Disk is full' --severity critical --data '{\"free_mb\": 12}'
  cctelegram send --event event.json        a whole event, as `cctelegram schema event` describes it
  ./report | cctelegram send --event -
  cctelegram send 'Coverage' --file coverage.html --file chart.png

When no bridge is running, or it does not answer properly, the event is put into the spool and sent
as soon as one runs. An event may have 1 MiB.
Exit codes: 0 stored; 1 failed; 2 the event is wrong; 4 no bridge is running and there is no spool
that takes the event.")]
pub(super) struct SendArgs {
    /// The first line of the message
    #[arg(required_unless_present = "event", conflicts_with = "event")]
    title: Option<String>,
    /// What it reports: one of the known types, or a word of your own
    #[arg(
        long = "type",
        value_name = "TYPE",
        default_value = "info_notification",
        conflicts_with = "event"
    )]
    kind: String,
    /// The text below the title
    #[arg(long, value_name = "TEXT", conflicts_with = "event")]
    description: Option<String>,
    /// How much it matters; without it, as much as its type
    #[arg(long, value_parser = ["info", "success", "warning", "error", "critical"], conflicts_with = "event")]
    severity: Option<String>,
    /// The project it belongs to
    #[arg(long, value_name = "NAME", conflicts_with = "event")]
    project: Option<String>,
    /// The task it belongs to
    #[arg(long, value_name = "ID", conflicts_with = "event")]
    task: Option<String>,
    /// A link to more
    #[arg(long, value_name = "URL", conflicts_with = "event")]
    url: Option<String>,
    /// More details, as a JSON object
    #[arg(long, value_name = "JSON", conflicts_with = "event")]
    data: Option<String>,
    /// A whole event as JSON, from a file or from standard input (`-`)
    #[arg(long, value_name = "FILE")]
    event: Option<String>,
    /// A file to send with it; give it several times
    #[arg(long = "file", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print JSON for programs
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: SendArgs, environment: &Environment) -> Result<ExitCode, Failure> {
    let mut event = match &args.event {
        Some(source) => object(&read(source)?, "the event")?,
        None => compose(&args)?,
    };
    // With an id of its own, an event can be handed over twice and is sent once.
    if event.get("event_id").is_none_or(Value::is_null) {
        event.insert("event_id".to_owned(), json!(Uuid::now_v7().to_string()));
    }
    let message = Outbound {
        event,
        files: files::look_at(&args.files)?,
    };
    // What the bridge would refuse later, when nobody looks, is refused now.
    message.with(Vec::new())?;
    let reach = config::reach(environment)?;
    let why = match super::runtime()?.block_on(hand_over(&reach, &message)) {
        Ok(accepted) => return tell(&accepted, args.json),
        Err(Unsent::Failed(failure)) => return Err(failure),
        Err(Unsent::Client(ClientError::NoBridge(_))) => Why::NoBridge,
        Err(Unsent::Client(ClientError::Broken(_))) => Why::NoAnswer,
        Err(Unsent::Client(error)) => return Err(error.into()),
    };
    spool(&reach, &message, environment, why, args.json)
}

/// An event and the files that go with it.
struct Outbound {
    event: Map<String, Value>,
    files: Vec<NamedFile>,
}

impl Outbound {
    /// The event as it is handed over, with its files named.
    fn with(&self, files: Vec<Value>) -> Result<Vec<u8>, Failure> {
        let mut event = self.event.clone();
        files::name_in(&mut event, files)?;
        let event = serde_json::to_vec(&event).context("write the event")?;
        small_enough(&event, "the event")?;
        Ok(event)
    }
}

/// Why the bridge did not take it.
enum Unsent {
    Client(ClientError),
    Failed(Failure),
}

impl From<ClientError> for Unsent {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}

/// Hands the files and the event to the bridge; when the queue is full, waits for room.
async fn hand_over(reach: &Reach, message: &Outbound) -> Result<Accepted, Unsent> {
    let client = SocketClient::find(reach)?;
    let deadline = Instant::now() + PATIENCE;
    let named = loop {
        match files::hand_over(&client, &message.files).await {
            Err(ClientError::Refused {
                retry_after: Some(pause),
                ..
            }) if Instant::now() + pause < deadline => tokio::time::sleep(pause).await,
            answer => break answer?,
        }
    };
    let event = message.with(named).map_err(Unsent::Failed)?;
    loop {
        match client.send(event.clone()).await {
            Err(ClientError::Refused {
                retry_after: Some(pause),
                ..
            }) if Instant::now() + pause < deadline => {
                tokio::time::sleep(pause).await;
            }
            answer => return Ok(answer?),
        }
    }
}

fn tell(accepted: &Accepted, as_json: bool) -> Result<ExitCode, Failure> {
    let id = &accepted.event_id;
    if as_json {
        output::json(accepted)?;
    } else {
        match accepted.status {
            AcceptedAs::Stored if accepted.muted => {
                output::line(&format!("{id} stored; held back, the bridge is mute"));
            }
            AcceptedAs::Stored => output::line(&format!("{id} stored")),
            AcceptedAs::Duplicate => {
                output::line(&format!("{id} was stored before: nothing is sent twice"));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Why the event goes into the spool.
#[derive(Clone, Copy)]
enum Why {
    NoBridge,
    /// The bridge may have stored the event: its id keeps it from being sent twice.
    NoAnswer,
}

impl Why {
    const fn told(self) -> &'static str {
        match self {
            Self::NoBridge => "no bridge is running",
            Self::NoAnswer => "the bridge did not answer properly",
        }
    }

    const fn exit_code(self) -> u8 {
        match self {
            Self::NoBridge => NO_BRIDGE,
            Self::NoAnswer => FAILED,
        }
    }

    const fn comfort(self) -> &'static str {
        match self {
            Self::NoBridge => {
                "no bridge is running: the event is sent when one starts (`cctelegram start`)"
            }
            Self::NoAnswer => "the bridge did not answer properly; the event waits in the spool",
        }
    }
}

/// Puts the event into the spool, where the bridge finds it.
fn spool(
    reach: &Reach,
    message: &Outbound,
    environment: &Environment,
    why: Why,
    as_json: bool,
) -> Result<ExitCode, Failure> {
    let folder = reach.home.events();
    if !folder.is_dir() {
        let text = format!(
            "{}, and {} is no spool\nRun `cctelegram init`.",
            why.told(),
            folder.display()
        );
        return Err(Failure::new(why.exit_code(), text));
    }
    let (validation, limits) = config::load(environment)
        .map_or((Validation::Strict, FileLimits::default()), |config| {
            (config.intake.validation, config.files)
        });
    let copies = files::put_beside(&reach.home, &message.files, limits)?;
    let event = message.with(copies.named.clone())?;
    let event_id = match event::parse(&event, validation, Digest::of(&event)) {
        Ok(parsed) => parsed.id,
        Err(rejected) => {
            return Err(Failure::new(
                USAGE,
                format!("the event is wrong: {rejected}\nCorrect this field."),
            ));
        }
    };
    put(&folder, &event, why)?;
    copies.keep();
    if as_json {
        output::json(&json!({ "event_id": event_id, "status": "spooled" }))?;
    } else {
        output::line(&format!("{event_id} put into the spool"));
    }
    output::note(why.comfort());
    Ok(ExitCode::SUCCESS)
}

fn put(folder: &Path, event: &[u8], why: Why) -> Result<(), Failure> {
    let path = folder.join(format!("send-{}.json", Uuid::now_v7()));
    private_file::replace(&path, event).map_err(|error| {
        let text = format!(
            "{}, and the spool does not take {}: {error}\nIs there room on the disk, and is the folder yours?",
            why.told(),
            path.display()
        );
        Failure::new(why.exit_code(), text)
    })
}

fn compose(args: &SendArgs) -> Result<Map<String, Value>, Failure> {
    let mut data = args
        .data
        .as_ref()
        .map_or(Ok(Map::new()), |text| object(text.as_bytes(), "--data"))?;
    let mut event = Map::from_iter([("type".to_owned(), json!(args.kind))]);
    let add = |map: &mut Map<String, Value>, name: &str, value: &Option<String>| {
        if let Some(value) = value {
            map.insert(name.to_owned(), json!(value));
        }
    };
    add(&mut event, "title", &args.title);
    add(&mut event, "description", &args.description);
    add(&mut event, "project", &args.project);
    add(&mut event, "task_id", &args.task);
    add(&mut data, "severity", &args.severity);
    add(&mut data, "url", &args.url);
    if !data.is_empty() {
        event.insert("data".to_owned(), Value::Object(data));
    }
    Ok(event)
}

fn read(source: &str) -> Result<Vec<u8>, Failure> {
    let read = match source {
        "-" => beginning(std::io::stdin().lock()),
        path => File::open(path).and_then(beginning),
    };
    let event = read.map_err(|error| {
        Failure::new(
            USAGE,
            format!("{source} cannot be read: {error}\nName a file, or - for the input."),
        )
    })?;
    let what = if source == "-" { "the input" } else { source };
    small_enough(&event, what)?;
    Ok(event)
}

/// One byte more than is allowed tells that there is more; an endless file has no end to wait for.
fn beginning(from: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(LARGEST_EVENT as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn small_enough(event: &[u8], what: &str) -> Result<(), Failure> {
    if event.len() <= LARGEST_EVENT {
        return Ok(());
    }
    let text = format!(
        "{what} is larger than {} KiB\nPut the long part into a file and send its path.",
        LARGEST_EVENT / 1024
    );
    Err(Failure::new(USAGE, text))
}

fn object(json: &[u8], what: &str) -> Result<Map<String, Value>, Failure> {
    serde_json::from_slice(json).map_err(|error| {
        Failure::new(USAGE, format!("{what} is no JSON object: {error}\n`cctelegram schema event` tells what one looks like."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> SendArgs {
        SendArgs {
            title: Some("Done".to_owned()),
            kind: "task_completion".to_owned(),
            description: None,
            severity: Some("error".to_owned()),
            project: Some("shop".to_owned()),
            task: None,
            url: None,
            data: Some(r#"{"n": 1}"#.to_owned()),
            event: None,
            files: Vec::new(),
            json: false,
        }
    }

    #[test]
    fn options_become_an_event() {
        let event = Value::Object(compose(&args()).unwrap());
        let data = json!({ "n": 1, "severity": "error" });
        assert_eq!(
            event,
            json!({ "type": "task_completion", "title": "Done", "project": "shop", "data": data })
        );
        assert!(
            compose(&SendArgs {
                data: Some("[]".to_owned()),
                ..args()
            })
            .is_err()
        );
    }

    #[test]
    fn without_a_bridge_the_event_waits_in_the_spool() {
        let folder = tempfile::tempdir().unwrap();
        let mut environment = Environment::default();
        environment.set("CC_TELEGRAM_HOME", folder.path().to_str().unwrap());
        environment.set(
            "CC_TELEGRAM_SOCKET",
            folder.path().join("none.sock").to_str().unwrap(),
        );
        let nowhere = run(args(), &environment).unwrap_err();
        assert_eq!(nowhere.exit_code(), ExitCode::from(NO_BRIDGE));
        let events = folder.path().join("events");
        std::fs::create_dir(&events).unwrap();
        run(args(), &environment).unwrap();
        let file = std::fs::read_dir(&events).unwrap().next().unwrap().unwrap();
        assert!(file.file_name().to_string_lossy().ends_with(".json"));
        let event: Value = serde_json::from_slice(&std::fs::read(file.path()).unwrap()).unwrap();
        assert!(event["title"] == "Done" && event["event_id"].is_string());
        let untitled = SendArgs {
            title: Some(" ".to_owned()),
            ..args()
        };
        assert_eq!(
            run(untitled, &environment).unwrap_err().exit_code(),
            ExitCode::from(USAGE)
        );
        assert_eq!(std::fs::read_dir(&events).unwrap().count(), 1);
    }
}
