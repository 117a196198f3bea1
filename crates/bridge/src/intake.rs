//! The one way in: whatever brought an event, it is redacted, addressed and stored here, in one transaction.

use std::sync::Arc;
use std::time::Duration;

use cctelegram_core::api::AcceptedAs;
use cctelegram_core::approval::AnswerForm;
use cctelegram_core::audit::Actor;
use cctelegram_core::delivery::Priority;
use cctelegram_core::event::Event;
use cctelegram_core::event::Kind;
use cctelegram_core::id::ApprovalId;
use cctelegram_core::id::EventId;
use cctelegram_core::mode::Mode;
use cctelegram_core::quiet;
use cctelegram_core::route::recipients;
use cctelegram_core::time::Timestamp;
use cctelegram_crypto::Digest;
use cctelegram_store::Accept;
use cctelegram_store::AcceptOutcome;
use cctelegram_store::Ask;
use cctelegram_store::Likeness;
use cctelegram_store::Situation;
use cctelegram_store::StoreError;
use futures_util::future::join_all;
use uuid::Uuid;

use crate::alerts;
use crate::alerts::Alert;
use crate::app::App;

/// The episode of a full queue, told once until there is room again.
const QUEUE_FULL: &str = "queue_full";

/// An event that is durably stored.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) event: EventId,
    pub(crate) stored_as: AcceptedAs,
    pub(crate) muted: bool,
    /// The request that waits for a decision, where the event asks for one.
    pub(crate) approval: Option<ApprovalId>,
}

/// Why an event was not taken: its producer keeps it and tries again, except after a conflict.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the queue is full: {0} events wait to be delivered (MAX_QUEUE_SIZE); try again later")]
    Full(u64),
    #[error("memory is short (MEMORY_LIMIT_MB): try again later")]
    Memory,
    #[error(
        "nobody is allowed to receive messages: run `cctelegram init`, or set TELEGRAM_ALLOWED_USERS"
    )]
    Nobody,
    #[error(
        "event id {0} was used for something else within the last 7 days: give each event an id of its own"
    )]
    Conflict(EventId),
    #[error(
        "a file that the event names was dropped, or belongs to another event: hand it over again"
    )]
    NoSuchFile,
    #[error("store the event")]
    Store(#[from] StoreError),
}

/// On what terms a decision is asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Terms {
    /// How long the request may wait.
    pub(crate) lifetime: Option<Duration>,
    /// What the decision is about, where it is not the event.
    pub(crate) digest: Option<String>,
    /// How long nobody is told yet.
    pub(crate) delay: Option<Duration>,
    pub(crate) form: AnswerForm,
    /// It is withdrawn when nobody waits for its end.
    pub(crate) attended: bool,
    /// How long after that people are told once more; zero for never. Without it, `REMIND_AFTER`.
    pub(crate) remind: Option<Duration>,
}

/// A request that waits is told once more after this span.
const REMIND_AFTER: Duration = Duration::from_mins(10);

impl Terms {
    /// The request for a decision about what has this digest and came at `received`.
    fn ask(&self, content: Digest, received: Timestamp) -> Ask {
        Ask {
            id: ApprovalId(Uuid::now_v7()),
            digest: self.digest.clone().unwrap_or_else(|| content.hex()),
            expires: self.lifetime.map(|lifetime| received.plus(lifetime)),
            not_before: self.delay.map(|delay| received.plus(delay)),
            form: self.form,
            attended: self.attended,
            remind: self.reminder(received),
        }
    }

    /// When people are told once more of what came at `received`; never of what will have expired by then.
    fn reminder(&self, received: Timestamp) -> Option<Timestamp> {
        let after = self.remind.unwrap_or(REMIND_AFTER);
        let told = received.plus(self.delay.unwrap_or_default());
        let at = told.plus(after);
        let ends = self.lifetime.map(|lifetime| received.plus(lifetime));
        (!after.is_zero() && ends.is_none_or(|end| at < end)).then_some(at)
    }
}

/// Takes one event from a producer.
pub(crate) async fn take(
    app: &App,
    event: Event,
    terms: Terms,
    actor: Actor,
) -> Result<Taken, Refusal> {
    let standing = standing(app).await?;
    store(app, event, terms, Origin::Producer(actor), &standing).await
}

/// Takes events in their order. Between the look at mode and groups and the store's own queue nothing waits, so that none
/// can overtake another.
pub(crate) async fn take_all(app: &App, events: Vec<Event>) -> Vec<Result<Taken, Refusal>> {
    let standing = standing(app).await;
    let take = async |event| match &standing {
        Ok(standing) => {
            let origin = Origin::Producer(Actor::System);
            store(app, event, Terms::default(), origin, standing).await
        }
        Err(error) => Err(error.clone().into()),
    };
    join_all(events.into_iter().map(take)).await
}

/// Takes an alert of the bridge itself, which a full queue does not keep out.
pub(crate) async fn alert(app: &App, event: Event) -> Result<Taken, Refusal> {
    let standing = standing(app).await?;
    store(app, event, Terms::default(), Origin::Bridge, &standing).await
}

