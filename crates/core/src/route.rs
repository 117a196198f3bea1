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

/// A group that was enrolled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EnrolledGroup {
    pub chat: ChatId,
    /// The id that it had before it became a supergroup: routes may still name it.
    pub former: Option<ChatId>,
    /// Empty means all.
    pub projects: BTreeSet<String>,
    /// The bot is not in it at present.
    pub away: bool,
}

impl EnrolledGroup {
    /// Is this its id, or the one that it had?
    #[must_use]
    pub fn is_named(&self, chat: ChatId) -> bool {
        self.chat == chat || self.former == Some(chat)
    }

    fn wants(&self, event: &Event) -> bool {
        let project = event.project.as_ref();
        self.projects.is_empty() || project.is_some_and(|project| self.projects.contains(project))
    }
}

/// The chats of all routes that match. When none does: everyone's, and the groups of the event's project. A route may
/// name a group; one that is not enrolled counts for nothing, and what would only go to groups that the bot is not in
/// goes to everyone too. Without anybody there are no recipients: groups come beside people, never in their place.
#[must_use]
pub fn recipients(
    event: &Event,
    routes: &[Route],
    everyone: &BTreeSet<ChatId>,
    groups: &[EnrolledGroup],
) -> BTreeSet<ChatId> {
    if everyone.is_empty() {
        return BTreeSet::new();
    }
    let named = |chat: ChatId| {
        if !chat.is_group() {
            return Some(chat);
        }
        let group = groups.iter().find(|group| group.is_named(chat));
        group.map(|group| group.chat)
    };
    let matching = routes.iter().filter(|route| route.matches(event));
    let mut chosen: BTreeSet<ChatId> = matching
        .flat_map(|route| route.chats.iter().copied())
        .filter_map(named)
        .collect();
    if chosen.is_empty() {
        let wanting = groups.iter().filter(|group| group.wants(event));
        chosen.extend(wanting.map(|group| group.chat));
        chosen.extend(everyone);
    }
    let away = |chat: &ChatId| groups.iter().any(|group| group.away && group.chat == *chat);
    if chosen.iter().all(away) {
        chosen.extend(everyone);
    }
    chosen
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
            assert_eq!(
                &recipients(&event, &routes, &everyone, &[]),
                chats,
                "{event:?}"
            );
        }
    }

    const PERSON: ChatId = ChatId(1);

    fn group(chat: i64, projects: &[&str]) -> EnrolledGroup {
        EnrolledGroup {
            chat: ChatId(chat),
            former: None,
            projects: projects.iter().map(|name| (*name).to_owned()).collect(),
            away: false,
        }
    }

    fn to(chats: &[i64]) -> Route {
        Route {
            kind: None,
            severity: None,
            project: None,
            chats: chats.iter().copied().map(ChatId).collect(),
        }
    }

    #[test]
    fn a_group_gets_its_projects_or_everything_beside_everyone() {
        let (everyone, groups) = (
            BTreeSet::from([PERSON]),
            [group(-1, &["shop"]), group(-2, &[])],
        );
        for (project, chats) in [("shop", [-1, -2, 1].as_slice()), ("blog", &[-2, 1])] {
            let event = event("build_failed", "error", project);
            let expected = chats.iter().copied().map(ChatId).collect();
            assert_eq!(recipients(&event, &[], &everyone, &groups), expected);
        }
    }

    #[test]
    fn a_route_may_name_a_group_by_its_former_id_too() {
        let everyone = BTreeSet::from([PERSON]);
        let mut moved = group(-100, &["shop"]);
        moved.former = Some(ChatId(-1));
        let event = event("build_failed", "error", "blog");
        for (route, chats) in [
            (to(&[-1]), [-100].as_slice()),
            (to(&[-100]), &[-100]),
            (to(&[-100, 1]), &[-100, 1]),
        ] {
            let expected = chats.iter().copied().map(ChatId).collect();
            let chosen = recipients(&event, &[route], &everyone, std::slice::from_ref(&moved));
            assert_eq!(chosen, expected);
        }
    }

    #[test]
    fn security_a_group_that_is_not_enrolled_gets_nothing() {
        let everyone = BTreeSet::from([PERSON]);
        let event = event("build_failed", "error", "shop");
        assert_eq!(
            recipients(&event, &[to(&[-9])], &everyone, &[]),
            everyone,
            "the event is not lost either"
        );
    }

    #[test]
    fn security_groups_get_nothing_while_nobody_is_allowed() {
        let event = event("build_failed", "error", "shop");
        let groups = [group(-1, &[])];
        assert!(recipients(&event, &[to(&[-1])], &BTreeSet::new(), &groups).is_empty());
    }

    #[test]
    fn what_only_groups_without_the_bot_would_get_goes_to_everyone_too() {
        let everyone = BTreeSet::from([PERSON]);
        let mut away = group(-1, &[]);
        away.away = true;
        let event = event("build_failed", "error", "shop");
        let chosen = recipients(&event, &[to(&[-1])], &everyone, &[away]);
        assert_eq!(chosen, BTreeSet::from([ChatId(-1), PERSON]));
    }
}
