//! The page that shows every type of event as it looks, and says which fields of `data` are read.

use std::fmt::Write as _;

use cctelegram_core::event::Kind;
use cctelegram_core::event::KnownKind;
use cctelegram_core::message::render;

/// So many types share a picture.
const PER_PICTURE: usize = 3;

/// A thing that is shown, and the fields that it is read from.
type Field = (&'static str, Vec<&'static str>);

pub(super) fn page() -> String {
    let mut text = HEAD.to_owned();
    for group in Kind::all().chunk_by(|one, next| one.group == next.group) {
        section(&mut text, group);
    }
    text.push_str("\n## Every type\n\n");
    table(&mut text, &render::fields_read_always());
    text.push_str(TAIL);
    text
}

fn section(text: &mut String, group: &[KnownKind]) {
    let Some(first) = group.first() else {
        return;
    };
    let title = capitalised(first.group);
    // Writing into a String cannot fail.
    write!(text, "\n## {title}\n\n").unwrap_or_default();
    let slug = first.group.replace(' ', "-");
    for (number, kinds) in (1_u32..).zip(group.chunks(PER_PICTURE)) {
        let names: Vec<&str> = kinds.iter().map(|known| known.name).collect();
        let names = names.join(", ");
        writeln!(text, "![{names}](messages/{slug}-{number}.png)").unwrap_or_default();
    }
    let mut families: Vec<(Vec<Field>, Vec<&KnownKind>)> = Vec::new();
    for known in group {
        let fields = render::fields_read(&Kind::from(known.name));
        match families.iter_mut().find(|(same, _)| *same == fields) {
            Some((_, members)) => members.push(known),
            None => families.push((fields, vec![known])),
        }
    }
    for (fields, members) in families {
        family(text, &fields, &members);
    }
}

fn family(text: &mut String, fields: &[Field], members: &[&KnownKind]) {
    text.push('\n');
    for known in members {
        let (name, description) = (known.name, known.description);
        let example = format!("[example](examples/{name}.json)");
        writeln!(text, "- `{name}`: {description} ({example})").unwrap_or_default();
    }
    if members
        .iter()
        .any(|known| Kind::from(known.name) == Kind::ApprovalRequest)
    {
        text.push_str(APPROVALS);
        return;
    }
    text.push('\n');
    table(text, fields);
}

fn table(text: &mut String, fields: &[Field]) {
    text.push_str("| shown | read from the first of |\n|---|---|\n");
    for (label, names) in fields {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        writeln!(text, "| {label} | {} |", names.join(", ")).unwrap_or_default();
    }
}

fn capitalised(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

const HEAD: &str = "\
# Messages

Every type of event as it looks in a chat. The pictures show the page of the bundled emulator, to which a real bridge
sent the files in [examples](examples/); `scripts/picture-messages.sh` takes them again. Copy an example into
`~/.cc_telegram/events/` to see it on your phone.

A message begins with a sign for how much it matters, the title, and where it comes from: the type, the project, the source,
the task and the time. Below stands what the bridge understands of `data`, as the tables say; everything else is folded away
under it, and nothing is left out. Whatever a field holds arrives as text: markup has no effect, secrets are masked,
deceiving characters are shown.

- Of a stack or an error the beginning is shown, of a log or an output the end; all of it is attached as a file. Of failing
  tests and of findings the first five are shown with their messages.
- Units are read from a field's name: `_ms`, `_seconds`, `_percent`, `_bytes`, `_mb` and so on.
- Times in RFC 3339 are told in the zone of `messages.time_zone`. Records and answer files keep UTC.

## Concise

With `CC_TELEGRAM_MESSAGE_STYLE=concise` (or `messages.style`) a message is its headline, the first two facts of its table and
the first link; everything else is folded away. Requests for a decision are shown whole in either style.

![build_failed, deployment_completed, performance_alert, git_commit (concise)](messages/concise.png)
";

const APPROVALS: &str = "
Every field is shown: `command` as code, `diff` as a diff, the rest with its name. `options` are the labels of the buttons.
";

const TAIL: &str = "
What is read here is read for every type after its own table. A field that cannot be read, because it is of another form,
stays among the details.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_picture_an_example_and_its_fields() {
        let page = page();
        for known in Kind::all() {
            let name = known.name;
            let pictured = page.lines().any(|line| {
                let alt = line
                    .strip_prefix("![")
                    .and_then(|rest| rest.split_once("](messages/"));
                alt.is_some_and(|(alt, _)| alt.split(", ").any(|word| word == name))
            });
            assert!(pictured, "{name}");
            assert!(page.contains(&format!("(examples/{name}.json)")), "{name}");
        }
        assert!(page.contains("| Measured | `value`, `current_value`"));
    }
}
