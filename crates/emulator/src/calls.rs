//! The log of Bot API calls, in the order of arrival.

use std::collections::HashMap;
use std::collections::VecDeque;

use serde_json::Value;

use crate::model::Call;

/// Older calls are forgotten, so that a demo may run for days. The counts stay right.
const KEPT: usize = 50_000;

/// Calls and how many of each method were answered with 200.
#[derive(Default)]
pub(crate) struct Calls {
    log: VecDeque<Call>,
    forgotten: usize,
    answered: HashMap<String, usize>,
    pub(crate) refused_429: usize,
}

impl Calls {
    /// Notes an arrival; the number names the entry for [`Calls::close`].
    pub(crate) fn open(&mut self, at_ms: u64, method: &str, params: Value) -> usize {
        if self.log.len() == KEPT {
            self.log.pop_front();
            self.forgotten += 1;
        }
        let method = method.to_owned();
        self.log.push_back(Call {
            at_ms,
            method,
            params,
            status: 0,
            description: None,
        });
        self.forgotten + self.log.len() - 1
    }

    /// Notes the answer; status 0 means there was none.
    pub(crate) fn close(&mut self, entry: usize, status: u16, description: Option<String>) {
        let index = entry.checked_sub(self.forgotten);
        let Some(call) = index.and_then(|index| self.log.get_mut(index)) else {
            return;
        };
        call.status = status;
        call.description = description;
        if status == 200 {
            *self.answered.entry(call.method.clone()).or_default() += 1;
        } else if status == 429 {
            self.refused_429 += 1;
        }
    }

    pub(crate) fn all(&self) -> Vec<Call> {
        self.log.iter().cloned().collect()
    }

    pub(crate) fn count(&self, method: &str) -> usize {
        let matching = self
            .answered
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(method));
        matching.map(|(_, count)| count).sum()
    }
}
