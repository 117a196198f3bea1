//! Is a file under version control? Git lists the files that it tracks in its index, by their paths.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

/// An index that is larger is not read.
const LARGEST: u64 = 64 * 1024 * 1024;

/// The work tree in which Git tracks the file; or why that cannot be told.
pub(super) fn by_git(file: &Path) -> Result<Option<PathBuf>, String> {
    for work_tree in file.ancestors().skip(1) {
        let Some(folder) = git_folder(work_tree)? else {
            continue;
        };
        let Ok(inside) = file.strip_prefix(work_tree) else {
            return Ok(None);
        };
        let listed = lists(&folder.join("index"), inside)?;
        return Ok(listed.then(|| work_tree.to_owned()));
    }
    Ok(None)
}

/// Where Git keeps its own files about a work tree: in `.git`, or where the file of this name says.
fn git_folder(work_tree: &Path) -> Result<Option<PathBuf>, String> {
    let git = work_tree.join(".git");
    let cannot = |error| format!("{} cannot be looked at: {error}", git.display());
    match fs::metadata(&git) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot(error)),
        Ok(about) if about.is_dir() => return Ok(Some(git)),
        Ok(_) => {}
    }
    let text = fs::read_to_string(&git).map_err(cannot)?;
    let named = text.strip_prefix("gitdir:").map(str::trim);
    let named =
        named.ok_or_else(|| format!("{} does not say where Git's files are", git.display()))?;
    Ok(Some(work_tree.join(named)))
}

fn lists(index: &Path, inside: &Path) -> Result<bool, String> {
    let shown = index.display();
    let cannot = |error| format!("{shown} cannot be looked at: {error}");
    let size = match fs::metadata(index) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        about => about.map_err(cannot)?.len(),
    };
    if size > LARGEST {
        return Err(format!("{shown} is too large to look through"));
    }
    let bytes = fs::read(index).map_err(cannot)?;
    match (bytes.get(..4), bytes.get(4..8)) {
        (Some(b"DIRC"), Some([0, 0, 0, 2 | 3])) => {}
        // The fourth version writes of each path only what differs from the one before.
        (Some(b"DIRC"), Some([0, 0, 0, version])) => {
            return Err(format!(
                "{shown} has version {version}, which cannot be looked through"
            ));
        }
        _ => return Err(format!("{shown} is not an index of Git")),
    }
    let mut wanted = inside.as_os_str().as_encoded_bytes().to_vec();
    wanted.push(0);
    Ok(bytes.windows(wanted.len()).any(|part| part == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(version: u8) -> Vec<u8> {
        [b"DIRC\0\0\0".as_slice(), &[version], b"...home/.env\0\0"].concat()
    }

    #[test]
    fn security_a_tracked_file_is_found_in_a_linked_work_tree_too() {
        let folder = tempfile::tempdir().unwrap();
        let (tree, kept) = (folder.path().join("tree"), folder.path().join("kept"));
        fs::create_dir_all(tree.join("home")).unwrap();
        fs::create_dir(&kept).unwrap();
        let (env_file, other) = (tree.join("home/.env"), tree.join("home/other"));
        assert_eq!(by_git(&env_file), Ok(None));
        fs::write(tree.join(".git"), "gitdir: ../kept\n").unwrap();
        assert_eq!(by_git(&env_file), Ok(None), "nothing is tracked yet");
        fs::write(kept.join("index"), index(2)).unwrap();
        assert_eq!(by_git(&env_file), Ok(Some(tree.clone())));
        assert_eq!(by_git(&other), Ok(None));
        fs::write(kept.join("index"), index(4)).unwrap();
        assert!(by_git(&env_file).unwrap_err().contains("version 4"));
        fs::write(kept.join("index"), "other").unwrap();
        assert!(by_git(&env_file).unwrap_err().contains("is not an index"));
        fs::write(tree.join(".git"), "other").unwrap();
        assert!(by_git(&env_file).unwrap_err().contains("does not say"));
    }
}
