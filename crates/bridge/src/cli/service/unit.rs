//! The text of the unit: how systemd starts the bridge and what it keeps it from.

use std::path::Path;

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
}

impl Unit {
    pub(super) fn of(program: &Path, home: &Path, usual: Option<&Path>) -> Result<Self, Failure> {
        Ok(Self {
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
ReadWritePaths={home} -%t -%E/cctelegram
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
}

/// Is this a unit as some version of this program wrote it, and nobody changed since?
pub(super) fn is_ours(text: &str) -> bool {
    let marked = text
        .strip_prefix(MARK)
        .and_then(|rest| rest.split_once('\n'));
    marked.is_some_and(|(digest, body)| digest == Digest::of(body.as_bytes()).hex())
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
        Unit::of(Path::new(program), Path::new(home), Some(usual)).map(|unit| unit.text())
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
