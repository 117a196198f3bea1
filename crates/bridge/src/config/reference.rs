//! The reference of all settings and an example `config.toml`, both made from the list of settings.

use std::fmt::Write as _;

use super::setting::Effect;
use super::setting::Setting;
use super::settings;

/// The reference in Markdown.
pub(crate) fn markdown() -> String {
    let mut text = INTRODUCTION.to_owned();
    text.push_str("## Environment and `.env`\n\n| name | default | meaning |\n|---|---|---|\n");
    for setting in settings::ALL
        .iter()
        .filter(|setting| !setting.variables.is_empty())
    {
        let names: Vec<String> = setting
            .variables
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        row(&mut text, &names.join(", "), setting);
    }
    text.push_str("\n## `config.toml`\n\n| key | default | meaning |\n|---|---|---|\n");
    for setting in settings::ALL {
        if let Some((section, key)) = setting.key.and_then(|path| path.rsplit_once('.')) {
            row(&mut text, &format!("`[{section}]` `{key}`"), setting);
        }
    }
    text.push_str(LISTS);
    text.push_str("```toml\n");
    text.push_str(LISTS_EXAMPLE);
    text.push_str("```\n");
    text
}

fn row(text: &mut String, name: &str, setting: &Setting) {
    let default = match setting.default {
        "" => "–".to_owned(),
        default => format!("`{default}`"),
    };
    // Writing into a String cannot fail.
    writeln!(
        text,
        "| {name} | {default} | {}{} |",
        setting.meaning,
        remark(setting)
    )
    .unwrap_or_default();
}

fn remark(setting: &Setting) -> String {
    match setting.effect {
        Effect::Yes => String::new(),
        Effect::EnvironmentOnly => " Read from the environment only.".to_owned(),
        Effect::NotYet(why) => format!(" Read and checked, without effect: {why}."),
    }
}

/// An example `config.toml` in which everything is commented out.
pub(crate) fn example() -> String {
    let mut text =
        "# CCTelegram. Every line is optional; the values shown are the defaults.\n".to_owned();
    text.push_str(
        "# Secrets do not belong here: the bot's token goes into .env as TELEGRAM_BOT_TOKEN.\n",
    );
    let mut last = "";
    for setting in settings::ALL {
        let Some((section, key)) = setting.key.and_then(|path| path.rsplit_once('.')) else {
            continue;
        };
        if section != last {
            write!(text, "\n[{section}]\n").unwrap_or_default();
            last = section;
        }
        let meaning = format!("{}{}", setting.meaning, remark(setting)).replace('`', "");
        write!(text, "# {meaning}\n# {key} = {}\n", toml_default(setting)).unwrap_or_default();
    }
    text.push('\n');
    text.extend(LISTS_EXAMPLE.lines().map(|line| {
        if line.is_empty() {
            "\n".to_owned()
        } else {
            format!("# {line}\n")
        }
    }));
    text
}

fn toml_default(setting: &Setting) -> String {
    use super::setting::Shape;
    match setting.shape {
        Shape::Text | Shape::Secret | Shape::Parts => format!("\"{}\"", setting.default),
        Shape::Flag | Shape::Whole { .. } | Shape::Number { .. } | Shape::Addresses => {
            setting.default.to_owned()
        }
    }
}

const INTRODUCTION: &str = "# Settings

Everything but the key file is kept in one directory: `CC_TELEGRAM_HOME`, or `~/.cc_telegram`. Settings are read from the
environment, from `.env` and from `config.toml` in that directory. The environment wins over `.env`, `.env` over `config.toml`, and
that over the default. A name that is not known in `.env` or `config.toml`, and a value that cannot be used anywhere, stop
the start; all of them are told at once, with the place and the remedy. In the process's environment, a name that is not
known is only warned about. In `.env`, names that don't begin with `CC_TELEGRAM_` or `TELEGRAM_` may belong to others and
are left alone. An empty value counts as not set, except that an empty list of users means nobody.

Flags are `true` or `false`; in the environment and in `.env` also `1`, `0`, `yes` and `no`.

";

const LISTS: &str = "
`[[users]]` names a person who may use the bridge, in addition to `TELEGRAM_ALLOWED_USERS`: `id`, and for your own
memory `name` and `paired = true` (written by `cctelegram init`). To lock somebody out, delete the entry.

`[[route]]` narrows where events go: `match` holds `type`, `severity` (this one or worse) and `project`, each optional;
`chats` holds the ids of private chats (the person's id) and of enrolled groups (`cctelegram chats list`). An event that
no route matches goes to everybody, and to the groups that are enrolled for its project.
`EMERGENCY_LOCKDOWN` is heeded in every table of the file.

";

const LISTS_EXAMPLE: &str = "[[users]]
id = 123456789
name = \"Alice\"
paired = true

[[route]]
match = { severity = \"error\", project = \"shop\" }
chats = [123456789]
";
