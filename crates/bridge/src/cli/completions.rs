//! `cctelegram completions`: what a shell needs to complete our words.

use std::process::ExitCode;

use clap_complete::Shell;

use super::output;

/// Print the completions of a shell.
#[derive(clap::Args)]
#[command(after_help = "\
Install them once, for every new shell:
  bash        cctelegram completions bash > ~/.local/share/bash-completion/completions/cctelegram
  zsh         cctelegram completions zsh > ~/.zfunc/_cctelegram      (fpath+=~/.zfunc before compinit in ~/.zshrc)
  fish        cctelegram completions fish > ~/.config/fish/completions/cctelegram.fish
  elvish      cctelegram completions elvish >> ~/.config/elvish/rc.elv
  powershell  cctelegram completions powershell >> $PROFILE")]
pub(super) struct CompletionsArgs {
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(args: &CompletionsArgs, mut command: clap::Command) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "cctelegram", &mut script);
    output::line(String::from_utf8_lossy(&script).trim_end());
    ExitCode::SUCCESS
}
