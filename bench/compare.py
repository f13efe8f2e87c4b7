#!/usr/bin/env python3
"""Runs two programs of Google Benchmark in turns and prints how fast the second is against the first.

  compare.py OLD NEW BENCHMARKS ROUNDS

Each round runs both, and each first in every other round. A round gives one ratio a benchmark, in elapsed time;
the table has the median, the least and the largest.
"""
import json
import statistics
import subprocess
import sys


def seconds(program, benchmarks):
    output = subprocess.run([program, f"--benchmark_filter={benchmarks}", "--benchmark_format=json"],
                            check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return {row["name"]: row["real_time"] for row in json.loads(output)["benchmarks"]}


def main():
    old, new, benchmarks, rounds = sys.argv[1:]
    ratios = {}
    for number in range(int(rounds)):
        order = [old, new] if number % 2 == 0 else [new, old]
        took = {program: seconds(program, benchmarks) for program in order}
        for name in took[new]:
            if name in took[old]:
                ratios.setdefault(name, []).append(took[old][name] / took[new][name])
    if not ratios:
        sys.exit(f"compare.py: no benchmark of both revisions matches '{benchmarks}'")
    width = max(map(len, ratios))
    print(f"{'benchmark':<{width}}  new / old  least  largest")
    for name, found in ratios.items():
        print(f"{name:<{width}}  {statistics.median(found):9.2f}  {min(found):5.2f}  {max(found):7.2f}")


main()
