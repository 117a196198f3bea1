//! Who asks, and where: what every question of a session says of itself, and what its answer is bound to.

use cctelegram_core::id::EventId;
use cctelegram_crypto::Digest;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::Workplace;
use super::input::HookInput;
use super::secrets::KnownSecrets;

/// The session that asks, the place that it works in, and what is masked there.
pub(super) struct Scene<'a> {
    pub(super) input: &'a HookInput,
    pub(super) place: &'a Workplace,
    pub(super) host: &'a str,
    pub(super) secrets: &'a KnownSecrets,
}

impl Scene<'_> {
    /// SHA-256 of the canonical JSON (RFC 8785) of who wants to do what where. It covers the input as it is, before
    /// anything is masked. `part` counts the questions of one call, from 1 on.
    pub(super) fn digest(
        &self,
        (tool, input): (&str, &Value),
        part: Option<usize>,
    ) -> Result<String, serde_json::Error> {
        let mut exact = json!({
            "agent": self.input.agent.name(),
            "session": self.input.session,
            "host": self.host,
            "cwd": self.input.folder,
            "tool": tool,
            "input": input,
        });
        if let (Some(part), Value::Object(exact)) = (part, &mut exact) {
            exact.insert("part".to_owned(), json!(part));
        }
        Ok(Digest::of(&serde_json_canonicalizer::to_vec(&exact)?).hex())
    }

    /// The event that asks: what is asked, and after that who asks and where.
    pub(super) fn event(
        &self,
        id: &EventId,
        (title, description): (&str, Option<&str>),
        mut data: Map<String, Value>,
    ) -> Value {
        data.extend(self.fields());
        let mask = |text: &str| self.secrets.mask(text);
        json!({
            "type": "approval_request",
            "event_id": id,
            "title": mask(title),
            "description": description.map(mask),
            "source": self.input.agent.name(),
            "project": self.place.project.as_deref().map(mask),
            "data": self.secrets.mask_all(Value::Object(data)),
        })
    }

    fn fields(&self) -> Map<String, Value> {
        let input = self.input;
        let kind = input.subagent.as_ref().map(|(_, kind)| json!(kind));
        let present = [
            ("folder", Some(json!(input.folder))),
            ("host", Some(json!(self.host))),
            ("session", Some(json!(self.session()))),
            ("branch", self.place.branch.as_ref().map(|name| json!(name))),
            ("sub-agent", kind),
            (
                "permission mode",
                input.permission_mode.as_ref().map(|mode| json!(mode)),
            ),
        ];
        let present = present.into_iter();
        present
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect()
    }

    fn session(&self) -> String {
        let id: String = self.input.session.chars().take(8).collect();
        match &self.input.title {
            Some(title) => format!("{title} ({id})"),
            None => id,
        }
    }
}

/// Labels for buttons: none empty, too long, there twice, or the name of another button. Where one would be, all are
/// numbered.
pub(super) fn labels(texts: &[&str], others: &[&str]) -> Vec<String> {
    let shown: Vec<&str> = texts.iter().map(|text| text.trim()).collect();
    let fits = |(place, text): (usize, &&str)| {
        let earlier = shown.get(..place).unwrap_or_default();
        !text.is_empty()
            && text.chars().count() <= LONGEST_LABEL
            && !others.contains(text)
            && !earlier.contains(text)
    };
    if shown.iter().enumerate().all(fits) {
        return shown.into_iter().map(str::to_owned).collect();
    }
    let number = |(number, text): (usize, &str)| {
        let text: String = text.chars().take(LONGEST_LABEL - 4).collect();
        format!("{number}. {text}")
    };
    (1..).zip(shown).map(number).collect()
}

/// The bridge takes labels of 100 characters. Nobody reads that on a button.
const LONGEST_LABEL: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_would_not_do_are_numbered() {
        assert_eq!(labels(&["Red", " Blue "], &["Details"]), ["Red", "Blue"]);
        assert_eq!(labels(&["Red", "Red"], &[]), ["1. Red", "2. Red"]);
        assert_eq!(
            labels(&["Details", "More"], &["Details"]),
            ["1. Details", "2. More"]
        );
        let long = "x".repeat(300);
        let shown = labels(&["a", &long], &[]);
        assert_eq!(shown[0], "1. a");
        assert_eq!(shown[1].chars().count(), 59);
    }
}
