#!/usr/bin/env python3
"""Times longhaul and its peers, A B C D A B C D, and writes a row for each program and case.

usage: measure.py FOLDER WORK [--quick]
FOLDER/measured.csv keeps its rows: what is there is not measured again. FOLDER/machine.txt is what they have in common.
WORK is for what is made on the way. The program is $LONGHAUL, or longhaul on the PATH."""
import csv
import importlib.metadata
import itertools
import os
import pathlib
import platform
import resource
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import cases
import ours
import peers

ROUNDS = 3
FIRST_LIMIT, BURST_LIMIT = 300, 120  # seconds
PROGRAMS = ("longhaul", *peers.PEERS)
KEYS = ("phase", "model", "d_model", "length", "batch", "threads")
COLUMNS = ("program", *KEYS, "status", "step_ms", "step_ms_least", "step_ms_most", "repetitions", "first_step_s",
           "resident_mib", "others", "reason")


def memory(what):
    with open("/proc/meminfo") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(what))


class Peer:
    """A worker: its first step, bursts of steps, and what it held."""

    def __init__(self, name, checkpoint, case, folder):
        self.case, self.errors = case, tempfile.TemporaryFile("w+")
        self.cache = tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True)  # nothing compiled before
        environment = os.environ | {"OMP_NUM_THREADS": str(case.threads), "TORCHINDUCTOR_CACHE_DIR": self.cache.name}
        command = [sys.executable, str(pathlib.Path(__file__).with_name("worker.py")), name, str(checkpoint), case.phase,
                   str(case.batch), str(case.length)]
        self.most = memory("MemAvailable") * 0.7
        start = time.perf_counter()
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
                                      text=True, env=environment, start_new_session=True,
                                      preexec_fn=lambda: os.sched_setaffinity(0, case.cores()))
        try:
            self.answer(FIRST_LIMIT)
        except ours.Failure:
            self.close()
            raise
        self.first_step = time.perf_counter() - start

    def answer(self, limit):
        end = time.perf_counter() + limit
        while not select.select([self.child.stdout], [], [], 0.1)[0]:
            if time.perf_counter() > end:
                raise ours.Failure(f"longer than {limit} s")
            if ours.resident(self.child.pid, "VmRSS") > self.most:
                raise ours.Failure(f"more than {self.most / 2**30:.1f} GiB of memory, 70% of what was free")
        line = self.child.stdout.readline()
        if line:
            return line
        self.child.wait()
        self.errors.seek(0)
        last = self.errors.read().strip().splitlines()[-1:]
        raise ours.Failure(f"ended with {self.child.returncode}: {' '.join(last)[-200:]}")

    def burst(self):
        print(file=self.child.stdin, flush=True)
        return [float(word) for word in self.answer(BURST_LIMIT).split()]

    def held(self):
        return ours.resident(self.child.pid, "VmHWM")

    def close(self):
        os.killpg(self.child.pid, signal.SIGKILL)  # with the compilers that it has started
        self.child.wait()
        self.cache.cleanup()


class Longhaul:
    """The same of longhaul. Its first step and memory are those of a whole trial of one step (validation, test and
    files included), or of `longhaul forward` for prefill; decoding alone has none."""

    def __init__(self, trial, case, folder):
        self.case, self.folder = case, folder
        self.first_step, self.bytes = None, None
        options = {"limit": FIRST_LIMIT, "cores": case.cores()}
        with tempfile.TemporaryDirectory(dir=folder) as out:
            if case.phase == "train":
                self.first_step, self.bytes = ours.call("trial", trial / "spec.json", "--out", out, "--threads",
                                                        case.threads, **options)
            elif case.phase == "prefill":
                ours.save_tokens(f"{out}/tokens.npy", case)
                self.first_step, self.bytes = ours.call("forward", trial / "checkpoint.safetensors", "--tokens",
                                                        f"{out}/tokens.npy", "--out", f"{out}/logits.npy", **options)

    def burst(self):
        return ours.step_seconds(self.folder, self.case, 3, FIRST_LIMIT)

    def held(self):
        return self.bytes

    def close(self):
        pass


