//! Where coding agents keep their settings, and what of ours is none of their business.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use super::dotenv;
use super::environment::Environment;
use super::keys;
use super::mistake::Place;
use super::raw::Raw;
use super::settings;
use crate::home::Home;

/// The folder and file that Claude Code keeps for this user.
pub(crate) struct ClaudeFolders {
    /// `CLAUDE_CONFIG_DIR`, else `~/.claude`.
    pub(crate) settings: PathBuf,
    /// `.claude.json`, with the MCP servers.
    pub(crate) state: PathBuf,
}

pub(crate) fn claude_folders(environment: &Environment) -> Option<ClaudeFolders> {
    if let Some(folder) = folder(environment, "CLAUDE_CONFIG_DIR") {
        let state = folder.join(".claude.json");
        return Some(ClaudeFolders {
            settings: folder,
            state,
        });
    }
    let home = folder(environment, "HOME")?;
    Some(ClaudeFolders {
        settings: home.join(".claude"),
        state: home.join(".claude.json"),
    })
}

/// `CODEX_HOME`, else `~/.codex`.
pub(crate) fn codex_folder(environment: &Environment) -> Option<PathBuf> {
    let usual = || Some(folder(environment, "HOME")?.join(".codex"));
    folder(environment, "CODEX_HOME").or_else(usual)
}

/// What no agent may touch: the home, and the key with the folder that is made for it.
pub(crate) fn off_limits(environment: &Environment, home: &Home) -> Vec<PathBuf> {
    let key = key_file(environment, home).map(|key| match key.parent() {
        Some(folder) if folder.ends_with("cctelegram") => folder.to_owned(),
        Some(_) | None => key,
    });
    let key = key.filter(|key| !key.starts_with(home.root()));
    [Some(home.root().to_owned()), key]
        .into_iter()
        .flatten()
        .collect()
}

/// Mistakes in settings do not matter here: they are told by the commands that need the key.
fn key_file(environment: &Environment, home: &Home) -> Option<PathBuf> {
    let mut raw = Raw::default();
    let setting = &settings::KEY_FILE;
    let set = environment.get(setting.name());
    if let Some(path) = set.filter(|path| !path.is_empty()) {
        raw.offer(setting, setting.name(), path, &Place::Environment);
    }
    if let Ok(text) = fs::read_to_string(home.env_file()) {
        dotenv::read(&home.env_file(), &text, &[setting], &mut raw);
    }
    let place = keys::key_place(environment, &mut raw)?;
    place.path.is_absolute().then_some(place.path)
}

/// The home that programs use to which nobody tells another.
pub(crate) fn is_usual_home(environment: &Environment, home: &Home) -> bool {
    usual_home(environment).is_some_and(|usual| usual.root() == home.root())
}

pub(crate) fn usual_home(environment: &Environment) -> Option<Home> {
    let person = folder(environment, "HOME")?;
    Some(Home::new(person.join(".cc_telegram")))
}

/// Tells which of its projects Claude Code takes a folder for: the top of the git repository, and for a worktree that of
/// the main one.
pub(crate) fn claude_project(folder: &Path) -> PathBuf {
    let Some(top) = folder.ancestors().find(|above| above.join(".git").exists()) else {
        return folder.to_owned();
    };
    main_worktree(top).unwrap_or_else(|| top.to_owned())
}

fn main_worktree(top: &Path) -> Option<PathBuf> {
    let pointer = fs::read_to_string(top.join(".git")).ok()?;
    let own = top.join(pointer.strip_prefix("gitdir:")?.trim());
    let shared = fs::read_to_string(own.join("commondir")).ok()?;
    let shared = own.join(shared.trim()).canonicalize().ok()?;
    let is_plain = shared.file_name().is_some_and(|name| name == ".git");
    is_plain.then(|| shared.parent().map(Path::to_owned))?
}

fn folder(environment: &Environment, name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(environment.get(name)?);
    path.is_absolute().then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_say_themselves_where_their_settings_are() {
        let plain = Environment::from([("HOME", "/h")]);
        let claude = claude_folders(&plain).unwrap();
        assert_eq!(claude.settings, Path::new("/h/.claude"));
        assert_eq!(claude.state, Path::new("/h/.claude.json"));
        assert_eq!(codex_folder(&plain).unwrap(), Path::new("/h/.codex"));
        let moved = [
            ("HOME", "/h"),
            ("CLAUDE_CONFIG_DIR", "/c"),
            ("CODEX_HOME", "/x"),
        ];
        let moved = Environment::from(moved);
        let claude = claude_folders(&moved).unwrap();
        assert_eq!(claude.settings, Path::new("/c"));
        assert_eq!(claude.state, Path::new("/c/.claude.json"));
        assert_eq!(codex_folder(&moved).unwrap(), Path::new("/x"));
        assert!(claude_folders(&Environment::from([("HOME", "h")])).is_none());
    }

    #[test]
    fn the_key_is_found_wherever_it_was_put() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().to_owned());
        let root = folder.path().to_owned();
        let at = |environment: &Environment| off_limits(environment, &home);
        let plain = Environment::from([("HOME", "/h")]);
        let usual = PathBuf::from("/h/.config/cctelegram");
        assert_eq!(at(&plain), [root.clone(), usual]);
        let set = [("HOME", "/h"), ("CC_TELEGRAM_KEY_FILE", "/run/keys/bridge")];
        let set = Environment::from(set);
        assert_eq!(at(&set), [root.clone(), PathBuf::from("/run/keys/bridge")]);
        fs::write(home.env_file(), "CC_TELEGRAM_KEY_FILE=/mnt/key\n").unwrap();
        assert_eq!(at(&plain), [root, PathBuf::from("/mnt/key")]);
    }

    #[test]
    fn a_worktree_belongs_to_the_project_of_its_repository() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let (main, tree) = (root.join("main"), root.join("tree"));
        let own = main.join(".git/worktrees/tree");
        for made in [&own, &main.join("src"), &tree, &root.join("plain")] {
            fs::create_dir_all(made).unwrap();
        }
        fs::write(tree.join(".git"), format!("gitdir: {}\n", own.display())).unwrap();
        fs::write(own.join("commondir"), "../..\n").unwrap();
        assert_eq!(claude_project(&main.join("src")), main);
        assert_eq!(claude_project(&tree), main);
        assert_eq!(claude_project(&root.join("plain")), root.join("plain"));
    }
}
