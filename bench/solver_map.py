#!/usr/bin/env python3
"""Prints, as Markdown, what FOLDER/map.csv of longhaul_solver_map says. Python's own library is enough.

usage: solver_map.py measured|predicted training|evaluation FOLDER
       solver_map.py check|picture FOLDER
measured: the best solver's speed over the loop's on one and two cores. predicted: what a model of work and depth
(solver_model.py) says of 8, 64 and 512 cores. check: how well the model, fitted to one core, foretells two.
picture: draws FOLDER/map.svg with gnuplot."""
import csv
import math
import pathlib
import statistics
import subprocess
import sys

import solver_model

CORES = (8, 64, 512)
CURVE = tuple(2 ** i for i in range(10))
COLOURS = ("#1f77b4", "#d95f02", "#1b9e77", "#7b3fa0", "#a6761d", "#666666", "#c2185b")
SHORT = {("newton", 0): "n", ("newton", 256): "n256", ("newton", 4096): "n4096", ("quasi_newton", 0): "q"}
PASSES = {"training": "training_ms", "evaluation": "evaluation_ms"}
ERROR_ALLOWED = 1e-4


def read(folder):
    with (pathlib.Path(folder) / "map.csv").open() as lines:
        return [solver_model.Row(row) for row in csv.DictReader(lines)]


def problems(rows):
    """By (kind, batch): by length, the solvers and windows that found the loop's states."""
    found = {}
    for row in rows:
        by_length = found.setdefault((*row.kind, row.batch), {})
        ways = by_length.setdefault(row.length, [])
        if row.is_solver and row.converged and row.error <= ERROR_ALLOWED and (row.solver, row.window) not in ways:
            ways.append((row.solver, row.window))
    return found


def number(ratio):
    text = f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"
    return f"**{text}**" if ratio > 1 else text


def cell_text(best):
    """Ratios and whose they are, bold where the loop is beaten; the name once if it is always the same."""
    ways = [SHORT[way] for _, way in best]
    if len(set(ways)) == 1:
        return " / ".join(number(ratio) for ratio, _ in best) + " " + ways[0]
    return " / ".join(f"{number(ratio)} {way}" for (ratio, _), way in zip(best, ways))


def print_table(rows, best_of):
    """best_of(kind, batch, length, ways): the largest ratio and its way, for each number of cores."""
    found = problems(rows)
    lengths = sorted({length for by_length in found.values() for length in by_length})
    print("| cell | R | width | batch |", " | ".join(map(str, lengths)), "|")
    print("| :-- | :-- | --: | --: |", " | ".join("--:" for _ in lengths), "|")
    for (cell, block, width, batch), by_length in found.items():
        texts = [cell_text(best_of((cell, block, width), batch, length, by_length[length])) if by_length.get(length) else ""
                 for length in lengths]
        print("|", " | ".join([cell, "diagonal" if block else "dense", str(width), str(batch), *texts]), "|")


def wins(rows, best_of):
    """In how many problems some solver beats the loop, for each number of cores; and how many problems there are."""
    found = [best_of(key[:3], key[3], length, ways)
             for key, by_length in problems(rows).items() for length, ways in by_length.items() if ways]
    return [sum(best[0] > 1 for best in column) for column in zip(*found)], len(found)


def measured_best(rows, which):
    times = {(*row.problem, row.threads): row.times[PASSES[which]] for row in rows}

    def best_of(kind, batch, length, ways):
        return [max((times[kind, batch, length, "sequential", 0, threads] / times[kind, batch, length, *way, threads], way)
                    for way in ways) for threads in (1, 2)]
    return best_of


def predicted_best(model, which, cores=CORES):
    def best_of(kind, batch, length, ways):
        return [max((model.fastest(kind, batch, length, "sequential", 0, count, which)
                     / model.fastest(kind, batch, length, *way, count, which), way) for way in ways) for count in cores]
    return best_of


def measured(which, folder):
    rows = read(folder)
    best_of = measured_best(rows, which)
    print_table(rows, best_of)
    (one, two), total = wins(rows, best_of)
    print(f"\nA solver beats the loop in {one} of {total} problems on one core, and in {two} on two.")
    if which == "training":
        gains = [row.times["training_ms"] / (row.times["training_ms"] - row.times["forward_ms"])
                 for row in rows if not row.is_solver and row.batch == row.threads == 1]
        print(f"\nThe reverse step stays a loop: an instant forward pass would gain {min(gains):.1f} to {max(gains):.1f} times "
              f"(median {statistics.median(gains):.1f}) for one sequence.")


def bounds(rows, model, which):
    """Medians over kinds of what one sequence of the longest length waits for, solved by newton on the most cores."""
    longest, shares = max(row.length for row in rows), []
    for problem in dict.fromkeys(row.problem for row in rows if (row.solver, row.window, row.batch) == ("newton", 0, 1)):
        if problem[2] == longest:
            whole, meetings = model.time(*problem, CORES[-1], which), model.meetings_of(*problem, CORES[-1], which)
            shares.append((model.cost(problem[0], "newton rest", longest) * longest / whole, meetings / whole))
    rest, meetings = (100 * statistics.median(column) for column in zip(*shares))
    return f"{rest:.0f}% in what one core does (memory, copies) and {meetings:.0f}% in meetings"


