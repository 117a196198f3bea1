//! Whole numbers out of JSON, however they are written.

use serde_json::Value;

/// The largest float below which every whole number has a float of its own (2^53).
const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;

/// A whole number, also when it came as a float without a fraction (some JSON writers do that). Anything that could be
/// another number than the one that was meant is none: ids decide who may do what.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    if let Some(number) = value.as_i64() {
        return Some(number);
    }
    let float = value.as_f64()?;
    let exact = float.fract() == 0.0 && float.abs() < LARGEST_EXACT;
    if !exact {
        return None;
    }
    format!("{float:.0}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_a_number_is_read_exactly_or_not_at_all() {
        for (text, number) in [
            ("7", Some(7)),
            ("-1001234567890", Some(-1_001_234_567_890)),
            ("9223372036854775807", Some(i64::MAX)),
            ("12345.0", Some(12_345)),
            ("-0.0", Some(0)),
            ("1e3", Some(1_000)),
            ("1.5", None),
            ("9007199254740993.0", None),
            ("18446744073709551615", None),
            ("1e300", None),
            ("\"7\"", None),
            ("true", None),
            ("null", None),
        ] {
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(whole(&value), number, "{text}");
        }
    }
}
