//! Faults a test orders: wrong answers, lost connections, delays.

use std::time::Duration;

use serde::Deserialize;

/// Applied to the next call that matches.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Fault {
    /// A method's name in any case; none means any method.
    #[serde(default)]
    pub method: Option<String>,
    /// How many calls it applies to; `u32::MAX` until cleared.
    #[serde(default = "once")]
    pub times: u32,
    /// What happens.
    pub kind: FaultKind,
}

/// What a fault does to a call with the right token.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// An answer in Telegram's form, not executed.
    Status {
        /// HTTP status and `error_code`.
        code: u16,
        /// The whole description.
        description: String,
        /// `parameters.retry_after` and the `Retry-After` header.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// Any body, for example the HTML of a 502; not executed.
    Raw {
        /// HTTP status.
        code: u16,
        /// Sent as `text/html`.
        body: String,
    },
    /// The connection closes without an answer; not executed.
    DropBefore,
    /// Executed, then the connection closes without an answer.
    DropAfter,
    /// Waits, then executes and answers. In JSON: milliseconds.
    #[serde(deserialize_with = "milliseconds")]
    Delay(Duration),
    /// Executed, then waits before it answers: what was sent can be seen meanwhile. In JSON: milliseconds.
    #[serde(deserialize_with = "milliseconds")]
    SlowAnswer(Duration),
}

/// The faults in the order they were asked for.
#[derive(Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault for this call, used up once.
    pub(crate) fn take(&mut self, method: &str) -> Option<FaultKind> {
        self.0.retain(|fault| fault.times > 0);
        let matches = |fault: &&mut Fault| {
            fault
                .method
                .as_ref()
                .is_none_or(|name| name.eq_ignore_ascii_case(method))
        };
        let fault = self.0.iter_mut().find(matches)?;
        if fault.times != u32::MAX {
            fault.times -= 1;
        }
        Some(fault.kind.clone())
    }
}

fn once() -> u32 {
    1
}

fn milliseconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(method: Option<&str>, times: u32) -> Fault {
        Fault {
            method: method.map(str::to_owned),
            times,
            kind: FaultKind::DropBefore,
        }
    }

    #[test]
    fn faults_are_used_up_in_order_and_by_method() {
        let mut faults = Faults::default();
        faults.add(fault(Some("sendmessage"), 2));
        faults.add(fault(None, 1));
        assert!(faults.take("sendMessage").is_some());
        assert!(faults.take("getMe").is_some());
        assert!(faults.take("getMe").is_none());
        assert!(faults.take("sendMessage").is_some());
        assert!(faults.take("sendMessage").is_none());
    }

    #[test]
    fn a_lasting_fault_ends_when_cleared() {
        let mut faults = Faults::default();
        faults.add(fault(None, u32::MAX));
        assert!((0..100).all(|_| faults.take("getMe").is_some()));
        faults.clear();
        assert!(faults.take("getMe").is_none());
    }

    #[test]
    fn faults_have_a_json_form() {
        let parse = |text: &str| serde_json::from_str::<Fault>(text).unwrap();
        assert_eq!(parse(r#"{"kind":"drop_after"}"#).times, 1);
        let delay = parse(r#"{"kind":{"delay":1500},"times":2,"method":"getMe"}"#);
        assert_eq!(delay.kind, FaultKind::Delay(Duration::from_millis(1500)));
        let status = parse(r#"{"kind":{"status":{"code":500,"description":"x"}}}"#);
        assert!(matches!(
            status.kind,
            FaultKind::Status {
                code: 500,
                retry_after: None,
                ..
            }
        ));
    }
}
