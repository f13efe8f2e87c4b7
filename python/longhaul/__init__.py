"""Tasks, trained models and results of longhaul for Python.

    import longhaul

    task = longhaul.task("pathfinder", size=32)     # examples as NumPy arrays
    run = longhaul.load("results/runs/quick")       # results as pandas frames
    model = longhaul.Checkpoint("checkpoint.safetensors")
    longhaul.add_result("results/runs/quick", model="my-gru", task="s3-16", test_value=0.41)

The command `longhaul` comes with this package. docs/python.md of the project shows more.
"""

from __future__ import annotations

try:
    from longhaul import _core
except ImportError as error:
    if "ISA level" not in str(error):
        raise
    raise ImportError(
        "longhaul: this build needs a processor with AVX2 and FMA (x86-64-v3: Intel since Haswell, AMD since "
        "Zen), which this one is not; build it from source here: pip install . in longhaul's tree"
    ) from None

from longhaul._checkpoints import Checkpoint
from longhaul._core import Error, load_plugin, models, tasks
from longhaul._program import program
from longhaul._results import Run, add_result, load
from longhaul._tasks import Batch, Batches, Example, Task, task

Error.__module__ = __name__  # as tracebacks name it
__version__ = _core.version()
__all__ = [
    "Batch",
    "Batches",
    "Checkpoint",
    "Error",
    "Example",
    "Run",
    "Task",
    "add_result",
    "load",
    "load_plugin",
    "models",
    "program",
    "task",
    "tasks",
]
