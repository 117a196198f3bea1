//! Which chats an event goes to.

use std::collections::BTreeSet;

use crate::event::Event;
use crate::event::Severity;
use crate::id::ChatId;

/// A rule that narrows where matching events go. Every condition that is set must hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Route {
    /// The event's type, by its name.
    pub kind: Option<String>,
    /// This severity or a worse one.
    pub severity: Option<Severity>,
    pub project: Option<String>,
    pub chats: Vec<ChatId>,
}

impl Route {
    fn matches(&self, event: &Event) -> bool {
        self.kind
            .as_deref()
            .is_none_or(|kind| kind == event.kind.name())
            && self
                .severity
                .is_none_or(|severity| event.severity() >= severity)
            && self
                .project
                .as_deref()
                .is_none_or(|project| Some(project) == event.project.as_deref())
    }
}

/// The chats of all routes that match; everyone's when none does.
#[must_use]
pub fn recipients(
    event: &Event,
    routes: &[Route],
    everyone: &BTreeSet<ChatId>,
) -> BTreeSet<ChatId> {
    let matching = routes.iter().filter(|route| route.matches(event));
    let chosen: BTreeSet<ChatId> = matching
        .flat_map(|route| route.chats.iter().copied())
        .collect();
    if chosen.is_empty() {
        everyone.clone()
    } else {
        chosen
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(kind: &str, severity: &str, project: &str) -> Event {
        let event = json!({
            "id": "e", "type": kind, "title": "t", "project": project, "data": { "severity": severity }
        });
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn a_route_narrows_only_what_meets_every_condition() {
        let everyone = BTreeSet::from([ChatId(1), ChatId(2), ChatId(3)]);
        let route = Route {
            kind: Some("build_failed".to_owned()),
            severity: Some(Severity::Error),
            project: Some("shop".to_owned()),
            chats: vec![ChatId(2)],
        };
        let routes = [route];
        let narrow = BTreeSet::from([ChatId(2)]);
        let cases = [
            (event("build_failed", "error", "shop"), &narrow),
            (event("build_failed", "critical", "shop"), &narrow),
            (event("build_failed", "warning", "shop"), &everyone),
            (event("build_failed", "error", "blog"), &everyone),
            (event("test_failed", "error", "shop"), &everyone),
        ];
        for (event, chats) in cases {
            assert_eq!(&recipients(&event, &routes, &everyone), chats, "{event:?}");
        }
    }
}
