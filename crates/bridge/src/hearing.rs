//! Who waits right now for a reply to what an agent's session sent. It is known here only: a bridge that restarts is told anew,
//! and what nobody waits for is kept in the store.

use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use cctelegram_core::agent::Trace;
use cctelegram_core::api::Waiter;
use cctelegram_core::id::EventId;
use cctelegram_store::Claim;

/// Everybody who waits.
#[derive(Default)]
pub(crate) struct Hearing {
    waits: Mutex<Waits>,
}

#[derive(Default)]
struct Waits {
    /// A claim may wait twice for a moment: on a connection that broke, and on the next.
    last: u64,
    list: Vec<OneWait>,
}

struct OneWait {
    number: u64,
    claim: Claim,
    session: Trace,
    event: Option<EventId>,
    is_channel: bool,
    /// A reply is on its way to it.
    promised: bool,
}

/// Somebody waits as long as this is there: it goes with the connection.
pub(crate) struct Listening<'a> {
    hearing: &'a Hearing,
    number: u64,
}

/// A reply that somebody waits for, until it is stored.
pub(crate) struct Promise<'a> {
    hearing: &'a Hearing,
    number: u64,
    claim: Claim,
    stored: bool,
}

impl Hearing {
    pub(crate) fn listen(
        &self,
        session: &Trace,
        event: Option<EventId>,
        (claim, waiter): (Claim, Waiter),
    ) -> Listening<'_> {
        let mut waits = self.waits();
        waits.last = waits.last.wrapping_add(1);
        let number = waits.last;
        waits.list.push(OneWait {
            number,
            claim,
            session: session.clone(),
            event,
            is_channel: waiter == Waiter::Channel,
            promised: false,
        });
        Listening {
            hearing: self,
            number,
        }
    }

    /// Whoever waits for a reply to this event, and has not got one: who waits for exactly this goes first, a channel last.
    pub(crate) fn promise(&self, session: &Trace, event: &EventId) -> Option<Promise<'_>> {
        let mut waits = self.waits();
        let fitting = waits.list.iter_mut().filter(|wait| {
            let fits = wait.event.as_ref().is_none_or(|wanted| wanted == event);
            wait.session == *session && fits && !wait.promised
        });
        let wait = fitting.min_by_key(|wait| (wait.is_channel, wait.event.is_none()))?;
        wait.promised = true;
        Some(Promise {
            hearing: self,
            number: wait.number,
            claim: wait.claim,
            stored: false,
        })
    }

    fn waits(&self) -> MutexGuard<'_, Waits> {
        // Nobody leaves it half changed: a panic elsewhere does not matter.
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listening<'_> {
    /// Stops waiting; false if a reply is on its way.
    pub(crate) fn ends(&self) -> bool {
        let mut waits = self.hearing.waits();
        let promised = |wait: &OneWait| wait.number == self.number && wait.promised;
        if waits.list.iter().any(promised) {
            return false;
        }
        waits.list.retain(|wait| wait.number != self.number);
        true
    }
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        let mut waits = self.hearing.waits();
        waits.list.retain(|wait| wait.number != self.number);
    }
}

impl Promise<'_> {
    pub(crate) const fn claim(&self) -> Claim {
        self.claim
    }

    /// It is in the store: whoever waits finds it there.
    pub(crate) fn stored(mut self) {
        self.stored = true;
    }
}

impl Drop for Promise<'_> {
    fn drop(&mut self) {
        if self.stored {
            return;
        }
        let mut waits = self.hearing.waits();
        let mut waits = waits.list.iter_mut();
        if let Some(wait) = waits.find(|wait| wait.number == self.number) {
            wait.promised = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn claim(number: u128) -> Claim {
        Claim {
            id: Uuid::from_u128(number),
            continued: None,
        }
    }

    #[test]
    fn security_a_reply_is_promised_to_its_own_session_and_once() {
        let hearing = Hearing::default();
        let (one, two) = (Trace::of("one"), Trace::of("two"));
        let (event, other): (EventId, EventId) = ("a".parse().unwrap(), "b".parse().unwrap());
        let channel = hearing.listen(&one, None, (claim(1), Waiter::Channel));
        let any = hearing.listen(&one, None, (claim(2), Waiter::Tool));
        let exact = hearing.listen(&one, Some(event.clone()), (claim(3), Waiter::Tool));
        assert!(hearing.promise(&two, &event).is_none());
        for expected in [3, 2, 1] {
            let promise = hearing.promise(&one, &event).unwrap();
            assert_eq!(promise.claim(), claim(expected));
            promise.stored();
        }
        assert!(hearing.promise(&one, &event).is_none());
        assert!(!exact.ends(), "a reply is on its way");
        drop((channel, any, exact));
        let _exact = hearing.listen(&one, Some(event.clone()), (claim(4), Waiter::Tool));
        assert!(hearing.promise(&one, &other).is_none());
        drop(hearing.promise(&one, &event).unwrap());
        assert!(hearing.promise(&one, &event).is_some(), "it was not stored");
    }

    #[test]
    fn whoever_ended_is_promised_nothing() {
        let hearing = Hearing::default();
        let one = Trace::of("one");
        let event: EventId = "a".parse().unwrap();
        let listening = hearing.listen(&one, None, (claim(1), Waiter::Turn { continues: 1 }));
        assert!(listening.ends());
        assert!(hearing.promise(&one, &event).is_none());
        drop(listening);
        drop(hearing.listen(&one, None, (claim(2), Waiter::Tool)));
        assert!(hearing.promise(&one, &event).is_none());
    }
}
