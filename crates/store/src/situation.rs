//! What every event is judged by: the mode's switch and the enrolled groups. They change seldom and are asked for with
//! each event, so they are remembered until something is written that could change them.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use cctelegram_core::mode::Switch;
use cctelegram_core::route::EnrolledGroup;

use crate::error::StoreError;
use crate::store::Store;

/// What stands at a moment.
#[derive(Clone, Debug)]
pub struct Situation {
    pub switch: Option<Switch>,
    pub groups: Vec<EnrolledGroup>,
}

/// The last answer, and how many changes had been written before it was looked up.
#[derive(Default)]
pub(crate) struct Remembered {
    changes: AtomicU64,
    last: Mutex<Option<(u64, Arc<Situation>)>>,
}

impl Remembered {
    pub(crate) fn forget(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
    }

    fn get(&self, changes: u64) -> Option<Arc<Situation>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, standing) = last.as_ref()?;
        (*at == changes).then(|| standing.clone())
    }

    fn keep(&self, changes: u64, standing: &Arc<Situation>) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((changes, standing.clone()));
    }
}

impl Store {
    /// The switch and the groups as they stand: never older than the last change that anybody was told of.
    pub async fn situation(&self) -> Result<Arc<Situation>, StoreError> {
        let remembered = self.remembered();
        // Looked at first: what is read afterwards is at least as new as this many changes.
        let changes = remembered.changes.load(Ordering::SeqCst);
        if let Some(standing) = remembered.get(changes) {
            return Ok(standing);
        }
        let standing = Arc::new(Situation {
            switch: self.switch().await?,
            groups: self.groups().await?,
        });
        remembered.keep(changes, &standing);
        Ok(standing)
    }
}
