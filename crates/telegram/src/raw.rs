//! Updates before they are decoded.

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::number::whole;

/// An update as it came: its id and its JSON text, to be stored first and decoded later
/// (see [`decode`](crate::update::decode)).
#[derive(Clone, PartialEq, Eq)]
pub struct RawUpdate {
    pub id: i64,
    pub body: String,
}

impl fmt::Debug for RawUpdate {
    /// Leaves out what people wrote.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "RawUpdate {{ id: {}, {} bytes }}",
            self.id,
            self.body.len()
        )
    }
}

impl RawUpdate {
    /// Takes an update whose id can be read.
    pub(crate) fn read(json: &RawValue) -> Option<Self> {
        #[derive(Deserialize)]
        struct Numbered<'a> {
            #[serde(borrow)]
            update_id: &'a RawValue,
        }
        let numbered: Numbered<'_> = serde_json::from_str(json.get()).ok()?;
        let id = whole(&serde_json::from_str(numbered.update_id.get()).ok()?)?;
        Some(Self {
            id,
            body: json.get().to_owned(),
        })
    }
}
