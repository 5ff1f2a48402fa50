#!/usr/bin/env bash
# Benchmarks a commit and the working tree, six times each, and prints what
# benchstat says of the difference: scripts/bench-compare.sh HEAD~1 [packages]
set -euo pipefail
cd "$(dirname "$0")/.."
ref=$1
shift
packages=${*:-./...}
work=$(mktemp -d)
trap 'git worktree remove --force "$work/ref" >/dev/null 2>&1; rm -rf "$work"' EXIT
git worktree add --detach "$work/ref" "$ref" >/dev/null
bench() { go test -run '^$' -bench . -benchmem -count 6 $packages; }
(cd "$work/ref" && bench) > "$work/old.txt"
bench > "$work/new.txt"
go tool benchstat "$work/old.txt" "$work/new.txt"
