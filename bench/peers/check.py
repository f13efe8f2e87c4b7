#!/usr/bin/env python3
"""Do the peers compute what longhaul computes? For each model: logits, the gradient of every parameter, and the logits
that decoding ends with, on a checkpoint of a few training steps.

usage: check.py FOLDER     for what is made on the way; the program is $LONGHAUL, or longhaul on the PATH
A difference above 1e-4 of the largest value of its kind fails. A gradient's kind is its tensor."""
import pathlib
import sys

import numpy as np

import ours
import peers
from checkpoint import read_checkpoint, read_tensors

ALLOWED = 1e-4
BATCH, LENGTH = 3, 512


def expected(folder, trial, tokens, classes):
    np.save(folder / "tokens.npy", tokens)
    np.save(folder / "targets.npy", classes)
    ours.call("forward", trial / "checkpoint.safetensors", "--tokens", folder / "tokens.npy", "--out",
              folder / "logits.npy", "--grad", folder / "gradients.safetensors", "--targets", folder / "targets.npy")
    return np.load(folder / "logits.npy"), read_tensors(folder / "gradients.safetensors")[0]


def apart(found, wanted):
    """The largest difference, as a share of the largest value."""
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())


def differences(peer, checkpoint, tokens, classes, logits, gradients):
    program = peers.open_peer(peer, checkpoint)
    own_logits, own_gradients = program.logits_and_gradients(tokens, classes)
    missing = set(gradients) ^ set(own_gradients)
    if missing:
        sys.exit(f"check.py: {peer}: gradients of one side alone: {', '.join(sorted(missing))}")
    by_name = {name: apart(own_gradients[name], gradients[name]) for name in gradients}
    worst = max(by_name, key=by_name.get)
    return {"logits": apart(own_logits, logits), f"gradient of {worst}": by_name[worst],
            "decoding": apart(program.decoded_logits(tokens), logits)}


def main(folder):
    failed = False
    for model in ours.MODELS:
        for d_model in (64, 128):
            own = pathlib.Path(folder) / f"{model}-{d_model}"
            trial = ours.prepare(own, model, d_model, LENGTH, BATCH, steps=5)
            tokens, classes = ours.random_sequences(BATCH, LENGTH, seed=3)
            wanted = expected(own, trial, tokens, classes)
            for peer in peers.PEERS if d_model == 64 else ("torch", "jax"):  # compiling takes minutes
                found = differences(peer, read_checkpoint(trial / "checkpoint.safetensors"), tokens, classes, *wanted)
                failed |= not max(found.values()) <= ALLOWED  # not a number fails too
                print(f"{model:17} {d_model:4} {peer:14}", "  ".join(f"{what} {much:.1e}" for what, much in found.items()),
                      flush=True)
    if failed:
        sys.exit(f"check.py: a difference above {ALLOWED}")


if __name__ == "__main__":
    main(*sys.argv[1:])
