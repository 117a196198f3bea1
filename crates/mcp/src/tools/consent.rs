//! A person's word for what makes people see less of an agent, or of all of them: without a press it is not done.

use std::time::Duration;

use serde_json::json;

use crate::arguments::Failed;
use crate::asking;
use crate::caller::Caller;
use crate::desk::Desk;
use crate::report::Report;

/// So long is waited for somebody to agree.
const WAIT: Duration = Duration::from_mins(5);

/// What somebody is asked to agree to.
pub(super) struct Consent<'a> {
    pub(super) title: &'a str,
    /// What follows from it.
    pub(super) text: &'a str,
    /// The label that agrees.
    pub(super) yes: &'a str,
    pub(super) no: &'a str,
    /// What is said when nobody agreed: how things stay, and what else leads there.
    pub(super) otherwise: (&'a str, &'a str),
}

/// Somebody pressed for it; anything else is a no.
pub(super) async fn agreed(
    desk: &Desk,
    caller: &Caller,
    consent: &Consent<'_>,
) -> Result<(), Failed> {
    let report = Report::new("approval_request", consent.title, desk, caller)?
        .with("description", Some(consent.text.to_owned()))
        .with_data("options", Some(json!([consent.yes, consent.no])))
        .with_whereabouts(desk);
    let ended = asking::ask(desk, caller, &report, WAIT).await?;
    if ended.approved {
        return Ok(());
    }
    let (stays, remedy) = consent.otherwise;
    let why = ended.told();
    Err(Failed(format!("{stays}: {why}\n{remedy}")))
}
