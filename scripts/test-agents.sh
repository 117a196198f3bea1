#!/usr/bin/env bash
# Runs the real Claude Code and Codex against the real bridge, with a scripted model and the bundled
# emulator as the phone, and then has Claude Code install the plugin (check-plugin.sh). Apart from
# scripts/test.sh, because the agents are an install of 800 MB.
# Prints measured latencies as lines that begin with `figure:`.
set -euo pipefail
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.."

readonly wanted=$PWD/crates/bridge/tests/agents
readonly agents=$PWD/target/tools/real-agents

say() { printf 'test-agents.sh: %s\n' "$*"; }
fail() {
    printf 'test-agents.sh: %s\n' "$@" >&2
    exit 1
}
# shellcheck source=scripts/packages.sh
source scripts/packages.sh

has_agents() {
    cmp --silent "$wanted/package-lock.json" "$agents/installed.json"
}

# The programs are native: no script of the packages has to run, and none does.
install_agents() {
    say "installing Claude Code and Codex into target/tools"
    rm -rf "$agents"
    mkdir -p "$agents"
    cp "$wanted/package.json" "$wanted/package-lock.json" "$agents/"
    (cd "$agents" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null) ||
        fail "Claude Code and Codex could not be installed." "A way to registry.npmjs.org is needed; see the messages above."
    cp "$wanted/package-lock.json" "$agents/installed.json"
}

packages=()
has tmux || packages+=(tmux)
has npm || packages+=(npm)
((${#packages[@]} == 0)) || install_packages "${packages[@]}"
has_agents || install_agents

# One after another: the figures of two agents at once would be those of neither.
cargo test --locked --package cctelegram --features real-agents --test agents -- \
    --test-threads=1 --nocapture "$@"

# With words of a filter, somebody wants those tests and nothing else.
if (($# == 0)); then
    claude=("$agents"/node_modules/@anthropic-ai/claude-code-*/claude)
    scripts/check-plugin.sh "${claude[0]}" "${CARGO_TARGET_DIR:-target}/debug/cctelegram"
fi
