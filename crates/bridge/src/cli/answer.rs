//! What the person at the terminal answers.

use std::io;
use std::io::BufRead as _;
use std::io::IsTerminal as _;

use anyhow::Context as _;
use cctelegram_crypto::Secret;

use super::failure::Failure;
use super::output;

/// Asks until there is a yes or a no. The end of the input is a no.
pub(super) fn yes(question: &str) -> Result<bool, Failure> {
    loop {
        output::prompt(&format!("{question} [y/n]"));
        match line()?
            .map(|line| line.trim().to_ascii_lowercase())
            .as_deref()
        {
            Some("y" | "yes") => return Ok(true),
            Some("n" | "no") | None => return Ok(false),
            Some(_) => {}
        }
    }
}

/// Reads a secret: without echo from a terminal, else one line of the input.
pub(super) fn secret(prompt: &str) -> Result<Secret<String>, Failure> {
    let typed = if io::stdin().is_terminal() {
        rpassword::prompt_password(format!("{prompt} ")).context("read from the terminal")?
    } else {
        line()?.unwrap_or_default()
    };
    // The untrimmed text is a secret too: it is wiped when it goes.
    let typed = Secret::new(typed);
    Ok(Secret::new(typed.expose().trim().to_owned()))
}

fn line() -> Result<Option<String>, Failure> {
    let mut line = String::new();
    let length = io::stdin()
        .lock()
        .read_line(&mut line)
        .context("read the answer")?;
    Ok((length > 0).then_some(line))
}
