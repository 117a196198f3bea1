//! When an event is the same again, and how that is shown.

use cctelegram_crypto::Digest;

use crate::agent;
use crate::event::Event;
use crate::id::EventId;

/// What two events have in common that differ in nothing but id and time. A request for a decision is never the same as
/// another one, nor is a question that an agent waits for; the progress of a task has one message already, in which the
/// newest state stands, and the bridge tells its own alerts once for each time that something began. What agents' sessions
/// send is only the same within the session: replies to it are for this session.
#[must_use]
pub fn likeness(event: &Event) -> Option<Digest> {
    let one_message_already = event.kind.is_progress() && event.task_id.is_some();
    if event.asks() || one_message_already || event.id.is_alert() || agent::is_question(&event.id) {
        return None;
    }
    let session = agent::session_of(&event.id);
    let whose = session.as_ref().map_or("", agent::Trace::as_str);
    let bare = Event {
        id: EventId::derived(Digest::of(whose.as_bytes())),
        timestamp: None,
        ..event.clone()
    };
    Some(bare.digest())
}

impl Event {
    /// The event for a list of titles, with how often it came.
    #[must_use]
    pub fn counted(mut self, count: u32) -> Self {
        if count > 1 {
            self.title = format!("{} ×{count}", self.title);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::event::sample;

    #[test]
    fn only_the_id_and_the_time_may_differ() {
        let event = || Event {
            source: Some("ci".to_owned()),
            ..sample("build_failed", "Build", json!({ "branch": "main" }))
        };
        let text = || Some("other".to_owned());
        let again = Event {
            id: "another".parse().unwrap(),
            timestamp: text(),
            ..event()
        };
        assert_eq!(likeness(&again), likeness(&event()));
        let others = [
            Event {
                kind: "test_failed".into(),
                ..event()
            },
            Event {
                title: "Build 2".to_owned(),
                ..event()
            },
            Event {
                description: text(),
                ..event()
            },
            Event {
                source: text(),
                ..event()
            },
            Event {
                task_id: text(),
                ..event()
            },
            Event {
                project: text(),
                ..event()
            },
            Event {
                correlation_id: text(),
                ..event()
            },
            sample("build_failed", "Build", json!({ "branch": "dev" })),
        ];
        for other in others {
            assert_ne!(likeness(&other), likeness(&event()), "{other:?}");
        }
    }

    #[test]
    fn security_what_sessions_send_is_only_the_same_within_the_session() {
        let [one, two] = ["one", "two"].map(agent::Trace::of);
        let note = |session, once| Event {
            id: agent::note_id(session, once).unwrap(),
            ..sample("alert_notification", "Which?", json!({}))
        };
        assert_eq!(likeness(&note(&one, "a")), likeness(&note(&one, "b")));
        assert_ne!(likeness(&note(&one, "a")), likeness(&note(&two, "a")));
        let question = Event {
            id: agent::question_id(&one, "a").unwrap(),
            ..note(&one, "a")
        };
        assert_eq!(likeness(&question), None);
        assert_eq!(agent::session_of(&question.id), Some(one));
    }

    #[test]
    fn requests_alerts_and_the_progress_of_a_task_are_never_the_same_again() {
        let task = |kind: &str| Event {
            task_id: Some("t".to_owned()),
            ..sample(kind, "Title", json!({}))
        };
        assert_eq!(likeness(&task("approval_request")), None);
        assert_eq!(likeness(&task("task_progress")), None);
        assert!(likeness(&task("task_completion")).is_some());
        let alert = Event {
            id: EventId::for_alert(uuid::Uuid::nil()),
            ..sample("alert_notification", "The queue is full", json!({}))
        };
        assert_eq!(likeness(&alert), None);
        assert!(likeness(&sample("task_progress", "Title", json!({}))).is_some());
    }
}
