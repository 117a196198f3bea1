#!/usr/bin/env bash
# Has the real Claude Code validate the plugin, install it from this repository and start it:
# `scripts/check-plugin.sh CLAUDE [CCTELEGRAM]`. Nothing outside of a temporary folder is touched, nothing is sent anywhere.
set -euo pipefail
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.."

(($# > 0)) || {
    printf 'usage: scripts/check-plugin.sh CLAUDE [CCTELEGRAM]\n' >&2
    exit 2
}
claude=$(readlink -f -- "$1") program=$(readlink -f -- "${2:-target/debug/cctelegram}") root=$PWD
readonly claude program root
[[ -x $claude ]] || { printf 'check-plugin.sh: %s is no program\n' "$1" >&2 && exit 2; }
[[ -x $program ]] || { printf 'check-plugin.sh: %s is missing: cargo build -p cctelegram\n' "$program" >&2 && exit 2; }

home=$(mktemp -d)
readonly home
trap 'rm -rf -- "$home"' EXIT
mkdir "$home/project"
cd "$home/project"

claude() {
    env -i PATH=/usr/bin:/bin HOME="$home" ANTHROPIC_BASE_URL=http://127.0.0.1:9 ANTHROPIC_API_KEY=none \
        DISABLE_TELEMETRY=1 DISABLE_AUTOUPDATER=1 CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 CLAUDE_CODE_MAX_RETRIES=0 \
        "$claude" "$@"
}
# What a session says when it begins; the model cannot be reached, and need not be.
session() { claude -p hello --output-format stream-json --verbose --include-hook-events || true; }
has() { # TEXT WANTED WHAT
    [[ $1 == *"$2"* ]] || {
        printf 'check-plugin.sh: %s: no %s in\n%s\n' "$3" "$2" "$1" >&2
        exit 1
    }
    printf 'ok: %s\n' "$3"
}

claude plugin validate "$root" --strict
claude plugin validate "$root/plugin" --strict
claude plugin marketplace add "$root"

claude plugin install cctelegram@cctelegram
said=$(session)
has "$said" 'systemMessage' 'without the program a session says so'
has "$said" '"name":"plugin:cctelegram:cctelegram","status":"failed"' 'without the program there is no server'
claude plugin uninstall cctelegram@cctelegram

claude plugin install cctelegram@cctelegram --config "program=$program" --config "home=$home"
has "$(claude plugin list --json)" '"cctelegram@cctelegram"' 'the plugin is installed'
said=$(session)
has "$said" '"name":"plugin:cctelegram:cctelegram","status":"connected"' 'the server is connected'
for name in cctelegram:status cctelegram:mode cctelegram:test-approval cctelegram:asking-people; do
    has "$said" "\"$name\"" "/$name"
done
responses=$(grep '"hook_response"' <<<"$said" || true)
failed=$(grep -vc '"outcome":"success"' <<<"$responses" || true)
[[ -n $responses && $failed == 0 ]] || {
    printf 'check-plugin.sh: every hook succeeds: not so in\n%s\n' "${responses:-no response of a hook}" >&2
    exit 1
}
printf 'ok: every hook succeeds\n'
