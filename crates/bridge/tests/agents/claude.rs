//! Claude Code as people run it, with a throw-away home, set up by `cctelegram setup`, and a scripted model.

use std::ffi::OsStr;

use cctelegram_testkit::Finished;
use cctelegram_testkit::Process;
use cctelegram_testkit::TestBridge;
use cctelegram_testkit::WAIT;
use serde_json::Value;
use serde_json::json;

use crate::agent;
use crate::agent::Home;
use crate::model::Model;
use crate::terminal::Terminal;

pub(crate) struct Claude {
    pub(crate) home: Home,
    variables: Vec<(String, String)>,
}

/// A run without a terminal.
pub(crate) struct Run(Process);

/// What a run came to.
pub(crate) struct Outcome {
    pub(crate) finished: Finished,
}

impl Claude {
    /// Beside this bridge, with this model.
    pub(crate) async fn beside(bridge: &TestBridge, model: &Model) -> Self {
        let home = Home::new();
        // Made up, and of the shape that Claude Code remembers the end of.
        let key = "k".repeat(40);
        let mut variables = home.variables(bridge);
        let pairs = [
            ("ANTHROPIC_BASE_URL", model.url()),
            ("ANTHROPIC_API_KEY", key.clone()),
            ("DISABLE_TELEMETRY", "1".to_owned()),
            ("DISABLE_AUTOUPDATER", "1".to_owned()),
            ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1".to_owned()),
        ];
        variables.extend(pairs.map(|(name, value)| (name.to_owned(), value)));
        // What somebody would have answered at the first start.
        let known = json!({
            "hasCompletedOnboarding": true,
            "theme": "dark",
            "customApiKeyResponses": { "approved": [key.get(20..)], "rejected": [] },
            "projects": { home.project.display().to_string(): { "hasTrustDialogAccepted": true } },
        });
        home.write(".claude.json", &known.to_string());
        home.set_up("claude-code", &variables).await;
        Self { home, variables }
    }

    /// `claude -p go`, and its messages as lines of JSON.
    pub(crate) fn headless(&self, more: &[&str]) -> Run {
        let claude = program();
        let folder = self.home.project.display().to_string();
        let words = [
            "env",
            "-C",
            &folder,
            &claude,
            "-p",
            "go",
            "--output-format",
            "stream-json",
            "--verbose",
        ];
        let command: Vec<&OsStr> = words.iter().chain(more).map(OsStr::new).collect();
        let mut process = Process::start(&command, &self.variables);
        process.close_input();
        Run(process)
    }

    /// `claude go` in a terminal, in `default`, the mode that asks, or in another.
    pub(crate) fn interactive(&self, mode: &str) -> Terminal {
        let claude = program();
        let command = [claude.as_str(), "--permission-mode", mode, "go"];
        let place = self.home.folder.path();
        Terminal::start(place, &self.home.project, &command, &self.variables)
    }
}

impl Run {
    /// Kills it without any warning.
    pub(crate) async fn kill(self) {
        self.0.kill().await;
    }

    /// Waits for its end.
    pub(crate) async fn finish(self) -> Outcome {
        let finished = tokio::time::timeout(WAIT, self.0.finish()).await;
        let finished = finished.unwrap();
        assert_eq!(finished.code, Some(0), "{finished:?}");
        Outcome { finished }
    }
}

impl Outcome {
    /// The last thing that the agent said.
    pub(crate) fn said(&self) -> String {
        let lines = self.finished.stdout.lines().rev();
        let mut values = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let result = values.find(|value| value["type"] == "result");
        let result = result.and_then(|value| value["result"].as_str().map(str::to_owned));
        result.unwrap_or_else(|| panic!("there is no result: {:?}", self.finished))
    }
}

fn program() -> String {
    agent::installed(&["@anthropic-ai", "claude-code-*", "claude"])
}
