#!/usr/bin/env python3
"""Runs a suite undisturbed, and again while runner and workers are killed, stopped and continued, and
while the system refuses what they ask of it. Both must end with the same bytes, apart from the
columns of time, memory and place.

  chaos.py PROGRAM FAULTS.so [--kills N] [--faults N] [--steps N] [--folder DIR]
           [--suite FILE] [--jobs N] [--pause SECONDS] [--only-sigkill]

--kills: signals sent, SIGKILL for the most part. --faults: runs under the library FAULTS.so, in which
one call in fifty of write, fsync, rename, mkdir and open fails and the clock of the day jumps.
--steps: of each trial; more of them leave more room for kills. With --folder the results stay.
--suite: in place of the one below; --jobs: its trials at once. --pause: the longest between two signals.
"""
import argparse
import csv
import errno
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SUITE = """suite: chaos
seeds: [0, 1]
budget: {{steps: {steps}}}
checkpoint_seconds: 0.1
retry: {{tries: 3, delay: 10ms}}
defaults: {{d_model: 16, layers: 1, batch: 8, evaluations: 10, dropout: 0.1}}
diagnostics: [update_cosine]
models: [lru, transformer]
tasks: [{{name: copy, task: copy, length: 40}}]
pretrain: [none, causal]
"""
# What may differ between two runs of the same trials.
FREE = {"train_seconds", "train_tokens_per_second", "peak_activation_bytes", "peak_resident_bytes", "attempts",
        "host", "cpu", "threads", "seconds", "finished_at"}
SIGNALS = [signal.SIGKILL] * 6 + [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGSTOP]


class Chaos:
    def __init__(self, arguments, folder):
        self.program = arguments.program
        self.faults = arguments.faults_library
        self.suite = arguments.suite or folder / "chaos.yaml"
        if not arguments.suite:
            self.suite.write_text(SUITE.format(steps=arguments.steps))
        self.options = ["--jobs", str(arguments.jobs)] if arguments.jobs else []
        self.pause = arguments.pause
        self.signals = [signal.SIGKILL] if arguments.only_sigkill else SIGNALS
        self.random = random.Random(arguments.seed)
        self.sent = {}

    def start(self, out, **variables):
        """With variables: under the library of faults, which reads them."""
        environment = dict(os.environ)
        if variables:
            environment.update(LD_PRELOAD=self.faults, CHAOS_FOLDER=str(out), **variables)
        return subprocess.Popen(
            [self.program, "run", str(self.suite), "--out", str(out), *self.options], env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def finish(self, out):
        """Without disturbance, to the end."""
        for _ in range(20):  # children of a killed runner may hold the folder's lock for a moment
            run = self.start(out)
            _, complaint = run.communicate()
            if "another longhaul run" not in complaint:
                break
            time.sleep(0.2)
        if run.returncode != 0:
            sys.exit(f"the run ends with status {run.returncode}: {complaint}")

    def await_undisturbed(self):
        if self.undisturbed.returncode == 0:
            return
        _, complaint = self.undisturbed.communicate()
        if self.undisturbed.returncode != 0:
            sys.exit(f"the undisturbed run ends with status {self.undisturbed.returncode}: {complaint}")

    def send(self, process):
        number = self.random.choice(self.signals)
        try:
            os.kill(process, number)
            if number == signal.SIGSTOP:
                time.sleep(0.2)
                os.kill(process, signal.SIGCONT)
        except ProcessLookupError:
            return 0
        self.sent[number.name] = self.sent.get(number.name, 0) + 1
        return 1

    @staticmethod
    def ends_within(run, seconds):
        try:
            run.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            return False

    def kill(self, out, kills):
        done = 0
        while done < kills:
            run = self.start(out)
            while done < kills and not self.ends_within(run, self.random.uniform(0, self.pause)):
                workers = subprocess.run(["pgrep", "-P", str(run.pid)], capture_output=True, text=True)
                targets = [run.pid] + [int(worker) for worker in workers.stdout.split()]
                done += self.send(self.random.choice(targets))
            if run.poll() is None:
                run.kill()
            run.communicate()
            if run.returncode == 0:
                self.begin_again(out)

    def begin_again(self, out):
        """All is done and must be right; in a folder that is new there is more to disturb."""
        self.check(out)
        shutil.rmtree(out)

    def fail_calls(self, out, runs):
        endings = {}
        for _ in range(runs):
            run = self.start(out, CHAOS_SEED=str(self.random.randrange(1 << 30)))
            run.communicate()
            endings[run.returncode] = endings.get(run.returncode, 0) + 1
            if run.returncode not in (0, 3):
                sys.exit(f"under faults the run ends with status {run.returncode}, not 3")
            if run.returncode == 0:
                self.begin_again(out)
        print("endings under faults, by status:", endings)

    def refuse_locks(self, out):
        """A shared disk without locks is no other run at work, and the run says what is wrong."""
        for reason in (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP):
            run = self.start(out, CHAOS_LOCK=str(reason))
            _, complaint = run.communicate()
            if (run.returncode != 3 or "cannot lock the folder" not in complaint
                    or os.strerror(reason) not in complaint or list(out.glob("trials"))):
                sys.exit(f"without locks the run ends with status {run.returncode}: {complaint}")

    def check(self, out):
        self.finish(out)
        self.await_undisturbed()
        for folder in (self.whole, out):
            subprocess.run([self.program, "export", str(folder), "-o", str(folder / "csv")],
                           check=True, stdout=subprocess.DEVNULL)
        for name in ("results.csv", "curves.csv", "diagnostics.csv"):
            expected, found = (
                [{key: value for key, value in row.items() if key not in FREE}
                 for row in csv.DictReader(open(folder / "csv" / name))] for folder in (self.whole, out))
            if expected != found or not expected:
                sys.exit(f"{name} differs: {[pair for pair in zip(expected, found) if pair[0] != pair[1]][:2]}")
        for file in self.whole.glob("trials/*/checkpoint.safetensors"):
            if file.read_bytes() != (out / file.relative_to(self.whole)).read_bytes():
                sys.exit(f"{file.relative_to(self.whole)} differs")
        left = [str(file) for file in out.glob("trials/*/*") if ".tmp" in file.name or "resume" in file.name]
        if left:
            sys.exit(f"left behind: {left}")

    def run(self, folder, kills, faults):
        self.whole = folder / "whole"
        if faults:
            self.refuse_locks(self.whole)
        self.undisturbed = self.start(self.whole)  # beside the others
        start = time.time()
        try:
            for name, disturb, count in (("killed", self.kill, kills), ("refused", self.fail_calls, faults)):
                if count:
                    disturb(folder / name, count)
                    self.check(folder / name)
        finally:
            self.undisturbed.kill()
        print(f"signals sent: {self.sent}; {faults} runs with refused calls; every byte as undisturbed; "
              f"{time.time() - start:.0f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("faults_library")
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--faults", type=int, default=20)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("--suite", type=pathlib.Path)
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--pause", type=float, default=0.6)
    parser.add_argument("--only-sigkill", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        Chaos(arguments, folder).run(folder, arguments.kills, arguments.faults)


if __name__ == "__main__":
    main()
