//! Where the agent works: what the person at the phone has to know of it.

use std::path::PathBuf;

/// Where this process runs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AgentPlace {
    pub directory: PathBuf,
    /// The machine's name.
    pub host: Option<String>,
    /// The agent's own name of its session, where it tells it.
    pub session: Option<String>,
}

impl AgentPlace {
    /// The name of the project: of the nearest folder that is a Git repository, else of the folder itself.
    #[must_use]
    pub fn project(&self) -> Option<String> {
        let repository = self
            .directory
            .ancestors()
            .find(|folder| folder.join(".git").exists());
        let name = repository.unwrap_or(&self.directory).file_name()?;
        Some(name.to_string_lossy().into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_is_the_repository_above() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("shop/src/pay");
        std::fs::create_dir_all(&inner).unwrap();
        let place = AgentPlace {
            directory: inner,
            ..AgentPlace::default()
        };
        assert_eq!(place.project().as_deref(), Some("pay"));
        std::fs::create_dir(folder.path().join("shop/.git")).unwrap();
        assert_eq!(place.project().as_deref(), Some("shop"));
    }
}
