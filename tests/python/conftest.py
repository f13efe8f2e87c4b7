"""What the tests of the Python module share: a finished results folder, and the program."""
import os
import pathlib
import subprocess

import pytest

import longhaul

SUITE = """
suite: quick
seeds: [0, 1]
budget: {steps: 2}
defaults: {d_model: 8, layers: 1, batch: 4, validation_examples: 8, test_examples: 8, evaluations: 1}
models: [lru, transformer]
tasks:
  - {name: s3-16, task: state_tracking, group: s3, min_length: 16, max_length: 16}
  - {name: mqar-64, task: mqar, length: 16, pairs: 2, vocabulary: 16}
"""


def run_program(*arguments):
    """What the program prints on standard output."""
    done = subprocess.run([longhaul.program(), *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A folder with results/runs/quick, made once."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "quick.yaml").write_text(SUITE)
    run_program("run", folder / "quick.yaml", "--out", folder / "results/runs/quick", "--jobs", "2")
    return folder


@pytest.fixture
def folder(finished, tmp_path):
    """A copy of it to work in, as the current directory."""
    subprocess.run(["cp", "-r", finished / "results", tmp_path], check=True)
    before = pathlib.Path.cwd()
    os.chdir(tmp_path)
    yield tmp_path
    os.chdir(before)
