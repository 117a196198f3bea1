//! How far something has come, as a bar.

use serde_json::Map;
use serde_json::Value;

use super::super::super::Draft;
use super::super::data::Unshown;
use super::Names;
use super::Piece;

const SHARE: Names = &[
    "progress",
    "percent",
    "percentage",
    "progress_percent",
    "progress_percentage",
];
const CURRENT: Names = &["current", "completed", "current_step"];
const TOTAL: Names = &["total", "total_steps"];

/// Every field that a bar is made of.
pub(super) const FIELDS: [Names; 3] = [SHARE, CURRENT, TOTAL];

/// `▓▓▓░░░░░░░ 38 %, 3 of 8`.
pub(super) fn bar(data: &mut Unshown<'_>) -> Option<Piece> {
    Some(Piece::top(Draft::new().plain(&written(data)?)))
}

fn written(data: &mut Unshown<'_>) -> Option<String> {
    let inside = data.look(&["progress"], |value| Some(Inside::of(value.as_object()?)));
    let inside = inside.unwrap_or_default();
    if inside.is_all {
        let _shown_whole = data.take(&["progress"], |_| Some(()));
    }
    let counted = inside.counted.or_else(|| steps(data));
    let stated = inside.share.or_else(|| data.take(SHARE, percent));
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

/// What an object says of how far something is.
#[derive(Default)]
struct Inside {
    counted: Option<(f64, f64)>,
    share: Option<f64>,
    /// Does it say nothing else? Otherwise all of it stands under the details.
    is_all: bool,
}

impl Inside {
    fn of(map: &Map<String, Value>) -> Self {
        let both = map.get("current").zip(map.get("total"));
        let counted = both.and_then(|(current, total)| counted(current, total));
        let share = ["percentage", "percent"].into_iter().find_map(|name| {
            let share = map.get(name)?.as_f64()?;
            Some((name, share))
        });
        let is_shown = |name: &String| match name.as_str() {
            "current" | "total" => counted.is_some(),
            name => share.is_some_and(|(shown, _)| shown == name),
        };
        Self {
            counted,
            share: share.map(|(_, share)| share),
            is_all: !map.is_empty() && map.keys().all(is_shown),
        }
    }
}

/// `current` and `total` beside one another; both are needed.
fn steps(data: &mut Unshown<'_>) -> Option<(f64, f64)> {
    let total = data.take(TOTAL, |value| value.as_f64().filter(|total| *total > 0.0))?;
    let current = data.take(CURRENT, Value::as_f64);
    Some((current.unwrap_or(0.0), total))
}

fn counted(current: &Value, total: &Value) -> Option<(f64, f64)> {
    let total = total.as_f64().filter(|total| *total > 0.0)?;
    Some((current.as_f64()?, total))
}

/// `52`, `0.52` or `"52 %"`. A whole number counts percents, so `1` is one of them.
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
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
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
                written(&mut Unshown::of(&event.data)).as_deref(),
                expected,
                "{data}"
            );
        }
    }

    #[test]
    fn what_an_object_says_besides_stays_for_the_details() {
        let cases = [
            (
                json!({"current": 3, "total": 8}),
                "▓▓▓░░░░░░░ 38 %, 3 of 8",
                0,
            ),
            (
                json!({"current": 3, "total": 8, "percentage": 40}),
                "▓▓▓▓░░░░░░ 40 %, 3 of 8",
                0,
            ),
            (
                json!({"current": 3, "total": 8, "file": "a.rs"}),
                "▓▓▓░░░░░░░ 38 %, 3 of 8",
                1,
            ),
            (
                json!({"percentage": 40, "eta": "soon"}),
                "▓▓▓▓░░░░░░ 40 %",
                1,
            ),
            (
                json!({"percentage": 40, "current": 3}),
                "▓▓▓▓░░░░░░ 40 %",
                1,
            ),
        ];
        for (progress, expected, left) in cases {
            let event = sample(
                "task_progress",
                "Migrating",
                json!({ "progress": progress }),
            );
            let mut data = Unshown::of(&event.data);
            assert_eq!(written(&mut data).as_deref(), Some(expected), "{progress}");
            assert_eq!(data.rest().count(), left, "{progress}");
        }
    }
}
