#!/usr/bin/env python3
"""Draws FOLDER/peers.svg from FOLDER/measured.csv with gnuplot: how many times as fast as the best peer longhaul is, by
length, at the width of 64; a line for each model.

usage: picture.py FOLDER
Training and prefill are at 16k tokens a step on the most threads, decoding is of one sequence on one thread."""
import pathlib
import subprocess
import sys

import table

COLOURS = ("#1f77b4", "#d95f02", "#1b9e77", "#7b3fa0", "#a6761d", "#666666")


def lines_of(cases, phase):
    """By model: the points of its line."""
    threads = [case[3] for case in cases if case[0] == phase]
    chosen = min(threads, default=1) if phase == "decode" else max(threads, default=1)
    found = {}
    for (kind, d_model, single, count, length, model), programs in cases.items():
        # At the longest length one sequence has all 16k tokens.
        fits = single if phase == "decode" else not single or length == 16384
        ratio = table.against_best(programs, "step_ms")
        if ratio and fits and (kind, d_model, count) == (phase, "64", chosen):
            found.setdefault(model, {})[length] = ratio[0]
    return found


def commands(folder, cases):
    lines = {phase: lines_of(cases, phase) for phase in table.PHASES}
    lines = {phase: found for phase, found in lines.items() if found}
    models = list(dict.fromkeys(case[-1] for case in cases))
    yield f"set terminal svg size {60 + 280 * len(lines)},320 noenhanced font 'sans-serif,12' background '#ffffff'"
    yield f"set output '{folder}/peers.svg'"
    yield "set border 3; set tics nomirror; set grid y lc '#dddddd' lt 1; set logscale x 2; set logscale y 10"
    yield "set xtics (256, '1024' 1024, '4096' 4096, '16384' 16384); set xrange [180:24000]; set xlabel 'length'"
    yield "set yrange [0.5:*]; set ytics add ('2' 2, '4' 4, '6' 6, '20' 20, '40' 40); set key top left samplen 1 font ',10'"
    yield f"set multiplot layout 1,{len(lines)}"
    for phase, found in lines.items():
        for i, (model, points) in enumerate(found.items()):
            yield f"$data{i} << END"
            yield from (f"{length} {ratio}" for length, ratio in sorted(points.items()))
            yield "END"
        yield f"set title '{table.PHASES[phase]}, times as fast as the best peer'"
        yield "plot 1 with lines lc '#888888' dt 2 notitle, " + ", ".join(
            f"$data{i} with linespoints pt 7 ps 0.5 lw 1.5 lc rgb '{COLOURS[models.index(model)]}' title '{model}'"
            for i, model in enumerate(found))


def main(folder):
    text = "\n".join(commands(pathlib.Path(folder), table.read(folder)))
    subprocess.run(["gnuplot"], input=text, text=True, check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
