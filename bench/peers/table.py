#!/usr/bin/env python3
"""Prints what results/peers/measured.csv says, as Markdown. Python's own library is enough.

usage: table.py summary|cases FOLDER
summary: for each model, longhaul against the best peer. cases: the same for every case."""
import csv
import pathlib
import statistics
import sys

NAMES = {"torch": "PyTorch", "torch-compile": "compile", "jax": "JAX"}
PHASES = {"train": "training", "prefill": "prefill", "decode": "decoding"}


def read(folder):
    """By case, in the order of the file: the rows of its programs by name."""
    found = {}
    with (pathlib.Path(folder) / "measured.csv").open() as lines:
        for row in csv.DictReader(lines):
            case = (row["phase"], row["d_model"], row["batch"] == "1", int(row["threads"]), int(row["length"]), row["model"])
            found.setdefault(case, {})[row["program"]] = row
    return found


def best(programs, column):
    """The least of a column among the peers that were measured, and whose it is; None if there is none."""
    values = [(float(row[column]), name) for name, row in programs.items() if name != "longhaul" and row[column]]
    return min(values, default=None)


def against_best(programs, column):
    """The best peer's number over longhaul's, and the peer's name; None where one of them has none."""
    own, peer = programs.get("longhaul", {}).get(column), best(programs, column)
    return (peer[0] / float(own), peer[1]) if own and peer else None


def times(ratios):
    if not ratios:
        return ""
    return f"{statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"


def summary(cases):
    print("| model | training, times the best peer | prefill | decoding | memory | first step |")
    print("| :-- | --: | --: | --: | --: | --: |")
    for model in dict.fromkeys(case[-1] for case in cases):
        own = {case: programs for case, programs in cases.items() if case[-1] == model}
        speed = []
        for phase in PHASES:
            found = [against_best(programs, "step_ms") for case, programs in own.items() if case[0] == phase]
            speed.append(times([ratio[0] for ratio in found if ratio]))
        trained = [programs for case, programs in own.items() if case[0] == "train"]
        memory = [ratio[0] for ratio in (against_best(p, "resident_mib") for p in trained) if ratio]
        first = [(float(p["longhaul"]["first_step_s"]), best(p, "first_step_s")[0]) for p in trained
                 if against_best(p, "first_step_s")]
        cells = [model, *speed, f"1/{statistics.median(memory):.0f}" if memory else "",
                 f"{statistics.median(f[0] for f in first):.2f} s for {statistics.median(f[1] for f in first):.1f} s" if first else ""]
        print("|", " | ".join(cells), "|")
    failed = sum(row["status"] != "ok" for programs in cases.values() for row in programs.values())
    print(f"\n{len(cases)} cases, median and (least to most) over them; memory and first step are those of training."
          + (f" {failed} measurements of single programs failed." if failed else ""))


def cell(programs):
    if programs is None:
        return ""
    ratio = against_best(programs, "step_ms")
    if ratio:
        return f"{ratio[0]:.1f} {NAMES[ratio[1]]}"
    return "longhaul failed" if programs["longhaul"]["status"] != "ok" else "no peer"


def by_case(cases):
    models = list(dict.fromkeys(case[-1] for case in cases))
    print("| phase | d_model | batch | threads | length |", " | ".join(models), "|")
    print("| :-- | --: | --: | --: | --: |", " | ".join("--:" for _ in models), "|")
    for phase, d_model, single, threads, length in sorted(
            {case[:-1] for case in cases}, key=lambda c: (list(PHASES).index(c[0]), int(c[1]), *c[2:])):
        row = [cell(cases.get((phase, d_model, single, threads, length, model))) for model in models]
        print("|", " | ".join([PHASES[phase], d_model, "1" if single else "16k tokens", str(threads), str(length), *row]), "|")


def main(kind, folder):
    {"summary": summary, "cases": by_case}[kind](read(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
