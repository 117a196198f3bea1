#!/usr/bin/env bash
# Takes the pictures of docs/MESSAGES.md again: a real bridge sends docs/examples to the bundled emulator,
# whose page is photographed with Chromium. Needs chromium and chromedriver (scripts/test.sh installs them).
set -euo pipefail
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.."

for program in chromium chromedriver; do
    command -v "$program" >/dev/null 2>&1 || {
        printf 'picture-messages.sh: %s is missing.\nRun scripts/test.sh once: it installs it.\n' "$program" >&2
        exit 1
    }
done
cargo build --quiet --package cctelegram
cargo run --quiet --package cctelegram --example pictures
ls -l docs/messages