def predicted(which, folder):
    rows = read(folder)
    model = solver_model.Model(rows)
    print_table(rows, predicted_best(model, which))
    print(f"\nNewton on {CORES[-1]} cores spends {bounds(rows, model, which)}: one sequence of the longest length, medians over rows.")

    def counts():
        return ", ".join(map(str, wins(rows, predicted_best(model, which))[0]))
    total, assumed = wins(rows, predicted_best(model, which))[1], counts()
    model.growth = lambda threads: threads - 1
    steep = counts()
    model.growth = lambda threads: 0
    print(f"\nA solver beats the loop in {assumed} of {total} problems on {', '.join(map(str, CORES))} cores; in {steep} if a meeting's "
          f"cost grew in proportion to the threads, in {counts()} if meetings cost nothing.")


def summary(errors):
    sizes = sorted(abs(error) for error in errors)
    ninth = sizes[math.ceil(0.9 * len(sizes)) - 1]
    return f"{len(sizes)} | {100 * statistics.median(sizes):.0f}% | {100 * ninth:.0f}% | {100 * sizes[-1]:.0f}%"


def check(folder):
    rows = read(folder)
    model = solver_model.Model(rows)
    print("| rows | solver | pass | how many | median error | nine of ten within | worst |")
    print("| :-- | :-- | :-- | --: | --: | --: | --: |")
    errors = {}
    for row in rows:
        part = "one core, fitted" if row.threads == 1 else "two cores, for meetings" if model.sets_meeting(row) else "two cores, foretold"
        for which, column in PASSES.items():
            foretold = model.time(*row.problem, row.threads, which)
            errors.setdefault((part, row.solver, which), []).append(foretold / row.times[column] - 1)
    for (part, solver, which), found in sorted(errors.items()):
        print(f"| {part} | {solver} | {which} | {summary(found)} |")
    for which, column in PASSES.items():
        agreed, total = sides(rows, model, which, column)
        print(f"\nWhich of loop and solver is faster on two cores ({which}): foretold rightly for {agreed} of {total} pairs.")
    spreads = sorted(row.spread for row in rows)
    print(f"\nThe quartiles of a row's times lie {100 * statistics.median(spreads):.0f}% of their median apart in the middle row, "
          f"at most {100 * spreads[math.ceil(0.9 * len(spreads)) - 1]:.0f}% in nine of ten.")
    print(f"\nA meeting of two threads costs {1e3 * model.meeting:.1f} microseconds.")


def sides(rows, model, which, column):
    """How many pairs of loop and solver that were held out the model puts on the right side."""
    loops = {(row.kind, row.batch, row.length): row for row in rows if row.threads == 2 and not row.is_solver}
    pairs = [(row, loops[row.kind, row.batch, row.length]) for row in rows
             if row.threads == 2 and row.is_solver and not model.sets_meeting(row)]
    agreed = sum((row.times[column] < loop.times[column])
                 == (model.time(*row.problem, 2, which) < model.time(*loop.problem, 2, which)) for row, loop in pairs)
    return agreed, len(pairs)


def lines_of(rows, which):
    """By kind: the best solver's speed over the loop's for one sequence of the longest length, measured and foretold."""
    longest = max(row.length for row in rows)
    sources = measured_best(rows, which), predicted_best(solver_model.Model(rows), which, CURVE)
    for (*kind, batch), by_length in problems(rows).items():
        if batch == 1 and by_length.get(longest):
            yield tuple(kind), *([ratio for ratio, _ in source(tuple(kind), 1, longest, by_length[longest])] for source in sources)


def commands(folder, rows):
    yield "set terminal svg size 1000,360 noenhanced font 'sans-serif,12' background '#ffffff'"
    yield f"set output '{folder}/map.svg'; set multiplot layout 1,2"
    yield "set border 3; set tics nomirror; set grid y lc '#dddddd' lt 1; set logscale x 2; set logscale y 10"
    yield "set xtics (1, 2, 8, 64, 512); set xrange [0.9:640]; set xlabel 'cores'"
    for which, place in zip(PASSES, ("0.05; set rmargin at screen 0.4; unset key", "0.47; set rmargin at screen 0.82; set key at screen 0.99,0.93 samplen 2 font ',10'")):
        plots = ["1 with lines lc '#888888' dt 2 notitle"]
        for i, ((cell, block, width), dots, curve) in enumerate(lines_of(rows, which)):
            look = f"lc rgb '{COLOURS[i % len(COLOURS)]}' dt {1 + i // len(COLOURS)}"
            yield from (f"$dots{i} << END", *(f"{c} {r}" for c, r in zip((1, 2), dots)), "END")
            yield from (f"$curve{i} << END", *(f"{c} {r}" for c, r in zip(CURVE, curve)), "END")
            plots += [f"$curve{i} with lines lw 1.5 {look} title '{cell} {'diagonal' if block else 'dense'} {width}'",
                      f"$dots{i} with points pt 7 ps 0.5 {look} notitle"]
        yield f"set lmargin at screen {place}; set title '{which}: times as fast as the loop'"
        yield "plot " + ", ".join(plots)


def picture(folder):
    text = "\n".join(commands(pathlib.Path(folder), read(folder)))
    subprocess.run(["gnuplot"], input=text, text=True, check=True)


def main(kind, *rest):
    {"measured": measured, "check": check, "predicted": predicted, "picture": picture}[kind](*rest)


if __name__ == "__main__":
    main(*sys.argv[1:])
