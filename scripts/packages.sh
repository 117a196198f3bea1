# Installing packages of the system.
# Sourced by the scripts that install what they need; they define `say` and `fail`.

has() { command -v "$1" >/dev/null 2>&1; }

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
