//! `cctelegram setup`: what it does to the settings of agents, and what it leaves alone.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and says why"
)]

use std::ffi::OsStr;
use std::fs;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::fs::chown;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::path::PathBuf;

use cctelegram_testkit::Finished;
use cctelegram_testkit::Process;
use cctelegram_testkit::Setup;
use cctelegram_testkit::TestBridge;
use serde_json::Value;

const BINARY: &str = env!("CARGO_BIN_EXE_cctelegram");
const CLAUDE: [&str; 3] = ["setup", "claude-code", "--yes"];
const CODEX: [&str; 3] = ["setup", "codex", "--yes"];

/// A home directory of a person, in which nothing runs.
async fn person() -> (TestBridge, PathBuf) {
    let bridge = TestBridge::prepare(Setup::of(BINARY)).await;
    let person = bridge.root().parent().unwrap().canonicalize().unwrap();
    (bridge, person)
}

async fn done(bridge: &TestBridge, words: &[&str]) -> String {
    let finished = bridge.command(words).await;
    assert_eq!(
        (finished.code, finished.stderr.as_str()),
        (Some(0), ""),
        "{finished:?}"
    );
    finished.stdout
}

async fn refused(bridge: &TestBridge, words: &[&str]) -> String {
    let finished = bridge.command(words).await;
    assert_eq!(
        (finished.code, finished.stdout.as_str()),
        (Some(1), ""),
        "{finished:?}"
    );
    finished.stderr
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn claude_code_is_set_up_once_and_taken_out_again() {
    let (bridge, person) = person().await;
    let (settings, state) = (
        person.join(".claude/settings.json"),
        person.join(".claude.json"),
    );
    let (old_settings, old_state) = ("{\n  \"model\": \"opus\"\n}\n", "{\"numStartups\": 3}");
    write(&settings, old_settings);
    write(&state, old_state);
    fs::set_permissions(&settings, Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(&state, Permissions::from_mode(0o600)).unwrap();

    let shown = done(&bridge, &["setup", "claude-code", "--print"]).await;
    assert!(
        shown.contains(&format!("--- {}\n+++ ", settings.display())),
        "{shown}"
    );
    assert!(shown.contains("+    \"PermissionRequest\": ["), "{shown}");
    assert_eq!(
        fs::read_to_string(&settings).unwrap(),
        old_settings,
        "only shown"
    );

    let shown = done(&bridge, &CLAUDE).await;
    let written = json(&settings);
    assert_eq!(written["model"], "opus");
    let hook = &written["hooks"]["PermissionRequest"][0]["hooks"][0];
    assert_eq!(hook["command"], BINARY);
    let home = bridge.root().display().to_string();
    let words = ["--home", &home, "hook", "--wait", "590"];
    assert_eq!(hook["args"], serde_json::json!(words));
    assert_eq!(hook["timeout"], 600);
    let deny = written["permissions"]["deny"].to_string();
    for rule in ["Read", "Edit"] {
        assert!(deny.contains(&format!("{rule}(/{home}/**)")), "{deny}");
    }
    let server = &json(&state)["mcpServers"]["cctelegram"];
    assert_eq!(server["args"], serde_json::json!(["--home", home, "mcp"]));
    assert_eq!((mode(&settings), mode(&state)), (0o644, 0o600));

    let copies: Vec<&str> = shown
        .lines()
        .filter_map(|line| line.strip_prefix("The file as it was: "))
        .collect();
    let kept: Vec<String> = copies
        .iter()
        .map(|copy| fs::read_to_string(copy).unwrap())
        .collect();
    assert_eq!(kept, [old_settings, old_state]);
    assert!(copies.iter().all(|copy| mode(Path::new(copy)) == 0o600));

    let again = done(&bridge, &CLAUDE).await;
    assert_eq!(again, "There is nothing to change.\n");
    done(&bridge, &["setup", "claude-code", "--uninstall", "--yes"]).await;
    assert_eq!(
        json(&settings),
        serde_json::from_str::<Value>(old_settings).unwrap()
    );
    assert_eq!(
        json(&state),
        serde_json::from_str::<Value>(old_state).unwrap()
    );
    let again = done(&bridge, &["setup", "claude-code", "--uninstall", "--yes"]).await;
    assert_eq!(again, "There is nothing to change.\n");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_the_plugin_is_told_that_one_of_the_two_is_enough() {
    let (bridge, person) = person().await;
    let settings = person.join(".claude/settings.json");
    for (on, told) in [(true, true), (false, false)] {
        let plugins = serde_json::json!({ "enabledPlugins": { "cctelegram@cctelegram": on } });
        write(&settings, &plugins.to_string());
        let shown = bridge.command(&["setup", "claude-code", "--print"]).await;
        assert_eq!(shown.code, Some(0), "{shown:?}");
        assert_eq!(shown.stderr.contains("come twice"), told, "{shown:?}");
    }
    // A project goes by the settings of its person, unless it says something else.
    let plugins =
        |on: bool| serde_json::json!({ "enabledPlugins": { "cctelegram@cctelegram": on } });
    write(&settings, &plugins(true).to_string());
    let project = person.join("shop");
    fs::create_dir_all(&project).unwrap();
    let words = [
        "setup",
        "claude-code",
        "--print",
        "--project",
        project.to_str().unwrap(),
    ];
    let shown = bridge.command(&words).await;
    assert!(shown.stderr.contains("come twice"), "{shown:?}");
    write(
        &project.join(".claude/settings.json"),
        &plugins(false).to_string(),
    );
    let shown = bridge.command(&words).await;
    assert!(!shown.stderr.contains("come twice"), "{shown:?}");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codex_is_set_up_once_and_taken_out_again() {
    let (bridge, person) = person().await;
    let folder = person.join(".codex");
    let config = folder.join("config.toml");
    let old = "model = \"gpt-5\" # mine\n";
    write(&config, old);
    let shown = done(&bridge, &CODEX).await;
    assert!(
        shown.contains("asks once whether the hooks are to be trusted"),
        "{shown}"
    );
    let hooks = folder.join("hooks.json");
    let line = json(&hooks)["hooks"]["PermissionRequest"][0]["hooks"][0]["command"].clone();
    let wanted = format!("{BINARY} --home {} hook --wait 60", bridge.root().display());
    assert_eq!(line, wanted.as_str());
    assert_eq!(mode(&hooks), 0o600);
    let text = fs::read_to_string(&config).unwrap();
    assert!(
        text.starts_with(old) && text.contains("\n[mcp_servers.cctelegram]\n"),
        "{text}"
    );
    assert_eq!(done(&bridge, &CODEX).await, "There is nothing to change.\n");
    done(&bridge, &["setup", "codex", "--uninstall", "--yes"]).await;
    assert_eq!(fs::read_to_string(&config).unwrap(), old);
    assert!(!hooks.exists(), "it was made for us");
    bridge.finish().await;
}

/// Somebody who runs it again for another reason must not lose what makes it strict, nor leave denials behind.
#[tokio::test(flavor = "multi_thread")]
async fn security_a_second_run_loosens_nothing_and_uninstall_knows_other_homes() {
    let (bridge, person) = person().await;
    let settings = person.join(".claude/settings.json");
    let strict = [
        "setup",
        "claude-code",
        "--yes",
        "--fail-closed",
        "--wait",
        "100",
    ];
    done(&bridge, &strict).await;
    assert_eq!(
        done(&bridge, &CLAUDE).await,
        "There is nothing to change.\n"
    );

    let other = person.join("other");
    let other = other.to_str().unwrap();
    done(&bridge, &["--home", other, "setup", "claude-code", "--yes"]).await;
    let written = json(&settings);
    let hook = &written["hooks"]["PermissionRequest"][0]["hooks"][0];
    let words = ["--home", other, "hook", "--wait", "100", "--fail-closed"];
    assert_eq!(hook["args"], serde_json::json!(words));
    let deny = written["permissions"]["deny"].to_string();
    assert!(deny.contains(other), "{deny}");
    let first = format!("/{}/**", bridge.root().display());
    assert!(!deny.contains(&first), "{deny}");

    let told = done(&bridge, &["setup", "claude-code", "--uninstall", "--yes"]).await;
    assert!(told.contains("Nothing of CCTelegram is left"), "{told}");
    assert!(!settings.exists(), "it was made for us");
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_uninstall_leaves_is_told() {
    let (bridge, person) = person().await;
    let settings = person.join(".claude/settings.json");
    done(&bridge, &CLAUDE).await;
    let mut own = json(&settings);
    own["env"] = serde_json::json!({ "X": "/opt/cctelegram" });
    write(&settings, &own.to_string());
    let told = done(&bridge, &["setup", "claude-code", "--uninstall", "--yes"]).await;
    assert!(told.contains("still stands in"), "{told}");
    assert!(!told.contains("Nothing of CCTelegram"), "{told}");
    bridge.finish().await;
}

/// What an agent runs as a hook is run by a shell, as Codex does it.
#[tokio::test(flavor = "multi_thread")]
async fn the_line_for_codex_is_one_that_a_shell_runs() {
    let (bridge, person) = person().await;
    done(&bridge, &CODEX).await;
    let hooks = json(&person.join(".codex/hooks.json"));
    let line = hooks["hooks"]["SessionStart"][0]["hooks"][0]["command"].clone();
    let words = ["sh", "-c", line.as_str().unwrap()].map(OsStr::new);
    let mut hook = Process::start(&words, &bridge.variables());
    let input =
        r#"{"session_id": "a", "turn_id": "b", "cwd": "/", "hook_event_name": "SessionStart"}"#;
    hook.type_in(input).await;
    hook.close_input();
    let finished = hook.finish().await;
    assert_eq!(
        (finished.code, finished.stdout.as_str()),
        (Some(0), ""),
        "{finished:?}"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_is_set_up_for_one_person_alone() {
    let (bridge, person) = person().await;
    let project = person.join("shop");
    fs::create_dir_all(project.join(".git")).unwrap();
    let name = project.to_str().unwrap();
    done(
        &bridge,
        &["setup", "claude-code", "--yes", "--project", name],
    )
    .await;
    assert_eq!(names(&project.join(".claude")), ["settings.local.json"]);
    let server = &json(&person.join(".claude.json"))["projects"][name]["mcpServers"]["cctelegram"];
    assert_eq!(server["command"], BINARY);
    assert!(!person.join(".claude").exists());
    done(
        &bridge,
        &[
            "setup",
            "claude-code",
            "--uninstall",
            "--yes",
            "--project",
            name,
        ],
    )
    .await;
    assert!(
        !person.join(".claude.json").exists(),
        "nothing else was in it"
    );
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_that_agents_were_told_to_use_are_used() {
    let (bridge, person) = person().await;
    let (claude, codex) = (person.join("c"), person.join("x"));
    let mut variables = bridge.variables();
    for (name, folder) in [("CLAUDE_CONFIG_DIR", &claude), ("CODEX_HOME", &codex)] {
        variables.push((name.to_owned(), folder.display().to_string()));
    }
    for words in [CLAUDE, CODEX] {
        let words: Vec<&OsStr> = [BINARY].iter().chain(&words).map(OsStr::new).collect();
        let finished = Process::start(&words, &variables).finish().await;
        assert_eq!(finished.code, Some(0), "{finished:?}");
    }
    assert_eq!(names(&claude), [".claude.json", "settings.json"]);
    assert_eq!(names(&codex), ["config.toml", "hooks.json"]);
    assert!(!person.join(".claude").exists() && !person.join(".codex").exists());
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_terminal_nobody_is_asked_and_nothing_changed() {
    let (bridge, person) = person().await;
    let finished = bridge.command(&["setup", "claude-code"]).await;
    assert_eq!(finished.code, Some(1));
    assert!(finished.stderr.contains("Say --yes"), "{finished:?}");
    assert!(!person.join(".claude").exists());
    bridge.finish().await;
}

/// `script` gives a command a terminal and types what it reads itself.
async fn at_a_terminal(bridge: &TestBridge, answer: &str) -> Finished {
    let line = format!("{BINARY} setup claude-code");
    let words = [
        "script",
        "--quiet",
        "--return",
        "--command",
        &line,
        "/dev/null",
    ]
    .map(OsStr::new);
    let mut process = Process::start(&words, &bridge.variables());
    process.type_in(answer).await;
    process.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_asked_and_may_say_no() {
    let (bridge, person) = person().await;
    let no = at_a_terminal(&bridge, "n\n").await;
    assert_eq!(no.code, Some(1), "{no:?}");
    assert!(no.stdout.contains("Change these files? [y/n]"), "{no:?}");
    assert!(!person.join(".claude").exists());
    let yes = at_a_terminal(&bridge, "y\n").await;
    assert_eq!(yes.code, Some(0), "{yes:?}");
    assert!(person.join(".claude/settings.json").exists());
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn security_settings_that_are_not_what_they_seem_are_left_alone() {
    let (bridge, person) = person().await;
    let folder = person.join(".claude");
    let settings = folder.join("settings.json");
    let elsewhere = person.join("elsewhere.json");
    write(&elsewhere, "{}");
    fs::create_dir(&folder).unwrap();
    symlink(&elsewhere, &settings).unwrap();
    let told = refused(&bridge, &CLAUDE).await;
    assert!(told.contains("settings.json is a symbolic link"), "{told}");
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "{}");

    fs::remove_file(&settings).unwrap();
    fs::create_dir(&settings).unwrap();
    let told = refused(&bridge, &CLAUDE).await;
    assert!(told.contains("is not a regular file"), "{told}");

    fs::remove_dir_all(&folder).unwrap();
    fs::create_dir(person.join("real")).unwrap();
    symlink(person.join("real"), &folder).unwrap();
    let told = refused(&bridge, &CLAUDE).await;
    assert!(told.contains(".claude is a symbolic link"), "{told}");
    assert!(names(&person.join("real")).is_empty());

    fs::remove_file(&folder).unwrap();
    write(&settings, "{}");
    // Only root may give a file away; for others there is nothing to try.
    if chown(&settings, Some(12_345), None).is_ok() {
        let told = refused(&bridge, &CLAUDE).await;
        assert!(told.contains("belongs to user 12345, not to you"), "{told}");
    }
    bridge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_broken_file_keeps_the_other_from_being_changed() {
    let (bridge, person) = person().await;
    let state = person.join(".claude.json");
    write(&state, "{ broken");
    let told = refused(&bridge, &CLAUDE).await;
    assert!(told.contains(".claude.json: it is no JSON: "), "{told}");
    assert!(!person.join(".claude").exists());
    assert_eq!(
        names(&person)
            .iter()
            .filter(|name| name.contains("claude"))
            .count(),
        1
    );
    bridge.finish().await;
}
