"""Trained models."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from longhaul import _core
from longhaul._tasks import Task

if TYPE_CHECKING:
    import numpy as np


class Checkpoint:
    """A model that a trial trained: results/runs/SUITE/trials/ID/checkpoint.safetensors.

    spec: all that decides the trial, as in its spec.json. task: the task that it was trained on. A model or task of
    a plugin needs longhaul.load_plugin() first.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self._core = _core.Checkpoint(os.fspath(path))
        self.path = os.fspath(path)
        self.spec: dict[str, Any] = json.loads(self._core.spec)
        self.task = Task(self.spec["task"], self.spec["task_options"])

    def __repr__(self) -> str:
        return f"longhaul.Checkpoint({self.path!r})"

    def forward(self, tokens: Any) -> np.ndarray:
        """Logits, float32: [batch, classes], or [batch, length, classes] of a task with an answer at each position.

        tokens: ids [batch, length]; a sequence ends where only padding (0) follows.
        """
        import numpy as np

        ids = np.asarray(tokens)
        if not np.issubdtype(ids.dtype, np.integer):
            raise TypeError(f"tokens: found {ids.dtype}, allowed: whole numbers")
        if ids.ndim != 2:
            raise ValueError(f"tokens: expected an array [batch, length], found {ids.ndim} axes")
        limits = np.iinfo(np.int32)
        if ids.size and not (limits.min <= ids.min() and ids.max() <= limits.max):
            raise ValueError(f"tokens: found ids from {ids.min()} to {ids.max()}, the model knows 0 .. {self.task.vocab - 1}")
        return self._core.forward(np.ascontiguousarray(ids, dtype=np.int32))
