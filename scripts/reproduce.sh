#!/usr/bin/env bash
# Runs a suite of results/reference/ again and compares its results with those, cell by cell of results.csv and
# curves.csv; columns that measure time, memory or the machine may differ (docs/results/csv.md, m), and so may `version` and
# `build`, which name the program.
#   scripts/reproduce.sh SUITE [OPTION...]    OPTIONs are those of `longhaul run`: --only model=lru --jobs 2
# LONGHAUL names the program: build/release/bin/longhaul unless it is set. Exit status 1 if anything differs.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -ge 1 ] || { sed -n '2,6s/^# *//p' "$0" >&2; exit 2; }
reference=results/reference/$1
shift
longhaul=${LONGHAUL:-build/release/bin/longhaul}
[ -f "$reference/suite.yaml" ] || { echo "reproduce.sh: there is no $reference/suite.yaml" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$longhaul" run "$reference/suite.yaml" --out "$work/run" "$@" >/dev/null
"$longhaul" export "$work/run" -o "$work/csv" >/dev/null
for name in results curves; do
  "$longhaul" show csv "$name" --json >"$work/$name.json"
done
/usr/bin/python3 - "$reference" "$work" <<'PYTHON'
import csv
import json
import sys

reference, work = sys.argv[1:]
differ = compared = 0
trials = set()
for name, key in (("results", ("trial", "model", "task", "eval_length")), ("curves", ("trial", "step", "split", "metric"))):
    columns = json.load(open(f"{work}/{name}.json"))["columns"]
    kept = [column["name"] for column in columns if not column["measured"] and column["name"] not in ("version", "build")]
    read = lambda folder: {tuple(row[part] for part in key): row for row in csv.DictReader(open(f"{folder}/{name}.csv"))}
    expected, found = read(reference), read(f"{work}/csv")
    trials |= {row["trial"] for row in found.values()}
    for at in [at for at in expected if at[0] in trials] + [at for at in found if at not in expected]:
        for column in kept:
            compared += 1
            was, now = (rows.get(at, {}).get(column, "no such row") for rows in (expected, found))
            if was != now:
                differ += 1
                print(f"{name}.csv, {' '.join(at)}, {column}: {was} was published, {now} came out")
print(f"{len(trials)} trials, {compared} cells, {differ} differ")
sys.exit(differ > 0 or not trials)
PYTHON
