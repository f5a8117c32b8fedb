#!/bin/sh
# Fuzzes every target for SECONDS, from its seeds. Stops at the first crash, whose input is then in
# fuzz/artifacts/. The tree stays as it is otherwise: new inputs go to a temporary folder.
set -eu
seconds=${1:?usage: fuzz/run-smoke.sh SECONDS}
cd "$(dirname "$0")/.."
corpora=$(mktemp -d)
trap 'rm -rf "$corpora"' EXIT

cargo +nightly fuzz build
for file in fuzz/fuzz_targets/*.rs; do
    target=$(basename "$file" .rs)
    echo "== $target"
    mkdir "$corpora/$target"
    # No target needs much memory, and none a single block that is much longer than its input.
    cargo +nightly fuzz run "$target" "$corpora/$target" "fuzz/seeds/$target" -- \
        -max_total_time="$seconds" -rss_limit_mb=2048 -malloc_limit_mb=64 -timeout=10 \
        -print_final_stats=1 2>"$corpora/log" || { cat "$corpora/log"; exit 1; }
    grep -E 'Done|stat::(number_of_executed_units|peak_rss_mb)' "$corpora/log"
done
