#!/usr/bin/env bash
# Fuzzes every target of fuzz/ for some time each: scripts/fuzz.sh [SECONDS [TARGET…]]
# The stable compiler is enough: without a sanitizer libFuzzer only needs the coverage of LLVM. There is little to
# sanitize, too: the code under test has no `unsafe`, and arithmetic that overflows ends the run.
set -euo pipefail
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.."

readonly fuzz_version=0.13.2
readonly tools=$PWD/target/tools
export PATH="$tools/bin:$PATH"

fail() {
    printf 'fuzz.sh: %s\n' "$@" >&2
    exit 1
}

readonly seconds=${1:-60}
[[ $seconds =~ ^[1-9][0-9]{0,5}$ ]] || fail "$seconds is no number of seconds." "Say: scripts/fuzz.sh 60"
shift || true
targets=("$@")
((${#targets[@]} > 0)) || targets=(split entities redact pacer event_parse update_decode shell_policy hook_input)
for target in "${targets[@]}"; do
    [[ -f fuzz/fuzz_targets/$target.rs ]] || fail "there is no target $target." "There are: $(cd fuzz/fuzz_targets && echo *.rs | sed 's/\.rs//g')"
done

command -v c++ >/dev/null 2>&1 || fail "c++ is missing, libFuzzer is made of it." "Run: apt-get install g++"
if [[ $(cargo-fuzz --version 2>/dev/null) != "cargo-fuzz $fuzz_version" ]]; then
    printf 'fuzz.sh: installing cargo-fuzz %s into target/tools\n' "$fuzz_version"
    cargo install --quiet --locked --root "$tools" --version "=$fuzz_version" cargo-fuzz </dev/null ||
        fail "cargo-fuzz could not be installed." "Run: cargo install --locked cargo-fuzz --version $fuzz_version"
fi

readonly options=(--sanitizer none --features libfuzzer)
cargo fuzz build "${options[@]}"
failed=()
for target in "${targets[@]}"; do
    printf '==> %s\n' "$target"
    mkdir -p "fuzz/corpus/$target"
    cargo fuzz run "${options[@]}" "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
        -max_total_time="$seconds" -max_len=8192 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -verbosity=0 || failed+=("$target")
done
((${#failed[@]} == 0)) || fail "found something: ${failed[*]}" "The inputs are below fuzz/artifacts/; add each to fuzz/seeds/ with the fix."
