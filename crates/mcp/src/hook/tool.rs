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
        let resolve = |path: &str| resolved(path, &place.folder, person);
        let mut plain = ToolUse::new(agent, &self.tool).within(place.project.clone());
        let mut paths: Vec<String> = self.named_files().iter().flat_map(|p| resolve(p)).collect();
        if let Some(command) = self.command() {
            plain = plain.running(command);
            paths = plain.written_files().flat_map(resolve).collect();
        }
        plain.touching(paths)
    }

    /// The shell command, for a tool that runs one.
    #[must_use]
    pub fn command(&self) -> Option<&str> {
        let runs = self.tool != PATCH && !self.is_of_server();
        self.text("command").filter(|_| runs)
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
        if self.is_of_server() {
            return Vec::new();
        }
        let named = ["file_path", "notebook_path", "path"];
        let mut files: Vec<String> = named
            .iter()
            .filter_map(|name| self.text(name))
            .map(str::to_owned)
            .collect();
        if self.tool == "Glob"
            && let Some(pattern) = self.text("pattern")
        {
            let below = files.first().map_or("", String::as_str);
            let whole = Path::new(below).join(pattern);
            files.extend(whole.to_str().map(str::to_owned));
        }
        files
    }
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
    let path = match (path.strip_prefix("~/"), person) {
        (Some(rest), Some(person)) => person.join(rest),
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

/// What is there is followed; what is not is put behind it.
fn followed(path: &Path) -> PathBuf {
    let mut rest: Vec<OsString> = Vec::new();
    let mut there = path;
    loop {
        if let Ok(real) = there.canonicalize() {
            let whole = rest.iter().rev().fold(real, |path, part| path.join(part));
            return flat(&whole);
        }
        let last = there.components().next_back();
        let (Some(last), Some(above)) = (last, there.parent()) else {
            return flat(path);
        };
        rest.push(last.as_os_str().to_owned());
        there = above;
    }
}

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