/// What is looked up before an event is judged.
struct Judgement {
    mode: Mode,
    situation: Arc<Situation>,
}

async fn standing(app: &App) -> Result<Judgement, StoreError> {
    let situation = app.store.situation().await?;
    let switch = situation.switch.and_then(|switch| switch.at(app.now()));
    Ok(Judgement {
        mode: app.mode_of(switch).mode,
        situation,
    })
}

enum Origin {
    Producer(Actor),
    Bridge,
}

async fn store(
    app: &App,
    event: Event,
    terms: Terms,
    origin: Origin,
    judgement: &Judgement,
) -> Result<Taken, Refusal> {
    let received = app.now();
    if matches!(origin, Origin::Producer(_)) && app.memory.is_short(received) {
        return Err(Refusal::Memory);
    }
    let recipients = recipients(
        &event,
        &app.config.people.routes,
        &app.config.people.chats(),
        &judgement.situation.groups,
    );
    if recipients.is_empty() {
        return Err(Refusal::Nobody);
    }
    let to = recipients.clone();
    let muted = judgement.mode.holds(&event);
    let likeness = app.config.quiet.repeats.and_then(|window| {
        let content = quiet::likeness(&event)?;
        Some(Likeness { content, window })
    });
    // The digest covers what came; what is stored and shown has its secrets masked.
    let content = event.digest();
    let ask = event.asks().then(|| terms.ask(content, received));
    let asked = ask.as_ref().map(|ask| ask.id);
    let id = event.id.clone();
    let (actor, exempt) = match origin {
        Origin::Producer(actor) => (actor, false),
        Origin::Bridge => (Actor::System, true),
    };
    let accept = Accept {
        priority: Priority::of(&event),
        event: event.redacted_tagged(&app.keys.tags),
        content,
        recipients,
        received,
        hold: muted,
        likeness,
        ask,
        max_queue: app.config.intake.max_queue_size,
        actor,
        exempt,
    };
    match app.store.accept(accept).await? {
        AcceptOutcome::Stored => {
            if muted {
                // The mute may have ended meanwhile.
                app.wake.modes.notify_one();
            } else {
                app.wake.stored.add(to);
            }
            if asked.is_some() {
                app.wake.expiry.notify_one();
            }
            app.metrics.accepted.inc();
            end_episode_if_there_is_room(app).await;
            Ok(Taken {
                event: id,
                stored_as: AcceptedAs::Stored,
                muted,
                approval: asked,
            })
        }
        AcceptOutcome::Duplicate { approval } => Ok(Taken {
            event: id,
            stored_as: AcceptedAs::Duplicate,
            muted,
            approval,
        }),
        AcceptOutcome::Conflict => Err(Refusal::Conflict(id)),
        AcceptOutcome::NoSuchFile => Err(Refusal::NoSuchFile),
        AcceptOutcome::Full => {
            Box::pin(tell_full(app)).await;
            Err(Refusal::Full(app.config.intake.max_queue_size))
        }
    }
}

/// A full queue is over when a tenth of it is free again; a single place would begin a new episode with each event.
async fn end_episode_if_there_is_room(app: &App) {
    let free_enough = app.config.intake.max_queue_size.saturating_mul(9);
    // The event at hand is stored, whatever the store says of the others.
    if app.alerts.stands(QUEUE_FULL)
        && let Ok(backlog) = app.store.backlog().await
        && backlog.saturating_mul(10) < free_enough
    {
        app.alerts.over(QUEUE_FULL);
    }
}

async fn tell_full(app: &App) {
    let limit = app.config.intake.max_queue_size;
    let description = format!(
        "{limit} events wait to be delivered, as many as MAX_QUEUE_SIZE allows. Producers are told to wait; \
         nothing is dropped. `cctelegram queue` shows what waits."
    );
    let title = "The queue is full";
    let alert = Alert {
        episode: QUEUE_FULL,
        kind: Kind::AlertNotification,
        title,
        description,
    };
    alerts::raise(app, alert).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reminder_comes_ten_minutes_after_people_were_told_unless_it_is_over_by_then() {
        let minutes = |minutes| Duration::from_mins(minutes);
        let at = |span| Some(Timestamp::from_millis(0).plus(span));
        let reminder = |terms: Terms| terms.reminder(Timestamp::from_millis(0));
        assert_eq!(reminder(Terms::default()), at(minutes(10)));
        let delayed = Terms {
            delay: Some(minutes(1)),
            lifetime: Some(minutes(60)),
            ..Terms::default()
        };
        assert_eq!(reminder(delayed.clone()), at(minutes(11)));
        let soon = Terms {
            remind: Some(minutes(2)),
            ..delayed.clone()
        };
        assert_eq!(reminder(soon), at(minutes(3)));
        let never = Terms {
            remind: Some(Duration::ZERO),
            ..Terms::default()
        };
        assert_eq!(reminder(never), None);
        let short = Terms {
            lifetime: Some(minutes(11)),
            ..delayed
        };
        assert_eq!(reminder(short), None);
    }
}
