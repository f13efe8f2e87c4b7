#!/usr/bin/env bash
# bench/peers without PyTorch and JAX: its scripts parse; a small measured.csv gives the stored tables, and a picture;
# README.md and docs have the tables of results/peers.
# Skipped with 77 where Python is out of reach.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
python=/usr/bin/python3
[ -x "$python" ] || { echo "skipped: no $python"; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PYTHONDONTWRITEBYTECODE=1
bash -n bench/peers/run.sh
for script in bench/peers/*.py; do
  "$python" -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$script"
done

cp "$here/measured.csv" "$work"
for kind in summary cases; do
  "$python" bench/peers/table.py "$kind" "$work" | diff "$here/$kind.md" -
done
if command -v gnuplot >/dev/null; then
  "$python" bench/peers/picture.py "$work"
  grep -q '</svg>' "$work/peers.svg"
  grep -q 'decoding, times as fast' "$work/peers.svg"
fi

source tests/helpers/printed_tables.sh
check_tables bench/peers/table.py "$python"
[ "$tables" -gt 1 ] || { echo "no tables of results/peers in README.md and docs"; exit 1; }
