//! Changes of files as they are shown: what goes and what comes, line by line.

use serde_json::Value;

use super::ToolCall;

/// The change that a call makes, and the fields of its input that it shows whole.
pub(super) fn change(call: &ToolCall) -> Option<(String, Vec<&'static str>)> {
    if let Some(patch) = call.patch() {
        let names = ["command", "input", "patch"];
        let shown = names.into_iter().find(|name| call.text(name).is_some())?;
        return Some((patch.to_owned(), vec![shown]));
    }
    let file = call.text("file_path")?;
    match call.tool.as_str() {
        "Write" => {
            let mut text = format!("+++ {file} (the whole file)\n");
            lines(&mut text, '+', call.text("content")?);
            Some((text, vec!["file_path", "content"]))
        }
        "Edit" => {
            let mut text = format!("--- {file}\n+++ {file}\n");
            replace(&mut text, &call.input)?;
            Some((text, vec!["file_path", "old_string", "new_string"]))
        }
        "MultiEdit" => {
            let mut text = format!("--- {file}\n+++ {file}\n");
            for edit in call.input.get("edits")?.as_array()? {
                text.push_str("@@\n");
                replace(&mut text, edit)?;
            }
            // Each edit may have fields that only the input shows.
            Some((text, vec!["file_path"]))
        }
        _ => None,
    }
}

fn replace(text: &mut String, edit: &Value) -> Option<()> {
    let of = |name| edit.get(name).and_then(Value::as_str);
    let (old, new) = (of("old_string")?, of("new_string")?);
    lines(text, '-', old);
    lines(text, '+', new);
    Some(())
}

fn lines(text: &mut String, sign: char, content: &str) {
    for line in content.lines() {
        text.push(sign);
        text.push_str(line);
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(tool: &str, input: Value) -> Option<(String, Vec<&'static str>)> {
        change(&ToolCall {
            tool: tool.to_owned(),
            input,
        })
    }

    #[test]
    fn an_edit_shows_what_goes_and_what_comes() {
        let edit = json!({"file_path": "/p/a.rs", "old_string": "one\ntwo", "new_string": "three"});
        let (text, _) = shown("Edit", edit).unwrap();
        assert_eq!(text, "--- /p/a.rs\n+++ /p/a.rs\n-one\n-two\n+three\n");
        let write = json!({"file_path": "/p/a.rs", "content": "one\n"});
        let (text, _) = shown("Write", write).unwrap();
        assert_eq!(text, "+++ /p/a.rs (the whole file)\n+one\n");
    }

    #[test]
    fn what_is_not_understood_is_left_to_the_input() {
        assert_eq!(shown("Edit", json!({"file_path": "/p/a.rs"})), None);
        assert_eq!(shown("Bash", json!({"command": "ls"})), None);
        assert_eq!(shown("Write", json!(["odd"])), None);
    }
}
