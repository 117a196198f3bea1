//! The text of the unit: how systemd starts the bridge and what it keeps it from.

use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;

use cctelegram_crypto::Digest;

use super::super::failure::FAILED;
use super::super::failure::Failure;

/// The unit's file.
pub(super) const NAME: &str = "cctelegram.service";
/// The line that proves that nobody edited what follows it.
const MARK: &str = "# Installed by `cctelegram service install`; digest ";

/// A unit for one program and one home.
pub(super) struct Unit {
    program: String,
    home: String,
    is_usual_home: bool,
    key: Option<KeyFile>,
}

/// A key file at another place than the usual one.
pub(super) struct KeyFile {
    pub(super) path: PathBuf,
    /// The unit has to say so, because no file of settings does.
    pub(super) is_named_by_unit: bool,
}

impl Unit {
    pub(super) fn of(
        program: &Path,
        home: &Path,
        usual: Option<&Path>,
        key: Option<KeyFile>,
    ) -> Result<Self, Failure> {
        if let Some(key) = &key {
            quoted(&key.path)?;
        }
        Ok(Self {
            key,
            program: quoted(program)?,
            home: quoted(home)?,
            is_usual_home: usual == Some(home),
        })
    }

    pub(super) fn text(&self) -> String {
        let body = self.body();
        format!("{MARK}{}\n{body}", Digest::of(body.as_bytes()).hex())
    }

    fn body(&self) -> String {
        let Self { program, home, .. } = self;
        let named = if self.is_usual_home {
            String::new()
        } else {
            format!(" --home {home}")
        };
        let (environment, key_folder) = self.for_key();
        format!(
            "\
[Unit]
Description=CCTelegram, the line between coding agents and phones
Documentation=https://github.com/cctelegram/cctelegram
StartLimitIntervalSec=300
StartLimitBurst=5

[Service]
Type=notify
ExecStart={program} start{named}
{environment}\
Restart=on-failure
RestartSec=5
TimeoutStopSec=20
UMask=0077
LimitCORE=0
MemoryMax=512M
NoNewPrivileges=yes
PrivateTmp=yes
PrivateUsers=yes
ProtectSystem=strict
ReadWritePaths={home} -%t{key_folder}
ConfigurationDirectory=cctelegram
ConfigurationDirectoryMode=0700
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native

[Install]
WantedBy=default.target
Alias=cctelegram-bridge.service
"
        )
    }

    /// What the unit says of a key file that is not at the usual place: a line of the environment, and its folder.
    fn for_key(&self) -> (String, String) {
        let Some(key) = &self.key else {
            return (String::new(), String::new());
        };
        // Both were tried when the unit was made.
        let word = |path: &Path| quoted(path).unwrap_or_default();
        let folder = key.path.parent().unwrap_or(Path::new("/"));
        let environment = if key.is_named_by_unit {
            let mut named = OsString::from(super::KEY_FILE);
            named.push("=");
            named.push(&key.path);
            format!("Environment={}\n", word(Path::new(&named)))
        } else {
            String::new()
        };
        (environment, format!(" {}", optional(&word(folder))))
    }
}

/// Is this a unit as some version of this program wrote it, and nobody changed since?
pub(super) fn is_ours(text: &str) -> bool {
    let marked = text
        .strip_prefix(MARK)
        .and_then(|rest| rest.split_once('\n'));
    marked.is_some_and(|(digest, body)| digest == Digest::of(body.as_bytes()).hex())
}

/// A path that may be missing when the service starts.
fn optional(word: &str) -> String {
    match word.strip_prefix('"') {
        Some(rest) => format!("\"-{rest}"),
        None => format!("-{word}"),
    }
}

/// A path as one word of a unit: systemd expands `%` and `$` and splits at blanks.
fn quoted(path: &Path) -> Result<String, Failure> {
    let bad = |why: &str| {
        let text = format!("{} {why}\nMove it to a plain path.", path.display());
        Failure::new(FAILED, text)
    };
    let text = path.to_str().ok_or_else(|| bad("is not text"))?;
    if text
        .chars()
        .any(|c| c.is_control() || matches!(c, '"' | '\\' | '\'' | '$'))
    {
        return Err(bad("has characters that a unit cannot hold"));
    }
    let text = text.replace('%', "%%");
    Ok(if text.contains(' ') {
        format!("\"{text}\"")
    } else {
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(program: &str, home: &str) -> Result<String, Failure> {
        let usual = Path::new("/home/anna/.cc_telegram");
        Unit::of(Path::new(program), Path::new(home), Some(usual), None).map(|unit| unit.text())
    }

    fn with_key(path: &str, is_named_by_unit: bool) -> Result<String, Failure> {
        let key = KeyFile {
            path: path.into(),
            is_named_by_unit,
        };
        let (program, home) = (Path::new("/bin/cctelegram"), Path::new("/srv/x"));
        Unit::of(program, home, None, Some(key)).map(|unit| unit.text())
    }

    #[test]
    fn the_folder_of_the_key_can_be_written_to() {
        let usual = unit("/bin/cctelegram", "/srv/x").unwrap();
        assert!(usual.contains("\nReadWritePaths=/srv/x -%t\nConfigurationDirectory=cctelegram\nConfigurationDirectoryMode=0700\n"));
        let told = with_key("/etc/my keys/50%", true).unwrap();
        assert!(told.contains("\nReadWritePaths=/srv/x -%t \"-/etc/my keys\"\n"));
        assert!(told.contains("\nEnvironment=\"CC_TELEGRAM_KEY_FILE=/etc/my keys/50%%\"\n"));
        let in_file = with_key("/keys/key", false).unwrap();
        assert!(in_file.contains("\nReadWritePaths=/srv/x -%t -/keys\n"));
        assert!(!in_file.contains("Environment="));
    }

    #[test]
    fn the_usual_home_is_not_named_and_another_is() {
        let usual = unit("/usr/bin/cctelegram", "/home/anna/.cc_telegram").unwrap();
        assert!(usual.contains("\nExecStart=/usr/bin/cctelegram start\n"));
        let other = unit("/opt/a b/cctelegram", "/srv/50%").unwrap();
        assert!(other.contains("\nExecStart=\"/opt/a b/cctelegram\" start --home /srv/50%%\n"));
    }

    #[test]
    fn security_a_path_cannot_add_to_the_unit() {
        for home in ["/a\nExecStartPre=/bin/sh", "/a\"b", "/$HOME", "/a\\x"] {
            assert!(unit("/bin/cctelegram", home).is_err(), "{home}");
            assert!(with_key(home, true).is_err(), "{home}");
        }
    }

    #[test]
    fn one_changed_letter_is_an_edit() {
        let text = unit("/bin/cctelegram", "/srv/x").unwrap();
        assert!(is_ours(&text));
        assert!(!is_ours(&text.replace("512M", "513M")));
        assert!(!is_ours(""));
    }
}
