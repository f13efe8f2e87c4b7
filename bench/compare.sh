#!/usr/bin/env bash
# Is this revision faster than another one? Builds both in worktrees of their own and runs the benchmark of training
# steps of each in turns, A B A B; prints new / old in speed, with the spread. Use it before a change claims speed, on a
# quiet machine.
#   bench/compare.sh REV [BENCHMARKS] [ROUNDS]    BENCHMARKS: a regular expression, /256/1/ unless given (docs/performance.md)
# The new revision is HEAD: what is not committed is not compared. The worktrees stay in build/compare for the next time.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -ge 1 ] || { sed -n '2,6s/^# *//p' "$0" >&2; exit 2; }
old=$(git rev-parse --verify --quiet "$1^{commit}") || { echo "compare.sh: '$1' is no revision of this repository" >&2; exit 2; }
new=$(git rev-parse HEAD)
git diff --quiet HEAD || echo "compare.sh: uncommitted changes are not compared" >&2

for revision in "$old" "$new"; do
  folder=build/compare/$revision
  [ -e "$folder/.git" ] || git worktree add --detach "$folder" "$revision" >/dev/null
  cmake -S "$folder" -B "$folder/build/release" -G Ninja -DCMAKE_BUILD_TYPE=Release >/dev/null
  cmake --build "$folder/build/release" --target longhaul_bench_step
done
bench/compare.py "build/compare/$old/build/release/bin/longhaul_bench_step" \
  "build/compare/$new/build/release/bin/longhaul_bench_step" "${2:-/256/1/}" "${3:-5}"
