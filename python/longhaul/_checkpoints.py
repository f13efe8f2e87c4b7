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

    def forward(self, inputs: Any) -> np.ndarray:
        """Logits, or the outputs of a regression, float32: [batch, classes], or [batch, length, classes] of a task with an answer at each position.

        inputs: ids [batch, length]; a sequence ends where only padding (0) follows. Of a task with real-valued inputs
        (task.channels above 0) numbers [batch, length, channels]; a sequence ends where only NaN follows.
        """
        import numpy as np

        given = np.asarray(inputs)
        if self.task.channels > 0:
            if not np.issubdtype(given.dtype, np.number) or np.issubdtype(given.dtype, np.complexfloating):
                raise TypeError(f"inputs: found {given.dtype}, allowed: real numbers")
            if given.ndim != 3:
                raise ValueError(f"inputs: expected an array [batch, length, channels], found {given.ndim} axes")
            return self._core.forward_values(np.ascontiguousarray(given, dtype=np.float32))
        if not np.issubdtype(given.dtype, np.integer):
            raise TypeError(f"tokens: found {given.dtype}, allowed: whole numbers")
        if given.ndim != 2:
            raise ValueError(f"tokens: expected an array [batch, length], found {given.ndim} axes")
        limits = np.iinfo(np.int32)
        if given.size and not (limits.min <= given.min() and given.max() <= limits.max):
            raise ValueError(f"tokens: found ids from {given.min()} to {given.max()}, the model knows 0 .. {self.task.vocab - 1}")
        return self._core.forward(np.ascontiguousarray(given, dtype=np.int32))
