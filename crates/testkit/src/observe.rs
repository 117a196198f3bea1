//! What a test waits for and reads back, beside messages and answers: the record, the presser, the answer files.

use std::fs;

use cctelegram_emulator::CallbackAnswer;
use serde_json::Value;

use crate::bridge::TestBridge;
use crate::bridge::WAIT;
use crate::bridge::until;
use crate::database::WriteLock;

impl TestBridge {
    /// Waits for what the presser of a button is told.
    pub async fn told(&self, press: &str) -> CallbackAnswer {
        let answer = self
            .emulator
            .wait_until(|phone| phone.answer(press), WAIT)
            .await;
        answer.unwrap_or_else(|| panic!("a presser was told nothing\nlog: {}", self.log_tail()))
    }

    /// The audit records of this name so far.
    pub async fn records(&self, name: &str) -> Vec<Value> {
        let mut records = self.database().await.audit().await;
        records.retain(|record| record["event"] == name);
        records
    }

    /// Waits until there are so many audit records of this name.
    pub async fn records_when(&self, name: &str, count: usize) -> Vec<Value> {
        let what = format!("there are {count} records `{name}`");
        until(&what, async || {
            Some(self.records(name).await).filter(|records| records.len() >= count)
        })
        .await
    }

    /// The names of the answer files that are there, sorted.
    #[must_use]
    pub fn answer_files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.responses()).expect("the folder of answers can be read");
        let names = entries.map(|entry| {
            entry
                .expect("it can be listed")
                .file_name()
                .to_string_lossy()
                .into_owned()
        });
        let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
        names.sort();
        names
    }

    /// Keeps the bridge from writing to its database until the lock is let go.
    pub async fn lock_database(&self) -> WriteLock {
        WriteLock::take(&self.root().join("cctelegram.db")).await
    }
}
