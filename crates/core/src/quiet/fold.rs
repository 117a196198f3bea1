//! Which waiting messages become one that lists them.

use crate::delivery::Priority;

/// A message about an event that waits for a chat, and of which nothing is sent yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Candidate {
    pub row: i64,
    /// `Priority::rank`.
    pub priority: i64,
    /// How much is stored of its event.
    pub bytes: usize,
}

/// The rows that become one list, in their order; empty while no more than `above` results and pieces of progress wait.
/// Whatever is more urgent is never listed. 0 switches folding off.
#[must_use]
pub fn fold(waiting: &[Candidate], above: u32) -> Vec<i64> {
    let most_urgent = Priority::Result.rank();
    let mut bytes = 0_usize;
    let listed: Vec<i64> = waiting
        .iter()
        .filter(|candidate| candidate.priority >= most_urgent)
        .take(MOST)
        .take_while(|candidate| {
            bytes = bytes.saturating_add(candidate.bytes);
            bytes <= LARGEST
        })
        .map(|candidate| candidate.row)
        .collect();
    let above = usize::try_from(above).unwrap_or(usize::MAX);
    if above == 0 || listed.len() <= above {
        return Vec::new();
    }
    listed
}

/// A list's events are in memory while it is sent, and so are their details when somebody asks for them.
const MOST: usize = 1_000;
const LARGEST: usize = 16 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: [i64; 0] = [];

    fn waiting(count: i64, priority: Priority) -> Vec<Candidate> {
        let candidate = |row| Candidate {
            row,
            priority: priority.rank(),
            bytes: 100,
        };
        (1..=count).map(candidate).collect()
    }

    #[test]
    fn more_than_the_limit_fold_and_as_many_do_not() {
        assert_eq!(fold(&waiting(10, Priority::Result), 10), NONE);
        assert_eq!(
            fold(&waiting(11, Priority::Result), 10),
            (1..=11).collect::<Vec<_>>()
        );
        assert_eq!(fold(&waiting(11, Priority::Progress), 10).len(), 11);
        assert_eq!(fold(&waiting(2, Priority::Result), 1), [1, 2]);
        assert_eq!(fold(&waiting(500, Priority::Result), 0), NONE);
    }

    #[test]
    fn what_is_urgent_is_neither_listed_nor_counted() {
        let urgent = [
            waiting(50, Priority::Approval),
            waiting(50, Priority::Alert),
        ]
        .concat();
        let calm = waiting(10, Priority::Result);
        assert_eq!(fold(&[urgent.clone(), calm].concat(), 10), NONE);
        let calm = waiting(11, Priority::Progress);
        assert_eq!(fold(&[urgent, calm].concat(), 10).len(), 11);
    }

    #[test]
    fn a_list_has_a_largest_size() {
        assert_eq!(fold(&waiting(5_000, Priority::Result), 10).len(), 1_000);
        let large = waiting(100, Priority::Result)
            .into_iter()
            .map(|candidate| Candidate {
                bytes: 1 << 20,
                ..candidate
            });
        assert_eq!(fold(&large.collect::<Vec<_>>(), 10).len(), 16);
    }
}
