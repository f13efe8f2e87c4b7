#!/usr/bin/env bash
# bench/solver_map.py: a small map.csv gives the stored tables, and a picture; its model has the code's borders; the pages
# have the tables of results/solver_map.
# Skipped with 77 where Python is out of reach.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
python=/usr/bin/python3
[ -x "$python" ] || { echo "skipped: no $python"; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PYTHONDONTWRITEBYTECODE=1

cp "$here/map.csv" "$work"
for kind in "measured training" "predicted evaluation" check; do
  # shellcheck disable=SC2086 # two words
  "$python" bench/solver_map.py $kind "$work" | diff "$here/${kind%% *}.md" -
done
if command -v gnuplot >/dev/null; then
  "$python" bench/solver_map.py picture "$work"
  grep -q 'evaluation: times as fast' "$work/map.svg"
fi

# same MODEL_LINE FILE TEXT: the model's number is the code's.
same() {
  grep -q "^$1 " bench/solver_model.py && grep -q "$3" "$2" || { echo "bench/solver_model.py: $1, but $2 lacks $3"; exit 1; }
}
same "CHUNK = 1024" math/recurrence/linear.h "kChunk = 1024;"
same "NARROW = 4" math/recurrence/sweep.cpp "r.block <= 4 "
same "CHANNELS = 8" math/kernels/vector.h "kVectorWidth = 8;"
same "GROUP = 4" math/recurrence/product.h "kGroup = 4;"
same "LANES = 8" bench/solver_map.cpp "kLanes = 8;"
same "SHORT_LANE = 2048" math/parallel.h "kShort = 2048;"

source tests/helpers/printed_tables.sh
check_tables bench/solver_map.py "$python"
[ "$tables" -gt 0 ] || { echo "no tables of results/solver_map in docs"; exit 1; }
