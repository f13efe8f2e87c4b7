"""What is measured: a table of blocks, the most telling first, as a whole takes hours."""
import dataclasses
import itertools
import os

import ours

TOKENS = 16384  # of a step, where the batch is not 1
CORES = len(os.sched_getaffinity(0))
LENGTHS = (256, 1024, 4096, 16384)

# phase, widths, lengths, batches (0: TOKENS / length), threads
QUICK = [("train", [64], [256, 1024], [0], [CORES])]
FULL = QUICK + [
    ("train", [64], LENGTHS, [0], [CORES]),
    ("decode", [64], LENGTHS, [1], [1]),
    ("prefill", [64], LENGTHS, [0], [CORES]),
    ("train", [64], LENGTHS, [0], [1]),
    ("train", [64, 128], LENGTHS, [0, 1], [CORES, 1]),
    ("prefill", [64, 128], LENGTHS, [0, 1], [CORES]),
    ("decode", [64, 128], LENGTHS, [1, 0], [1, CORES]),
]


@dataclasses.dataclass(frozen=True)
class Case:
    phase: str
    model: str
    d_model: int
    length: int
    batch: int
    threads: int

    def cores(self):
        """Those that its programs may run on."""
        return set(sorted(os.sched_getaffinity(0))[:self.threads])


def cases(blocks):
    """Each once, in the order of the blocks."""
    found = {}
    for phase, widths, lengths, batches, threads in blocks:
        for d_model, length, batch, count, model in itertools.product(widths, lengths, batches, threads, ours.MODELS):
            found[Case(phase, model, d_model, length, batch or max(1, TOKENS // length), count)] = True
    return list(found)
