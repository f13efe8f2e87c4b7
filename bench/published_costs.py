#!/usr/bin/env python3
"""What one trial of each published recipe costs on this machine, on one core, as `longhaul plan` says.

usage: published_costs.py measure PROGRAM FOLDER   writes FOLDER/costs.csv; rows that it has are kept
       published_costs.py table FOLDER             prints it as a table
Recipes that read files (text, retrieval, image) have no row: their cost follows from the files."""
import csv
import json
import pathlib
import subprocess
import sys

SUITES = pathlib.Path(__file__).resolve().parent.parent / "configs/suites/published"
COLUMNS = ("suite", "parameters", "steps", "tokens", "flops", "train_seconds", "seconds", "peak_resident_bytes", "cpu",
           "build")


def rows_of(folder):
    file = pathlib.Path(folder) / "costs.csv"
    if not file.exists():
        return []
    with file.open() as lines:
        return list(csv.DictReader(lines))


def generated():
    """The suites whose examples are generated; those of Path-X, whose steps take longest, last."""
    files = [file for file in SUITES.glob("*.yaml") if "It reads files" not in file.read_text()]
    return sorted(files, key=lambda file: (file.stem.endswith("path_x"), file.stem))


def measure(program, folder):
    known = {row["suite"] for row in rows_of(folder)}
    file = pathlib.Path(folder) / "costs.csv"
    if not known:
        file.write_text(",".join(COLUMNS) + "\n")
    for suite in generated():
        if suite.stem in known:
            continue
        plan = json.loads(subprocess.run([program, "plan", suite, "--threads", "1", "--json"], check=True,
                                         stdout=subprocess.PIPE).stdout)
        (row,) = plan["rows"]
        if row["status"] != "ok":
            sys.exit(f"published_costs.py: {suite.stem}: {row['message']}")
        cost = {"suite": suite.stem, "cpu": plan["cpu"], "build": plan["build"]} | {
            name: round(row[name]) for name in COLUMNS if name in row}
        with file.open("a") as out:
            csv.DictWriter(out, COLUMNS, lineterminator="\n").writerow(cost)
        print(suite.stem, f"{cost['seconds'] / 86400:.1f} days", flush=True)


def table(folder):
    print("| suite | parameters | steps | tokens | operations | resident | days on one core | tokens a second |")
    print("| :-- | --: | --: | --: | --: | --: | --: | --: |")
    for row in rows_of(folder):
        number = {name: float(row[name]) for name in COLUMNS[1:8]}
        print(f"| `{row['suite']}` | {number['parameters'] / 1e3:.0f}k | {number['steps']:,.0f} "
              f"| {number['tokens'] / 1e9:.1f}G | {number['flops'] / 1e15:.3g}P "
              f"| {number['peak_resident_bytes'] / 2**20:.0f} MiB | {number['seconds'] / 86400:.1f} "
              f"| {number['tokens'] / number['train_seconds']:,.0f} |")


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "measure":
        measure(*sys.argv[2:])
    elif len(sys.argv) == 3 and sys.argv[1] == "table":
        table(sys.argv[2])
    else:
        sys.exit(__doc__)
