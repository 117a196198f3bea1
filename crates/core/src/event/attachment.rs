//! Files that travel with an event: what an event asks for, and what was stored of it.

use std::path::Path;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use uuid::Uuid;

use super::Event;
use super::parse::Rejected;
use super::parse::found;
use super::raw::RawAttachment;
use crate::file::FileKind;
use crate::file::FileName;
use crate::id::AttachmentId;

/// The field of `data` that names files.
pub(super) const ATTACHMENTS: &str = "attachments";

/// So many files may travel with one event.
pub const MOST_FILES: usize = 10;

/// A stored file. Size and digest are those of the file as it came, before anything in it was masked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Attachment {
    pub id: AttachmentId,
    pub name: FileName,
    pub kind: FileKind,
    pub size: u64,
    /// SHA-256, in lower-case hexadecimal.
    pub sha256: String,
    /// Secrets were masked in what is sent.
    #[serde(default)]
    pub masked: bool,
}

/// A file that an event asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// A file below the folder of attachments; the path is relative and has no part that begins with a dot.
    File { path: String, name: Option<String> },
    /// A file that was handed over before.
    Upload {
        id: AttachmentId,
        name: Option<String>,
    },
}

impl Attachment {
    /// What a digest of the event covers: which file it is, not where it is stored.
    pub(super) fn identity(&self) -> Value {
        json!({ "name": self.name, "size": self.size, "sha256": self.sha256 })
    }
}

impl Wanted {
    /// What a file of the folder is called on the phone.
    #[must_use]
    pub fn file_name(path: &str, name: Option<&str>) -> FileName {
        name.map_or_else(
            || FileName::clean(path),
            |name| FileName::chosen(name, path),
        )
    }
}

impl Event {
    /// The files that the event asks for.
    pub fn wanted(&self) -> Result<Vec<Wanted>, Rejected> {
        wanted(&self.data)
    }

    /// The event with the files that it asked for.
    #[must_use]
    pub fn with_files(mut self, files: Vec<Attachment>) -> Self {
        self.data.remove(ATTACHMENTS);
        self.attachments = files;
        self
    }
}

/// Reads `data.attachments`.
pub(super) fn wanted(data: &Map<String, Value>) -> Result<Vec<Wanted>, Rejected> {
    let list = match data.get(ATTACHMENTS) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(other) => {
            let reason = format!("expected a list, found {}", found(other));
            return Err(Rejected::new(FIELD, reason));
        }
    };
    if list.len() > MOST_FILES {
        let reason = format!("{} files, the limit is {MOST_FILES}", list.len());
        return Err(Rejected::new(FIELD, reason));
    }
    let mut files = Vec::with_capacity(list.len());
    for (index, item) in list.iter().enumerate() {
        let file = one(item);
        let file = file.map_err(|reason| Rejected::new(format!("{FIELD}[{index}]"), reason))?;
        if files.iter().any(|other| same(other, &file)) {
            return Err(Rejected::new(format!("{FIELD}[{index}]"), "is there twice"));
        }
        files.push(file);
    }
    Ok(files)
}

fn one(item: &Value) -> Result<Wanted, String> {
    let raw = RawAttachment::deserialize(item).map_err(|_| {
        "expected the path of a file, or an object with `file` or `id` and maybe `name`".to_owned()
    })?;
    match raw {
        RawAttachment::Path(path) => file(path.0, None),
        RawAttachment::File { file: path, name } => file(path.0, name),
        RawAttachment::Upload { id, name } => {
            let id = Uuid::parse_str(&id).map_err(|_| "is not the id of a file".to_owned())?;
            let id = AttachmentId(id);
            Ok(Wanted::Upload { id, name })
        }
    }
}

fn file(path: String, name: Option<String>) -> Result<Wanted, String> {
    let hidden = |part: &str| part.is_empty() || part.starts_with('.');
    if path.split('/').any(hidden) || path.contains(['\\', '\0']) || Path::new(&path).is_absolute()
    {
        Err(
            "expected a path below the folder `attachments`, no part of which begins with a dot"
                .to_owned(),
        )
    } else if path.chars().count() > LONGEST_PATH {
        Err(format!("is longer than {LONGEST_PATH} characters"))
    } else {
        Ok(Wanted::File { path, name })
    }
}

