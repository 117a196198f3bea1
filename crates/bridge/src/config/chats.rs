//! Where in a chat messages go.

use super::raw::Raw;
use super::settings;

/// The section `[chats]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chats {
    pub(crate) topics: PerProject,
}

/// Does each project have a topic of its own, in chats that have topics?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PerProject {
    Topic,
    Nothing,
}

pub(super) fn chats(raw: &mut Raw) -> Chats {
    let text = raw.text(&settings::TOPICS).unwrap_or_default();
    let topics = match text.as_str() {
        "per_project" => PerProject::Topic,
        "off" => PerProject::Nothing,
        _ => {
            let place = raw.place(&settings::TOPICS);
            raw.mistake(
                &place,
                settings::TOPICS.name(),
                format!("`{text}` is neither per_project nor off"),
                "Write one of the two.",
            );
            PerProject::Nothing
        }
    };
    Chats { topics }
}