def cpu_seconds():
    """Of all programs of the machine, and of these."""
    with open("/proc/stat") as lines:
        user, nice, system, _, _, irq, softirq = map(int, next(lines).split()[1:8])
    own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK"), sum(u.ru_utime + u.ru_stime for u in own)


def measured(case, folder):
    """A row a program."""
    failures, programs, times = {}, {}, {name: [] for name in PROGRAMS}
    start, (all_before, own_before) = time.perf_counter(), cpu_seconds()
    trial = ours.prepare(folder, case.model, case.d_model, case.length, case.batch, steps=1)

    def attempt(name, act):
        if name in failures:
            return
        try:
            act()
        except (ours.Failure, OSError) as failure:
            failures[name] = " ".join(str(failure).split())

    def begin(name):
        programs[name] = (Longhaul(trial, case, folder) if name == "longhaul" else
                          Peer(name, trial / "checkpoint.safetensors", case, folder))

    for name in PROGRAMS:
        attempt(name, lambda: begin(name))
    for _ in range(ROUNDS):
        for name in PROGRAMS:
            attempt(name, lambda: times[name].extend(programs[name].burst()))
    held = {}
    for name, program in programs.items():
        attempt(name, lambda: held.update({name: program.held()}))
        program.close()
    all_after, own_after = cpu_seconds()
    others = (all_after - all_before - own_after + own_before) / (time.perf_counter() - start)
    return [row(name, case, times[name], programs.get(name), held.get(name), others, failures.get(name))
            for name in PROGRAMS]


def row(name, case, seconds, program, held, others, failure):
    found = {"program": name, **vars(case), "others": f"{max(0.0, others):.2f}"}
    if failure:
        return found | {"status": "failed", "reason": failure.replace(",", ";")}
    found |= {"status": "ok", "step_ms": statistics.median(seconds) * 1e3, "step_ms_least": min(seconds) * 1e3,
              "step_ms_most": max(seconds) * 1e3, "first_step_s": program.first_step,
              "resident_mib": held and held / 2**20}
    return ({key: f"{value:.4g}" if isinstance(value, float) else value for key, value in found.items()} |
            {"repetitions": len(seconds)})


def machine():
    """Lines of what all rows have in common."""
    with open("/proc/cpuinfo") as lines:
        first = itertools.takewhile(str.strip, lines)  # processor
        cpu = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in first)}
    version = subprocess.run([ours.PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    packages = [f"{name} {importlib.metadata.version(name)}" for name in ("torch", "jax", "jaxlib", "numpy")]
    return "\n".join([f"cpu: {cpu['model name']}, family {cpu['cpu family']}, model {cpu['model']}",
                      f"cores: {cases.CORES}", f"memory: {memory('MemTotal') / 2**30:.1f} GiB",
                      f"system: {platform.system()} {platform.release()}, Python {platform.python_version()}",
                      f"longhaul: {version}", f"peers: {', '.join(packages)}"]) + "\n"


def known(file):
    if not file.exists():
        return set()
    with file.open() as lines:
        return {tuple(row[key] for key in KEYS) for row in csv.DictReader(lines)}


def main(folder, work, blocks):
    file, of = pathlib.Path(folder) / "measured.csv", pathlib.Path(folder) / "machine.txt"
    if of.exists() and of.read_text() != machine():
        sys.exit(f"measure.py: {of} is of another machine or other versions, allowed: the same, or a new folder:\n{machine()}")
    of.write_text(machine())
    wanted = cases.cases(blocks)
    done = known(file)
    left = [case for case in wanted if tuple(str(getattr(case, key)) for key in KEYS) not in done]
    print(f"{len(left)} of {len(wanted)} cases to measure", flush=True)
    if not file.exists():
        file.write_text(",".join(COLUMNS) + "\n")
    for case in left:
        start = time.perf_counter()
        rows = measured(case, pathlib.Path(work))
        with file.open("a") as out:
            csv.DictWriter(out, COLUMNS, lineterminator="\n").writerows(rows)
        print(*vars(case).values(), " ".join(f"{r['program']} {r.get('step_ms', 'failed')}" for r in rows),
              f"{time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:3], cases.QUICK if "--quick" in sys.argv[3:] else cases.FULL)
