//! What the agents have in common: a home that is thrown away, a bridge, a phone.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::time::Instant;

use cctelegram_testkit::Process;
use cctelegram_testkit::Setup;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::USER;
use cctelegram_testkit::emulator::Message;
use tempfile::TempDir;

pub(crate) const ONCE: &str = "Allow once";
pub(crate) const SESSION: &str = "Allow like this for the session";
pub(crate) const DENY: &str = "Deny";
pub(crate) const WHY: &str = "Deny and say why";

/// The search path of everything that runs here.
pub(crate) const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// A bridge whose owner is away from the desk.
pub(crate) fn away() -> Setup {
    Setup::of(env!("CARGO_BIN_EXE_cctelegram")).variable("CC_TELEGRAM_MODE", "nomad")
}

/// The home of an agent and the project it works in.
pub(crate) struct Home {
    pub(crate) folder: TempDir,
    pub(crate) project: PathBuf,
}

impl Home {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("cctg-agent-")
            .tempdir()
            .expect("a temporary directory");
        let project = folder.path().join("shop");
        fs::create_dir_all(project.join(".git")).expect("a project");
        Self { folder, project }
    }

    /// What the agent finds in its environment: the way to the bridge, and never its token.
    pub(crate) fn variables(&self, bridge: &TestBridge) -> Vec<(String, String)> {
        let pair = |name: &str, value: &Path| (name.to_owned(), value.display().to_string());
        vec![
            ("PATH".to_owned(), PATH.to_owned()),
            pair("HOME", self.folder.path()),
            pair("CC_TELEGRAM_HOME", &bridge.root()),
        ]
    }

    /// `cctelegram setup AGENT --yes`, as people do it once.
    pub(crate) async fn set_up(&self, agent: &str, variables: &[(String, String)]) {
        let program = env!("CARGO_BIN_EXE_cctelegram");
        let command = [program, "setup", agent, "--yes"].map(OsStr::new);
        let finished = Process::start(&command, variables).finish().await;
        assert_eq!(finished.code, Some(0), "{finished:?}");
    }

    /// Writes a file below the home.
    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).expect("a folder");
        fs::write(path, content).expect("a file to write");
    }
}

/// The program below the folder that `scripts/test-agents.sh` installs into; `parts` are the
/// folders on the way to it, where the last character `*` stands for any rest of the name.
pub(crate) fn installed(parts: &[&str]) -> String {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut path = crates.join("../../target/tools/real-agents/node_modules");
    for part in parts {
        let Some(start) = part.strip_suffix('*') else {
            path.push(part);
            continue;
        };
        let entries = fs::read_dir(&path).into_iter().flatten().flatten();
        let mut names = entries.map(|entry| entry.file_name().into_string().unwrap());
        let name = names.find(|name| name.starts_with(start));
        path.push(name.unwrap_or_else(|| (*part).to_owned()));
    }
    assert!(
        path.is_file(),
        "{} is missing: run scripts/test-agents.sh",
        path.display()
    );
    path.display().to_string()
}

/// Waits for a message with buttons that shows the text.
pub(crate) async fn request(bridge: &TestBridge, text: &str) -> Message {
    let is_it = |m: &Message| !m.keyboard.is_empty() && shown(m).contains(text);
    bridge.message(USER, text, is_it).await
}

/// Waits for the request, presses the button; gives the request and when it was pressed.
pub(crate) async fn press(bridge: &TestBridge, text: &str, label: &str) -> (Message, Instant) {
    let message = request(bridge, text).await;
    let at = Instant::now();
    bridge
        .emulator
        .press(USER, message.message_id, label)
        .expect("there is such a button");
    (message, at)
}

/// Waits until the message has lost its buttons and says this.
pub(crate) async fn ended(bridge: &TestBridge, message: &Message, text: &str) {
    let is_it = |m: &Message| {
        m.message_id == message.message_id && m.keyboard.is_empty() && shown(m).contains(text)
    };
    bridge.message(USER, text, is_it).await;
}

fn shown(message: &Message) -> &str {
    let text = message.text.as_deref().or(message.caption.as_deref());
    text.unwrap_or_default()
}
