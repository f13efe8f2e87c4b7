#!/usr/bin/env python3
"""A peer in a process of its own. Started by measure.py.

usage: worker.py PEER CHECKPOINT PHASE BATCH LENGTH
Prints a line after the first step, then for each line of standard input a line: the seconds of a step, REPETITIONS times.
"""
import sys
import time

import ours
import peers
from checkpoint import read_checkpoint

REPETITIONS = 3
TURN_SECONDS = 0.15  # of a repetition, or a single step: as in `longhaul throughput`


def seconds_of(run, times):
    start = time.perf_counter()
    for _ in range(times):
        run()
    return (time.perf_counter() - start) / times


def main(peer, checkpoint, phase, batch, length):
    program = peers.open_peer(peer, read_checkpoint(checkpoint))
    run = getattr(program, phase)(*ours.random_sequences(int(batch), int(length)))
    steps = peers.DECODED if phase == "decode" else 1
    run()
    print("ready", flush=True)
    for _ in sys.stdin:
        times = max(1, round(TURN_SECONDS / seconds_of(run, 1)))
        print(*(seconds_of(run, times) / steps for _ in range(REPETITIONS)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
