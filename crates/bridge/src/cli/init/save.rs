//! What pairing changes in the settings: one line of `.env`, one entry of `config.toml`. Everything else stays.

use std::fs;
use std::io;
use std::path::Path;

use anyhow::Context as _;
use cctelegram_core::id::UserId;
use cctelegram_crypto::Secret;
use toml_edit::ArrayOfTables;
use toml_edit::DocumentMut;
use toml_edit::InlineTable;
use toml_edit::Item;
use toml_edit::Table;
use toml_edit::Value;

use crate::cli::failure::Failure;
use crate::cli::private_file;

const TOKEN: &str = "TELEGRAM_BOT_TOKEN";

/// Writes the token into `.env`.
pub(super) fn token(path: &Path, token: &Secret<String>) -> Result<(), Failure> {
    // The old file may hold a token too: it is wiped when it goes.
    let text = Secret::new(read(path)?);
    let text = Secret::new(with_token(text.expose(), token));
    write(path, text.expose())
}

/// Adds the person to `config.toml`.
pub(super) fn user(path: &Path, user: UserId) -> Result<(), Failure> {
    let text = with_user(&read(path)?, user)
        .with_context(|| format!("add [[users]] to {}", path.display()))?;
    write(path, &text)
}

fn with_token(text: &str, token: &Secret<String>) -> String {
    let line = format!("{TOKEN}={}", token.expose());
    let mut lines: Vec<&str> = text.lines().filter(|line| !sets_token(line)).collect();
    let place = text.lines().position(sets_token).unwrap_or(lines.len());
    lines.insert(place.min(lines.len()), &line);
    lines.join("\n") + "\n"
}

fn sets_token(line: &str) -> bool {
    let line = line.trim_start();
    let line = line.strip_prefix("export ").map_or(line, str::trim_start);
    line.strip_prefix(TOKEN)
        .is_some_and(|rest| rest.trim_start().starts_with('='))
}

fn with_user(text: &str, user: UserId) -> anyhow::Result<String> {
    let mut document: DocumentMut = text.parse().context("read the file")?;
    match document
        .entry("users")
        .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()))
    {
        Item::ArrayOfTables(users) => {
            let mut entry = Table::new();
            entry.insert("id", toml_edit::value(user.0));
            entry.insert("paired", toml_edit::value(true));
            users.push(entry);
        }
        Item::Value(Value::Array(users)) => {
            users.push(InlineTable::from_iter([
                ("id", Value::from(user.0)),
                ("paired", Value::from(true)),
            ]));
        }
        Item::None | Item::Value(_) | Item::Table(_) => {
            anyhow::bail!("`users` is no list of tables")
        }
    }
    Ok(document.to_string())
}

fn read(path: &Path) -> Result<String, Failure> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(anyhow::Error::from(error)
            .context(format!("read {}", path.display()))
            .into()),
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let written = private_file::replace(path, text.as_bytes());
    Ok(written.with_context(|| format!("write {}\nIs there room on the disk?", path.display()))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_takes_its_line_and_leaves_the_others() {
        let new = Secret::new("2:new".to_owned());
        let line = "TELEGRAM_BOT_TOKEN=2:new\n";
        for (before, after) in [
            ("", line.to_owned()),
            ("# mine\nA=1", format!("# mine\nA=1\n{line}")),
            (
                "A=1\nexport TELEGRAM_BOT_TOKEN = 1:old\nB=2\n",
                format!("A=1\n{line}B=2\n"),
            ),
            (
                "TELEGRAM_BOT_TOKEN=1\nTELEGRAM_BOT_TOKEN=2\n",
                line.to_owned(),
            ),
            (
                "# TELEGRAM_BOT_TOKEN=1\nTELEGRAM_BOT_TOKENS=1\n",
                format!("# TELEGRAM_BOT_TOKEN=1\nTELEGRAM_BOT_TOKENS=1\n{line}"),
            ),
        ] {
            assert_eq!(with_token(before, &new), after);
        }
    }

    #[test]
    fn the_person_is_added_and_everything_else_stays() {
        let entry = "[[users]]\nid = 7\npaired = true\n";
        assert_eq!(with_user("", UserId(7)).unwrap(), entry);
        let before =
            "# mine\n[socket]\npath = \"/run/s\" # here\n\n[[users]]\nid = 1\nname = \"A\"\n";
        assert_eq!(
            with_user(before, UserId(7)).unwrap(),
            format!("{before}\n{entry}")
        );
        let inline = with_user("users = [{ id = 1 }]\n", UserId(7)).unwrap();
        assert_eq!(inline, "users = [{ id = 1 }, { id = 7, paired = true }]\n");
        assert!(with_user("users = 1\n", UserId(7)).is_err());
        assert!(with_user("users = \n", UserId(7)).is_err());
    }
}
