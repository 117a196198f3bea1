//! Which files an agent reads, for a user or for one project.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;
use cctelegram_mcp::settings;
use cctelegram_mcp::settings::Presence;
use cctelegram_mcp::settings::Registration;
use cctelegram_mcp::settings::UnfitSettings;

use super::settings_file::Edit;
use super::settings_file::SettingsFile;
use crate::cli::failure::FAILED;
use crate::cli::failure::Failure;
use crate::config;
use crate::config::Environment;

/// The settings with the hooks, and the list of MCP servers. What belongs to a project goes into the files that Claude
/// Code keeps for this user alone: the path of a program is of no use to others who work on it.
pub(super) fn claude(
    project: Option<&Path>,
    environment: &Environment,
    registration: impl Fn(&SettingsFile) -> Result<Registration, Failure>,
    presence: Presence,
) -> Result<[Edit; 2], Failure> {
    let folders = config::claude_folders(environment).ok_or_else(no_home)?;
    let project = project.map(found).transpose()?;
    let settings = match &project {
        Some(project) => project.join(".claude/settings.local.json"),
        None => real(folders.settings)?.join("settings.json"),
    };
    let project = project.map(|project| text(&config::claude_project(&project)));
    let project = project.transpose()?;
    let (settings, servers) = (
        SettingsFile::read(settings)?,
        SettingsFile::read(beside(&folders.state)?)?,
    );
    let registration = &registration(&settings)?;
    Ok([
        edit(settings, |text| {
            settings::claude_settings(text, registration, presence)
        })?,
        edit(servers, |text| {
            settings::claude_servers(text, registration, project.as_deref(), presence)
        })?,
    ])
}

pub(super) fn codex(
    project: Option<&Path>,
    environment: &Environment,
    registration: impl Fn(&SettingsFile) -> Result<Registration, Failure>,
    presence: Presence,
) -> Result<[Edit; 2], Failure> {
    let folder = match project {
        Some(project) => found(project)?.join(".codex"),
        None => real(config::codex_folder(environment).ok_or_else(no_home)?)?,
    };
    let (hooks, servers) = (
        SettingsFile::read(folder.join("hooks.json"))?,
        SettingsFile::read(folder.join("config.toml"))?,
    );
    let registration = &registration(&hooks)?;
    Ok([
        edit(hooks, |text| {
            settings::codex_hooks(text, registration, presence)
        })?,
        edit(servers, |text| {
            settings::codex_config(text, registration, presence)
        })?,
    ])
}

/// Is the plugin switched on where Claude Code is to work? The later file has the last word.
pub(super) fn has_plugin(
    project: Option<&Path>,
    environment: &Environment,
) -> Result<bool, Failure> {
    let folders = config::claude_folders(environment).ok_or_else(no_home)?;
    let project = project.map(|project| project.join(".claude"));
    let files = [
        Some(folders.settings.join("settings.json")),
        project.as_ref().map(|folder| folder.join("settings.json")),
        project.map(|folder| folder.join("settings.local.json")),
    ];
    let files = files.into_iter().flatten();
    // What cannot be read there cannot be read by the agent either.
    let texts = files.filter_map(|file| fs::read_to_string(file).ok());
    let mut switches = texts.filter_map(|text| settings::plugin_switch(&text));
    Ok(switches.next_back().unwrap_or(false))
}

/// A path, for settings that are text.
pub(super) fn text(path: &Path) -> Result<String, Failure> {
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| {
        let what = format!("{} is not text\nUse another name.", path.display());
        Failure::new(FAILED, what)
    })
}

fn edit(
    file: SettingsFile,
    change: impl FnOnce(&str) -> Result<String, UnfitSettings>,
) -> Result<Edit, Failure> {
    let before = file.text.as_deref().unwrap_or_default();
    let after = change(before).map_err(|wrong| {
        let remedy = match &wrong {
            UnfitSettings::OtherServer => {
                "Take that one out, or give it another name, and run this again."
            }
            UnfitSettings::NotJson(_)
            | UnfitSettings::NotToml(_)
            | UnfitSettings::Shape { .. }
            | UnfitSettings::Twice(_) => "Put it right first: nothing was changed.",
        };
        let what = format!("{}: {wrong}\n{remedy}", file.path.display());
        Failure::new(FAILED, what)
    })?;
    // A file that says nothing was made for this program.
    let says_nothing = matches!(after.trim(), "" | "{}");
    let is_kept = !says_nothing || file.text.as_deref() == Some(&after);
    let after = is_kept.then_some(after);
    Ok(Edit { file, after })
}

/// The folder of a project, with symbolic links followed.
fn found(project: &Path) -> Result<PathBuf, Failure> {
    let found = project.canonicalize();
    let found = found.with_context(|| {
        let path = project.display();
        format!("find the project {path}\nName the folder that the agent is started in.")
    })?;
    if found.is_dir() {
        return Ok(found);
    }
    let text = format!("{} is no folder", found.display());
    Err(Failure::new(FAILED, text))
}

/// The folder of an agent, with symbolic links above it followed.
fn real(folder: PathBuf) -> Result<PathBuf, Failure> {
    let Some(name) = folder.file_name() else {
        return Ok(folder);
    };
    Ok(beside(&folder)?.with_file_name(name))
}

/// The same file in its folder, with symbolic links to the folder followed.
fn beside(file: &Path) -> Result<PathBuf, Failure> {
    let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else {
        return Ok(file.to_owned());
    };
    let real = match folder.canonicalize() {
        Ok(real) => real,
        // It is made when it is needed.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => folder.to_owned(),
        Err(error) => {
            let error = anyhow::Error::from(error);
            return Err(error.context(format!("find {}", folder.display())).into());
        }
    };
    Ok(real.join(name))
}

fn no_home() -> Failure {
    let text = "HOME is not set to an absolute path\nSet HOME to your directory.";
    Failure::new(FAILED, text)
}
