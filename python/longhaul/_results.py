"""Results folders as pandas frames, and scores that were made elsewhere beside them."""

from __future__ import annotations

import io
import json
import os
import pathlib
import warnings
from typing import TYPE_CHECKING

from longhaul import _core
from longhaul._tasks import Task

if TYPE_CHECKING:
    import pandas as pd


# Names stay as they are: pandas would make 7 of "007", and a missing value of "null".
AS_WRITTEN = {
    "keep_default_na": False,
    "na_values": [""],
    "dtype": dict.fromkeys(["suite", "trial", "model", "opponent", "task", "build", "version", "host", "note"], str),
}


class Run:
    """What a results folder holds, as frames with the columns of docs/results/csv.md.

    results, summary, curves, throughput, diagnostics, solver, profile, pairs, pareto, ranks, wins: a pandas frame each, without
    rows where the folder has none. Made by longhaul.load().
    """

    results: pd.DataFrame
    summary: pd.DataFrame
    curves: pd.DataFrame
    throughput: pd.DataFrame
    diagnostics: pd.DataFrame
    solver: pd.DataFrame
    profile: pd.DataFrame
    pairs: pd.DataFrame
    pareto: pd.DataFrame
    ranks: pd.DataFrame
    wins: pd.DataFrame

    def __init__(self, folder: str | os.PathLike) -> None:
        import pandas as pd

        self.folder = os.fspath(folder)
        texts, problems = _core.tables(self.folder)
        for name, text in texts.items():
            setattr(self, name, pd.read_csv(io.StringIO(text), **AS_WRITTEN))
        for problem in problems:
            warnings.warn(problem, stacklevel=3)

    def __repr__(self) -> str:
        return f"longhaul.load({self.folder!r})"

    def task(self, name: str) -> Task:
        """A task of the suite, with the options that its trials have."""
        trials = self.results[(self.results.task == name) & ~self.results.external].trial
        for trial in trials:
            spec = pathlib.Path(self.folder, "trials", trial, "spec.json")
            if spec.exists():
                found = json.loads(spec.read_text())
                return Task(found["task"], found["task_options"])
        known = ", ".join(sorted(set(self.results.task)))
        raise KeyError(f"{self.folder}: no finished trial of task {name!r}; those of {known} are finished")

    def table(self, metric: str = "accuracy") -> str:
        """The table of the folder as text, as `longhaul table` prints it."""
        return _core.table(self.folder, metric)


def load(folder: str | os.PathLike) -> Run:
    """Reads a results folder, such as results/runs/quick. Damaged files are named by warnings and left out."""
    return Run(folder)


def add_result(
    folder: str | os.PathLike,
    *,
    model: str,
    task: str,
    test_value: float,
    seed: int = 0,
    eval_length: int = 0,
    val_value: float | None = None,
    test_examples: int | None = None,
    parameters: int | None = None,
    steps: int | None = None,
    tokens_seen: int | None = None,
    train_seconds: float | None = None,
    learning_rate: float | None = None,
    note: str = "",
) -> str:
    """Adds the score of a model that longhaul did not train to a results folder, and returns its id.

    Tables, pages and CSV files then show it beside the others, marked as external. test_value: accuracy (0 to 1) on
    the task's test examples; test_examples: how many of them, if not as many as the suite tests. task: the name of the
    task's entry in the suite. A score of the same model, task, seed and eval_length is replaced.

    Raises longhaul.Error if the suite has a model of that name, no such task, or no finished trial of it yet.
    """
    score = _core.ExternalScore()
    score.model, score.task, score.test_value, score.seed = model, task, float(test_value), seed
    score.eval_length, score.val_value, score.test_examples = eval_length, val_value, test_examples
    score.parameters, score.steps, score.tokens_seen = parameters, steps, tokens_seen
    score.train_seconds, score.learning_rate, score.note = train_seconds, learning_rate, note
    return _core.add_external(os.fspath(folder), score)
