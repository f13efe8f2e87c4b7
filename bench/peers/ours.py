"""longhaul's side: a suite of one model on made-up sequences, its commands, and what they took."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import numpy as np

VOCABULARY, CLASSES, LAYERS = 64, 10, 2  # the first two are those of `longhaul throughput`
MODELS = {  # name: its entry in a suite
    "transformer": {"model": "transformer"},
    "linear_attention": {"model": "linear_attention"},
    "lru": {"model": "lru"},
    "gru": {"model": "rnn", "cell": "gru"},
    "rnn": {"model": "rnn"},
    "mamba2": {"model": "mamba2"},
}
PROGRAM = os.environ.get("LONGHAUL", "longhaul")


class Failure(Exception):
    """Why a program gave no measurement."""


def resident(pid, what):
    """Bytes of a process: VmRSS now, VmHWM at most so far; 0 once it has ended."""
    with open(f"/proc/{pid}/status") as lines:
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(what)), 0)


def call(*arguments, limit=None, cores=None):
    """Runs longhaul; returns its seconds and the most memory that it held, in bytes."""
    with tempfile.TemporaryFile("w+") as errors:
        start, most = time.perf_counter(), 0
        child = subprocess.Popen([PROGRAM, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=errors,
                                 preexec_fn=(lambda: os.sched_setaffinity(0, cores)) if cores else None)
        while child.poll() is None:
            # Not ru_maxrss, which counts what this process held when it forked.
            most = max(most, resident(child.pid, "VmHWM"))
            if limit and time.perf_counter() > start + limit:
                child.kill()
                child.wait()
                raise Failure(f"longer than {limit} s")
            time.sleep(0.002)
        seconds = time.perf_counter() - start
        if child.returncode:
            errors.seek(0)
            raise Failure(f"longhaul {arguments[0]} ended with {child.returncode}: {errors.read().strip()[-300:]}")
    return seconds, most


def random_sequences(batch, length, seed=0):
    """Ids from 1 on, as 0 is padding, and classes."""
    rng = np.random.default_rng(seed)
    tokens = rng.integers(1, VOCABULARY, (batch, length))
    tokens[0, 0] = VOCABULARY - 1  # the vocabulary reaches to the largest id
    return tokens, np.arange(batch) % CLASSES


def suite_of(model, d_model, **keys):
    # JSON is YAML too.
    return {"suite": "peers", "seeds": [0], "models": [{"name": model, **MODELS[model]}],
            "defaults": {"d_model": d_model, "layers": LAYERS}, **keys}


def prepare(folder, model, d_model, length, batch, steps):
    """Trains so many steps; returns the trial's folder, with spec.json and checkpoint.safetensors."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {}
    for seed, split in enumerate(("train", "validation", "test")):
        arrays[split + "_x"], arrays[split + "_y"] = random_sequences(max(batch, CLASSES), length, seed)
    np.savez(folder / "data.npz", **arrays)
    suite = suite_of(model, d_model, budget={"steps": steps}, tasks=[
        {"name": "random", "task": "files", "data": str(folder / "data.npz"), "kind": "ids"}])
    suite["defaults"] |= {"batch": batch, "evaluations": 1, "validation_examples": 1, "test_examples": 1}
    (folder / "suite.yaml").write_text(json.dumps(suite))
    shutil.rmtree(folder / "run", ignore_errors=True)
    call("run", folder / "suite.yaml", "--out", folder / "run", "--jobs", 1)
    (trial,) = (folder / "run" / "trials").iterdir()
    return trial


def step_seconds(folder, case, repetitions, limit):
    """Seconds of a step by `longhaul throughput`, so many times, in a process of its own."""
    folder = pathlib.Path(folder)
    suite = suite_of(case.model, case.d_model, throughput={
        "lengths": [case.length], "phases": [case.phase], "tokens": case.batch * case.length,
        "repetitions": repetitions})
    (folder / "throughput.yaml").write_text(json.dumps(suite))
    with tempfile.TemporaryDirectory(dir=folder) as out:
        call("throughput", folder / "throughput.yaml", "--out", out, "--threads", case.threads, limit=limit,
             cores=case.cores())
        rows = json.loads((pathlib.Path(out) / "throughput.json").read_text())
    row = next(row for row in rows if row["batch"] == case.batch)
    if row["status"] != "ok":
        raise Failure(f"{row['status']}: {row['message']}")
    return row["step_seconds"]


def save_tokens(file, case):
    np.save(file, random_sequences(case.batch, case.length)[0])
