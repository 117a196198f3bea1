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
        self.kind.as_deref().is_none_or(|kind| kind == event.kind.name())
            && self.severity.is_none_or(|severity| event.severity() >= severity)
            && self.project.as_deref().is_none_or(|project| Some(project) == event.project.as_deref())
    }
}

/// The chats of all routes that match; everyone's when none does.
#[must_use]
pub fn recipients(event: &Event, routes: &[Route], everyone: &BTreeSet<ChatId>) -> BTreeSet<ChatId> {
    let routed: BTreeSet<ChatId> =
        routes.iter().filter(|route| route.matches(event)).flat_map(|route| route.chats.iter().copied()).collect();
    if routed.is_empty() { everyone.clone() } else { routed }
}
