//! Making the socket: its place, its mode, its group.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use anyhow::bail;
use tokio::net::UnixListener;

use super::peer::Admits;
use super::peer::PeerListener;
use crate::config;

/// Binds the socket: 0600 in a folder of 0700, or with `[socket] group` 0660 in a folder of 0750. The home's lock is
/// held, so a socket that is there already belongs to nobody.
pub(crate) fn bind(config: &config::Socket) -> anyhow::Result<PeerListener> {
    let path = &config.path;
    let folder = path.parent().context("the socket's path has no folder")?;
    prepare(folder, config.group.is_some())?;
    match fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => {
            return Err(error).with_context(|| format!("remove the old socket {}", path.display()));
        }
    }
    let listener = UnixListener::bind(path).with_context(|| {
        format!("open the socket {}\nA socket's path may have 107 bytes at most: set a shorter [socket] path.", path.display())
    })?;
    let mode = if config.group.is_some() { 0o660 } else { 0o600 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .context("set the socket's permissions")?;
    let admits = match &config.group {
        None => Admits::Owner {
            uid: rustix::process::geteuid().as_raw(),
        },
        Some(group) => {
            for target in [folder, path.as_path()] {
                std::os::unix::fs::chown(target, None, Some(group.gid)).with_context(|| {
                    format!("give {} to the group {}", target.display(), group.name)
                })?;
            }
            Admits::Group
        }
    };
    Ok(PeerListener::new(listener, admits))
}

fn prepare(folder: &Path, for_group: bool) -> anyhow::Result<()> {
    fs::create_dir_all(folder)
        .with_context(|| format!("create the folder {}", folder.display()))?;
    let about = fs::symlink_metadata(folder)?;
    if !about.is_dir() || about.uid() != rustix::process::geteuid().as_raw() {
        bail!(
            "the socket's folder {} is not a folder of ours\nSet [socket] path to a place in one.",
            folder.display()
        );
    }
    let mode = if for_group { 0o750 } else { 0o700 };
    fs::set_permissions(folder, fs::Permissions::from_mode(mode))
        .context("set the permissions of the socket's folder")
}
