//! Does anybody get the messages, and does anybody else get answers?

use super::Diagnosis;
use super::Patient;

const PEOPLE: &str = "people";

pub(super) fn check(patient: &Patient<'_>) -> Vec<Diagnosis> {
    let config = match patient.config(PEOPLE) {
        Ok(config) => config,
        Err(skipped) => return vec![skipped],
    };
    let people = config.people.users().len();
    let mut found = vec![match people {
        0 => Diagnosis::failed(
            PEOPLE,
            "nobody is allowed: events wait, and nobody can decide anything",
            "Run `cctelegram init` to pair your phone.",
        ),
        1 => Diagnosis::ok(PEOPLE, "1 person may decide and command"),
        _ => Diagnosis::ok(PEOPLE, format!("{people} people may decide and command")),
    }];
    if config.people.admits_anybody_to_help() {
        found.push(Diagnosis::warning(
            PEOPLE,
            "TELEGRAM_ALLOWED_USERS is *: strangers get answers to /start, /help and /whoami",
            "Name the people by their numbers instead.",
        ));
    }
    found
}
