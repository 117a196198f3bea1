//! `cctelegram service`: the bridge as a systemd user service.

mod key;
mod systemd;
mod unit;

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;

use super::answer;
use super::failure::FAILED;
use super::failure::Failure;
use super::output;
use super::private_file;
use crate::config;
use crate::config::Config;
use crate::config::Environment;
use crate::config::Mistakes;
use systemd::Systemd;
use unit::KeyFile;
use unit::Unit;

/// Run the bridge as a systemd user service.
#[derive(clap::Args)]
#[command(disable_help_subcommand = true)]
#[command(after_help = "\
The bridge then starts with your session. To keep it running while you are logged out: loginctl enable-linger

Exit codes: 0 done (`status`: it is active); 1 failed or not changed; 2 wrong usage.")]
pub(super) struct ServiceArgs {
    #[command(subcommand)]
    command: ServiceCommand,
}

#[derive(Subcommand)]
enum ServiceCommand {
    /// Write the unit, start the service and wait until it is active
    Install {
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
        /// Only print the unit
        #[arg(long)]
        print: bool,
    },
    /// Stop the service and remove the unit that was installed
    Uninstall {
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
        /// Remove a unit that was edited too
        #[arg(long)]
        force: bool,
    },
    /// Tell whether the service is installed and active
    Status,
}

/// The variable that says where the key file is.
const KEY_FILE: &str = "CC_TELEGRAM_KEY_FILE";

/// What is done, and where.
struct Service {
    path: PathBuf,
    unit: Unit,
    systemd: Systemd,
    config: Result<Config, Mistakes>,
}

pub(super) fn run(args: &ServiceArgs, environment: &Environment) -> Result<ExitCode, Failure> {
    let service = Service::of(environment)?;
    match args.command {
        ServiceCommand::Install { print: true, .. } => {
            output::line(service.unit.text().trim_end());
            Ok(ExitCode::SUCCESS)
        }
        ServiceCommand::Install { yes, .. } => {
            let config = service.config.as_ref();
            let config = config.map_err(|mistakes| anyhow::anyhow!("{mistakes}"))?;
            service.install(config, yes)
        }
        ServiceCommand::Uninstall { yes, force } => service.uninstall(yes, force),
        ServiceCommand::Status => service.status(),
    }
}

impl Service {
    fn of(environment: &Environment) -> Result<Self, Failure> {
        let set = |name| environment.get(name).filter(|value| value.starts_with('/'));
        let folder = match (set("XDG_CONFIG_HOME"), set("HOME")) {
            (Some(folder), _) => PathBuf::from(folder),
            (None, Some(home)) => Path::new(home).join(".config"),
            (None, None) => {
                let text = "neither XDG_CONFIG_HOME nor HOME is set\nSet HOME to your directory.";
                return Err(Failure::new(FAILED, text));
            }
        };
        let home = config::home(environment)?;
        let program = std::env::current_exe().context("find this program")?;
        let usual = set("HOME").map(|home| Path::new(home).join(".cc_telegram"));
        let config = config::load(environment);
        let key = config.as_ref().ok().and_then(|config| {
            let place = config.key_file.as_ref()?;
            // The service has an environment of its own: only what files say, and the usual place, is the same there.
            let by_file = place.explicit && set(KEY_FILE).is_none();
            let usual = set("HOME").map(|home| Path::new(home).join(".config/cctelegram/key"));
            (place.explicit || usual.as_ref() != Some(&place.path)).then(|| KeyFile {
                path: place.path.clone(),
                is_named_by_unit: !by_file,
            })
        });
        let unit = Unit::of(&program, home.root(), usual.as_deref(), key)?;
        Ok(Self {
            path: folder.join("systemd/user").join(unit::NAME),
            unit,
            systemd: Systemd::of(environment),
            config,
        })
    }

    fn install(&self, config: &Config, yes: bool) -> Result<ExitCode, Failure> {
        let text = self.unit.text();
        match self.installed()? {
            Some(installed) if installed == text => {}
            Some(installed) if !unit::is_ours(&installed) => return Err(self.edited("replaced")),
            Some(_) | None => {
                output::line(&format!("{}:\n\n{text}", self.path.display()));
            }
        }
        self.systemd.check()?;
        if !yes && !answer::yes("Write this, enable the service and start it?")? {
            output::note("nothing was changed");
            return Ok(ExitCode::from(FAILED));
        }
        key::make_ready(config)?;
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
        private_file::replace(&self.path, text.as_bytes())
            .with_context(|| format!("write {}", self.path.display()))?;
        Systemd::run(&["daemon-reload"])?;
        Systemd::run(&["enable", unit::NAME])?;
        // An older program or unit may be running: it is replaced.
        Systemd::run(&["restart", unit::NAME])?;
        let state = Systemd::state(unit::NAME)?;
        if state == "active" {
            output::line("The service is active.");
            return Ok(ExitCode::SUCCESS);
        }
        let text = format!(
            "the service is {state}\nSee why: journalctl --user -u {}, and `cctelegram doctor`.",
            unit::NAME
        );
        Err(Failure::new(FAILED, text))
    }

    fn uninstall(&self, yes: bool, force: bool) -> Result<ExitCode, Failure> {
        let Some(installed) = self.installed()? else {
            output::line("Nothing is installed.");
            return Ok(ExitCode::SUCCESS);
        };
        if !force && !unit::is_ours(&installed) {
            return Err(self.edited("removed"));
        }
        self.systemd.check()?;
        let question = format!("Stop the service and remove {}?", self.path.display());
        if !yes && !answer::yes(&question)? {
            output::note("nothing was changed");
            return Ok(ExitCode::from(FAILED));
        }
        Systemd::run(&["disable", "--now", unit::NAME])?;
        fs::remove_file(&self.path).with_context(|| format!("remove {}", self.path.display()))?;
        Systemd::run(&["daemon-reload"])?;
        output::line("The service is removed; the home and its data stay.");
        Ok(ExitCode::SUCCESS)
    }

    fn status(&self) -> Result<ExitCode, Failure> {
        let installed = match self.installed()? {
            None => "not installed",
            Some(text) if text == self.unit.text() => "installed",
            Some(text) if unit::is_ours(&text) => {
                "installed by another version or for another home"
            }
            Some(_) => "edited by hand",
        };
        output::line(&format!("unit       {} ({installed})", self.path.display()));
        self.systemd.check()?;
        let state = Systemd::state(unit::NAME)?;
        output::line(&format!("service    {state}"));
        Ok(ExitCode::from(if state == "active" { 0 } else { FAILED }))
    }

    fn installed(&self) -> Result<Option<String>, Failure> {
        match fs::read_to_string(&self.path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(anyhow::Error::from(error)
                .context(format!("read {}", self.path.display()))
                .into()),
        }
    }

    fn edited(&self, not_done: &str) -> Failure {
        let text = format!(
            "{} was edited since it was installed, so it is not {not_done}\n\
             Put your changes into `systemctl --user edit cctelegram`, or remove it: \
             `cctelegram service uninstall --force`.",
            self.path.display()
        );
        Failure::new(FAILED, text)
    }
}
