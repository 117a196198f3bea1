//! How far something has come, in one message that later updates replace.

use serde_json::Value;

use super::super::Body;
use super::super::Draft;
use super::data::Unshown;
use super::event::report;
use super::fit::MESSAGE;
use super::fit::head;
use super::fit::line;
use super::fit::paragraph;
use super::headline::headline;
use crate::event::Event;

/// Always one message; a description that is too long ends with `…`.
#[must_use]
pub fn progress(event: &Event) -> Body {
    let event = event.clone().redacted();
    let mut data = Unshown::of(&event.data);
    let mut draft = Draft::new().body(&head(&headline(&event), 1_000));
    if let Some(bar) = bar(&mut data) {
        draft = line(draft, &bar);
    }
    let report = report(&event, data);
    if !report.is_empty() {
        draft = paragraph(draft).body(&report);
    }
    head(&draft.finish(), MESSAGE)
}

/// `▓▓▓░░░░░░░ 38 %, 3 of 8`.
fn bar(data: &mut Unshown<'_>) -> Option<String> {
    let counted = data
        .take(&["progress"], |value| {
            counted(value.get("current")?, value.get("total")?)
        })
        .or_else(|| steps(data));
    let names = [
        "progress",
        "percent",
        "percentage",
        "progress_percent",
        "progress_percentage",
    ];
    let stated = data.take(&names, percent);
    let share = stated.or_else(|| counted.map(|(current, total)| 100.0 * current / total))?;
    let share = share.clamp(0.0, 100.0);
    let full = (1..=10_u8)
        .filter(|cell| f64::from(*cell) * 10.0 <= share)
        .count();
    let bar = format!(
        "{}{} {share:.0} %",
        "▓".repeat(full),
        "░".repeat(10_usize.saturating_sub(full))
    );
    Some(match counted {
        Some((current, total)) => format!("{bar}, {current} of {total}"),
        None => bar,
    })
}

/// `current` and `total` beside one another; both are needed.
fn steps(data: &mut Unshown<'_>) -> Option<(f64, f64)> {
    let total = data.take(&["total", "total_steps"], |value| {
        value.as_f64().filter(|total| *total > 0.0)
    })?;
    let current = data.take(&["current", "completed", "current_step"], Value::as_f64);
    Some((current.unwrap_or(0.0), total))
}

fn counted(current: &Value, total: &Value) -> Option<(f64, f64)> {
    let total = total.as_f64().filter(|total| *total > 0.0)?;
    Some((current.as_f64()?, total))
}

/// `52`, `0.52`, `"52 %"` or `{"percentage": 52}`. A whole number counts percents, so `1` is one of them.
fn percent(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => {
            let share = number.as_f64()?;
            if number.is_f64() && share <= 1.0 {
                share * 100.0
            } else {
                share
            }
        }
        Value::String(text) => text.trim().trim_end_matches('%').trim_end().parse().ok()?,
        Value::Object(map) => map
            .get("percentage")
            .or_else(|| map.get("percent"))?
            .as_f64()?,
        Value::Null | Value::Bool(_) | Value::Array(_) => return None,
    };
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::event::sample;

    #[test]
    fn a_bar_shows_how_far_it_is() {
        let cases = [
            (json!({"progress": 52}), Some("▓▓▓▓▓░░░░░ 52 %")),
            (json!({"progress": 0.52}), Some("▓▓▓▓▓░░░░░ 52 %")),
            (json!({"percent": "52 %"}), Some("▓▓▓▓▓░░░░░ 52 %")),
            (
                json!({"progress": {"percentage": 100}}),
                Some("▓▓▓▓▓▓▓▓▓▓ 100 %"),
            ),
            (
                json!({"current": 3, "total": 8}),
                Some("▓▓▓░░░░░░░ 38 %, 3 of 8"),
            ),
            (
                json!({"progress": {"current": 3, "total": 8}}),
                Some("▓▓▓░░░░░░░ 38 %, 3 of 8"),
            ),
            (
                json!({"progress": 40, "current": 3, "total": 8}),
                Some("▓▓▓▓░░░░░░ 40 %, 3 of 8"),
            ),
            (json!({"progress": 1}), Some("░░░░░░░░░░ 1 %")),
            (json!({"progress": 250}), Some("▓▓▓▓▓▓▓▓▓▓ 100 %")),
            (json!({"progress": -5}), Some("░░░░░░░░░░ 0 %")),
            (json!({"progress": "NaN"}), None),
            (json!({"progress": "half"}), None),
            (json!({"current": 3, "total": 0}), None),
            (json!({"current": 3}), None),
            (json!({}), None),
        ];
        for (data, expected) in cases {
            let event = sample("task_progress", "Migrating", data.clone());
            assert_eq!(
                bar(&mut Unshown::of(&event.data)).as_deref(),
                expected,
                "{data}"
            );
        }
    }

    #[test]
    fn it_is_one_message_however_long_its_fields_are() {
        let long = "word ".repeat(5_000);
        let event = Event {
            description: Some(long.clone()),
            ..sample(
                "task_progress",
                &long,
                json!({"progress": 40, "note": long}),
            )
        };
        let body = progress(&event);
        assert!(body.len() <= MESSAGE && body.text().ends_with('…'));
        assert!(body.text().contains("▓▓▓▓░░░░░░ 40 %"));
    }

    #[test]
    fn what_the_bar_does_not_use_is_shown_below() {
        let event = sample(
            "progress_update",
            "Migrating",
            json!({"current": 3, "total": 8, "step": "users"}),
        );
        let expected = "⏳ Migrating\nProgress update\n▓▓▓░░░░░░░ 38 %, 3 of 8\n\nstep: users";
        assert_eq!(progress(&event).text(), expected);
    }
}
