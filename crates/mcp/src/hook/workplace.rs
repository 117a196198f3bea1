//! Where an agent works: the project, its branch and this machine, read from files and without starting a program.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::path::PathBuf;

/// A folder that an agent works in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Workplace {
    pub folder: PathBuf,
    /// The name of git's top level, or of the folder itself.
    pub project: Option<String>,
    /// The branch, or the beginning of the commit where none is checked out.
    pub branch: Option<String>,
}

impl Workplace {
    #[must_use]
    pub fn of(folder: &Path) -> Self {
        let top = top(folder);
        let name = top.unwrap_or(folder).file_name();
        Self {
            folder: folder.to_owned(),
            project: name.and_then(|name| name.to_str()).map(str::to_owned),
            branch: top.and_then(branch),
        }
    }
}

/// The folder that git's repository is in.
pub(super) fn top(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|above| above.join(".git").exists())
}

/// The name of this machine.
#[must_use]
pub(super) fn host() -> Option<String> {
    first_line(Path::new("/proc/sys/kernel/hostname"))
}

fn branch(top: &Path) -> Option<String> {
    let git = top.join(".git");
    // A worktree has a file that says where its folder is.
    let folder = match first_line(&git) {
        Some(line) => top.join(line.strip_prefix("gitdir: ")?),
        None => git,
    };
    let head = first_line(&folder.join("HEAD"))?;
    match head.strip_prefix("ref: ") {
        Some(name) => Some(name.strip_prefix("refs/heads/").unwrap_or(name).to_owned()),
        None => head.get(..12).map(str::to_owned),
    }
}

/// The first line of a small file; nothing of what is no file, so that nobody waits at a pipe.
fn first_line(path: &Path) -> Option<String> {
    if !path.metadata().ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    File::open(path)
        .ok()?
        .take(LONGEST)
        .read_to_string(&mut text)
        .ok()?;
    let line = text.lines().next()?.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

const LONGEST: u64 = 4096;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_project_is_gits_top_level() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().join("shop");
        fs::create_dir_all(top.join(".git")).unwrap();
        fs::create_dir_all(top.join("src/api")).unwrap();
        fs::write(top.join(".git/HEAD"), "ref: refs/heads/fix/prices\n").unwrap();
        let place = Workplace::of(&top.join("src/api"));
        assert_eq!(place.project.as_deref(), Some("shop"));
        assert_eq!(place.branch.as_deref(), Some("fix/prices"));

        let worktree = folder.path().join("second");
        fs::create_dir_all(top.join(".git/worktrees/second")).unwrap();
        fs::create_dir_all(&worktree).unwrap();
        let gitdir = top.join(".git/worktrees/second");
        fs::write(gitdir.join("HEAD"), "0123456789abcdef0123\n").unwrap();
        fs::write(
            worktree.join(".git"),
            format!("gitdir: {}\n", gitdir.display()),
        )
        .unwrap();
        let place = Workplace::of(&worktree);
        assert_eq!(place.project.as_deref(), Some("second"));
        assert_eq!(place.branch.as_deref(), Some("0123456789ab"));
    }

    #[test]
    fn a_folder_without_git_is_its_own_project() {
        let folder = tempfile::tempdir().unwrap();
        let plain = folder.path().join("notes");
        fs::create_dir(&plain).unwrap();
        let place = Workplace::of(&plain);
        assert_eq!(
            (place.project.as_deref(), place.branch),
            (Some("notes"), None)
        );
        assert!(host().is_some());
    }
}