fn same(one: &Wanted, other: &Wanted) -> bool {
    match (one, other) {
        (Wanted::File { path: a, .. }, Wanted::File { path: b, .. }) => a == b,
        (Wanted::Upload { id: a, .. }, Wanted::Upload { id: b, .. }) => a == b,
        (Wanted::File { .. }, Wanted::Upload { .. })
        | (Wanted::Upload { .. }, Wanted::File { .. }) => false,
    }
}

const FIELD: &str = "data.attachments";
/// In characters.
const LONGEST_PATH: usize = 255;

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn read(attachments: Value) -> Result<Vec<Wanted>, String> {
        let event = sample("custom_event", "A", json!({ "attachments": attachments }));
        event.wanted().map_err(|rejected| rejected.to_string())
    }

    #[test]
    fn files_are_named_by_path_or_by_id() {
        let id = "0199e2c4-0000-7000-8000-000000000001";
        let wanted = read(json!([
            "report.html",
            {"file": "charts/x.png", "name": "Chart"},
            {"id": id, "name": "b.txt"},
        ]));
        let expected = vec![
            Wanted::File {
                path: "report.html".to_owned(),
                name: None,
            },
            Wanted::File {
                path: "charts/x.png".to_owned(),
                name: Some("Chart".to_owned()),
            },
            Wanted::Upload {
                id: AttachmentId(id.parse().unwrap()),
                name: Some("b.txt".to_owned()),
            },
        ];
        assert_eq!(wanted, Ok(expected));
        assert_eq!(read(json!([])), Ok(Vec::new()));
        assert_eq!(read(Value::Null), Ok(Vec::new()));
    }

    #[test]
    fn security_a_path_never_leads_out() {
        for path in [
            "../x",
            "a/../../x",
            "/etc/passwd",
            "..",
            ".",
            "",
            "a//b",
            "a/",
            ".hidden",
            "a/.b",
            "a\\..\\b",
            "a\0b",
        ] {
            for item in [json!(path), json!({ "file": path })] {
                let refused = read(json!([item])).unwrap_err();
                assert!(
                    refused.starts_with("data.attachments[0]: "),
                    "{path:?} {refused}"
                );
            }
        }
    }

    #[test]
    fn what_names_no_file_is_told() {
        let eleven: Vec<String> = (0..11).map(|number| format!("{number}.txt")).collect();
        for (list, told) in [
            (
                json!("a.txt"),
                "data.attachments: expected a list, found text",
            ),
            (json!(eleven), "data.attachments: 11 files, the limit is 10"),
            (
                json!(["a", 5]),
                "data.attachments[1]: expected the path of a file",
            ),
            (
                json!([{"name": "x"}]),
                "data.attachments[0]: expected the path of a file",
            ),
            (
                json!([{"id": "x"}]),
                "data.attachments[0]: is not the id of a file",
            ),
            (json!(["a", "a"]), "data.attachments[1]: is there twice"),
        ] {
            let refused = read(list).unwrap_err();
            assert!(refused.starts_with(told), "{refused}");
        }
    }

    #[test]
    fn security_the_digest_covers_the_files() {
        let file = |sha256: &str| Attachment {
            id: AttachmentId(Uuid::now_v7()),
            name: FileName::clean("a.txt"),
            kind: FileKind::Text,
            size: 5,
            sha256: sha256.to_owned(),
            masked: false,
        };
        let event = || {
            sample(
                "approval_request",
                "Deploy?",
                json!({ "attachments": ["a.txt"] }),
            )
        };
        let digest = |files| event().with_files(files).digest();
        let bare = sample("approval_request", "Deploy?", json!({}));
        assert_eq!(digest(Vec::new()), bare.digest());
        assert_ne!(digest(vec![file("aa")]), bare.digest());
        assert_ne!(digest(vec![file("aa")]), digest(vec![file("ab")]));
        assert_eq!(
            digest(vec![file("aa")]),
            digest(vec![file("aa")]),
            "where it is stored does not count"
        );
    }
}
