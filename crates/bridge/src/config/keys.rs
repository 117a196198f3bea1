//! Where the key file is.

use std::path::PathBuf;

use super::environment::Environment;
use super::raw::Raw;
use super::settings;

/// The path of the key file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct KeyPlace {
    pub(crate) path: PathBuf,
    /// Did somebody choose it? Then it may lie anywhere.
    pub(crate) explicit: bool,
}

/// `CC_TELEGRAM_KEY_FILE`, else `cctelegram/key` in the user's configuration folder (`XDG_CONFIG_HOME`, or `~/.config`).
/// There is none when none of them is set.
pub(super) fn key_place(environment: &Environment, raw: &mut Raw) -> Option<KeyPlace> {
    if raw.found(&settings::KEY_FILE).is_some() {
        let text = raw.text(&settings::KEY_FILE).unwrap_or_default();
        let path = PathBuf::from(&text);
        if !path.is_absolute() || path.file_name().is_none() {
            let place = raw.place(&settings::KEY_FILE);
            let what = format!("`{text}` is not the absolute path of a file");
            raw.mistake(&place, settings::KEY_FILE.name(), what, "Begin it with /.");
        }
        let explicit = true;
        return Some(KeyPlace { path, explicit });
    }
    // A relative path in either is to be ignored (XDG Base Directory Specification).
    let folder = |name| {
        environment
            .get(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let config =
        folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|home| home.join(".config")));
    config.map(|config| KeyPlace {
        path: config.join("cctelegram/key"),
        explicit: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(pairs: [(&str, &str); 2]) -> Option<String> {
        let place = key_place(&Environment::from(pairs), &mut Raw::default());
        place.map(|place| place.path.display().to_string())
    }

    #[test]
    fn the_key_lies_with_the_users_configuration() {
        let cases = [
            (
                [("XDG_CONFIG_HOME", "/x"), ("HOME", "/h")],
                Some("/x/cctelegram/key"),
            ),
            (
                [("XDG_CONFIG_HOME", "x"), ("HOME", "/h")],
                Some("/h/.config/cctelegram/key"),
            ),
            (
                [("XDG_CONFIG_HOME", ""), ("HOME", "/h")],
                Some("/h/.config/cctelegram/key"),
            ),
            ([("XDG_CONFIG_HOME", ""), ("HOME", "")], None),
        ];
        for (pairs, expected) in cases {
            assert_eq!(place(pairs).as_deref(), expected, "{pairs:?}");
        }
    }
}
