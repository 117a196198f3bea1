//! Who may talk to the bridge.

use std::collections::BTreeSet;
use std::str::FromStr;

use crate::id::UserId;

/// The allow-list. An empty list means nobody; everybody has to be written out as `*`, and is admitted to
/// `/start`, `/help` and `/whoami` only.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AllowList {
    Only(BTreeSet<UserId>),
    Everyone,
}

/// An entry that is not a numeric user id.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "`{0}` is not a Telegram user id: ids are positive numbers; `/whoami` in the bot's chat tells yours"
)]
pub struct BadAllowList(pub String);

impl FromStr for AllowList {
    type Err = BadAllowList;

    fn from_str(text: &str) -> Result<Self, BadAllowList> {
        if text.trim() == "*" {
            return Ok(Self::Everyone);
        }
        let ids = text.split(',').map(str::trim).filter(|id| !id.is_empty());
        ids.map(parse_user)
            .collect::<Result<_, _>>()
            .map(Self::Only)
    }
}

fn parse_user(text: &str) -> Result<UserId, BadAllowList> {
    let id: i64 = text.parse().map_err(|_| BadAllowList(text.to_owned()))?;
    (id > 0)
        .then_some(UserId(id))
        .ok_or_else(|| BadAllowList(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_an_empty_list_admits_nobody() {
        assert_eq!("".parse(), Ok(AllowList::Only(BTreeSet::new())));
        assert_eq!(" , ".parse(), Ok(AllowList::Only(BTreeSet::new())));
    }

    #[test]
    fn security_a_typo_is_an_error_and_not_a_shorter_list() {
        let ids = BTreeSet::from([UserId(7), UserId(12)]);
        assert_eq!("7, 12".parse(), Ok(AllowList::Only(ids)));
        for bad in ["7,x", "7 12", "-5", "0", "@alice", "7,*"] {
            assert!(bad.parse::<AllowList>().is_err(), "{bad}");
        }
    }

    #[test]
    fn everyone_has_to_be_written_out() {
        assert_eq!(" * ".parse(), Ok(AllowList::Everyone));
    }
}
