//! A whole bridge under test.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use cctelegram_emulator::Emulator;
use cctelegram_emulator::Message;
use cctelegram_emulator::Options;
use cctelegram_emulator::User;
use serde_json::Value;
use tempfile::TempDir;

use crate::database::Database;
use crate::invariants;
use crate::process::Finished;
use crate::process::Process;
use crate::setup::Setup;
use crate::socket::ApiSocket;
use crate::token::bot_token;

/// No condition of a test takes this long unless something is wrong.
pub const WAIT: Duration = Duration::from_secs(30);
/// Conditions that nobody announces are looked at this often.
const LOOK: Duration = Duration::from_millis(5);

/// A bridge process, its home and its Telegram. End it with `finish`, which checks the invariants.
pub struct TestBridge {
    pub emulator: Emulator,
    pub socket: ApiSocket,
    setup: Setup,
    token: String,
    home: TempDir,
    process: Option<Process>,
}

impl TestBridge {
    /// Everything but the process.
    pub async fn prepare(setup: Setup) -> Self {
        let token = bot_token(7_000_001);
        let options = Options {
            token: token.clone(),
            limits: setup.limits,
            ..Options::default()
        };
        let emulator = Emulator::start(options).await.expect("the emulator starts");
        for user in &setup.users {
            let username = Some(format!("user{user}"));
            emulator.add_user(User {
                id: *user,
                first_name: format!("User {user}"),
                username,
            });
            emulator.open_chat(*user);
        }
        let home = tempfile::Builder::new()
            .prefix("cctg-")
            .tempdir()
            .expect("a temporary directory");
        let root = home.path().join("home");
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&root)
            .expect("a home");
        write(&root.join("config.toml"), setup.config_file().as_bytes());
        let socket = ApiSocket::at(&root.join("bridge.sock"));
        Self {
            emulator,
            socket,
            setup,
            token,
            home,
            process: None,
        }
    }

    /// A bridge that is ready.
    pub async fn start(setup: Setup) -> Self {
        let mut bridge = Self::prepare(setup).await;
        bridge.launch().await;
        bridge
    }

    /// Starts the process and waits until it answers at its socket.
    pub async fn launch(&mut self) {
        self.process = Some(self.spawn(&["start"]));
        let socket = self.socket.clone();
        until("the bridge answers", async || {
            let process = self.process.as_mut().expect("started above");
            if process.has_ended() {
                let finished = self.process.take().expect("started above").finish().await;
                panic!("the bridge ended at once: {finished:?}");
            }
            socket
                .request(reqwest::Method::GET, "/v1/status", None)
                .await
                .ok()
                .map(drop)
        })
        .await;
    }

    /// Runs a command of the binary to its end, in the bridge's environment.
    pub async fn command(&self, arguments: &[&str]) -> Finished {
        self.spawn(arguments).finish().await
    }

    /// Starts a command of the binary in the bridge's environment.
    #[must_use]
    pub fn spawn(&self, arguments: &[&str]) -> Process {
        let wrapper = self.setup.wrapper.iter().map(OsStr::new);
        let arguments = arguments.iter().map(OsStr::new);
        let command: Vec<&OsStr> = wrapper
            .chain([self.setup.binary.as_os_str()])
            .chain(arguments)
            .collect();
        Process::start(&command, &self.variables())
    }

    /// The environment of the bridge; a later value of the same name wins.
    #[must_use]
    pub fn variables(&self) -> Vec<(String, String)> {
        let users = self
            .setup
            .users
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(",");
        let home = self.home.path().display().to_string();
        let mut variables = vec![
            ("HOME".to_owned(), home.clone()),
            ("XDG_RUNTIME_DIR".to_owned(), home),
            (
                "CC_TELEGRAM_HOME".to_owned(),
                self.root().display().to_string(),
            ),
            (
                "CC_TELEGRAM_KEY_FILE".to_owned(),
                self.key_file().display().to_string(),
            ),
            ("TELEGRAM_BOT_TOKEN".to_owned(), self.token.clone()),
            ("TELEGRAM_ALLOWED_USERS".to_owned(), users),
            ("TELEGRAM_API_URL".to_owned(), self.emulator.url()),
            ("HEALTH_PORT".to_owned(), "0".to_owned()),
        ];
        variables.extend(self.setup.variables.iter().cloned());
        variables
    }

    #[must_use]
    pub fn root(&self) -> PathBuf {
        self.home.path().join("home")
    }

    /// The key file, apart from the home.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        self.home.path().join("keys").join("key")
    }

    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    #[must_use]
    pub fn events(&self) -> PathBuf {
        self.root().join("events")
    }

    #[must_use]
    pub fn responses(&self) -> PathBuf {
        self.root().join("responses")
    }

    /// The process, while it runs.
    #[must_use]
    pub fn process(&self) -> &Process {
        self.process.as_ref().expect("the bridge runs")
    }

    /// Drops an event file as producers do: written beside, then renamed.
    pub fn drop_event(&self, name: &str, event: &Value) {
        let draft = self.events().join(format!(".{name}.draft"));
        write(&draft, event.to_string().as_bytes());
        fs::rename(draft, self.events().join(format!("{name}.json")))
            .expect("the file can be renamed");
    }

    /// Waits for a message to the user that is as described.
    pub async fn message(
        &self,
        user: i64,
        what: &str,
        is_it: impl Fn(&Message) -> bool,
    ) -> Message {
        let found = self
            .emulator
            .wait_until(|phone| phone.messages(user).into_iter().find(&is_it), WAIT)
            .await;
        found.unwrap_or_else(|| {
            let shown: Vec<_> = self
                .emulator
                .messages(user)
                .into_iter()
                .map(|m| (m.message_id, m.text, m.caption))
                .collect();
            panic!(
                "no message to {user}: {what}\nthere are: {shown:#?}\nlog: {}",
                self.log_tail()
            )
        })
    }

    /// Waits for a message to the user that contains the text.
    pub async fn message_with(&self, user: i64, text: &str) -> Message {
        let contains = |m: &Message| {
            m.text
                .as_deref()
                .or(m.caption.as_deref())
                .is_some_and(|shown| shown.contains(text))
        };
        self.message(user, text, contains).await
    }

    /// Waits for an answer file and reads it.
    pub async fn response(&self, name: &str) -> Value {
        let path = self.responses().join(name);
        let bytes = until(&format!("the answer file {name}"), async || {
            fs::read(&path).ok()
        })
        .await;
        serde_json::from_slice(&bytes).expect("an answer file is JSON")
    }

    /// The bridge's own account of itself.
    pub async fn status(&self) -> Value {
        self.socket.get("/v1/status").await.body
    }

    /// Waits until the status is as described.
    pub async fn status_when(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        until(what, async || Some(self.status().await).filter(&is_it)).await
    }

    /// Waits until nothing is left to deliver.
    pub async fn idle(&self) {
        self.status_when("everything is delivered", |status| status["waiting"] == 0)
            .await;
    }

    pub async fn database(&self) -> Database {
        Database::open(&self.root().join("cctelegram.db")).await
    }

    /// The names of all audit records so far.
    pub async fn audited(&self) -> Vec<String> {
        let records = self.database().await.audit().await;
        records
            .iter()
            .filter_map(|record| record["event"].as_str().map(str::to_owned))
            .collect()
    }

    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.root().join("bridge.log")).unwrap_or_default()
    }

    pub(crate) fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines
            .iter()
            .skip(lines.len().saturating_sub(15))
            .copied()
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// Kills the process without warning; `launch` starts the next one.
    pub async fn kill(&mut self) {
        self.process.take().expect("the bridge runs").kill().await;
    }

    /// Stops the process as a service manager would.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.process
            .take()
            .expect("the bridge runs")
            .terminate()
            .await
    }

    /// Stops whatever runs and checks what has to hold after every test.
    pub async fn finish(mut self) {
        if self.process.is_some() {
            let status = self.terminate().await;
            assert!(
                status.success(),
                "the bridge did not end cleanly: {status}\n{}",
                self.log_tail()
            );
        }
        self.emulator.stop().await;
        invariants::check(&self.root(), &self.token).await;
        invariants::check_sealed(&self.root()).await;
    }
}

/// Waits until there is an answer, looking again and again.
pub async fn until<T>(what: &str, mut is_there: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + WAIT;
    loop {
        if let Some(found) = is_there().await {
            return found;
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "waited in vain until {what}"
        );
        tokio::time::sleep(LOOK).await;
    }
}

fn write(path: &Path, bytes: &[u8]) {
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .expect("a file to write");
    file.write_all(bytes).expect("room on the disk");
}
