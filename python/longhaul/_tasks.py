"""Tasks: examples as NumPy arrays, the same that longhaul trains and tests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterator, NamedTuple

from longhaul import _core

if TYPE_CHECKING:
    import numpy as np


class Example(NamedTuple):
    """One input and its answer.

    tokens and second are int64 ids of shape [length], values float32 of shape [length, channels]. Those that
    the task does not have are None. targets: a number, or of a task with an answer at each position an
    int64 array [length], -1 where none is scored. numbers: of a regression, the real answers, float32 of shape
    [answers, classes], where a target of 0 says that there is one; else None.
    """

    tokens: np.ndarray | None
    targets: Any
    values: np.ndarray | None
    second: np.ndarray | None
    split: str
    seed: int
    index: int
    numbers: np.ndarray | None = None


class Batch(NamedTuple):
    """Examples side by side, padded at their ends: ids with 0, values with 0, targets with -1.

    tokens: int64 [size, length]; lengths: int64 [size]; targets: int64 [size], or [size, length] of a task with
    an answer at each position. values: float32 [size, length, channels], in place of tokens. second and
    second_lengths: the other sequences of a task that compares two. numbers: of a regression, the real answers,
    float32 [size, answers, classes]. What the task does not have is None.
    first: the index of the first example.
    """

    tokens: np.ndarray | None
    lengths: np.ndarray
    targets: np.ndarray
    values: np.ndarray | None
    second: np.ndarray | None
    second_lengths: np.ndarray | None
    split: str
    seed: int
    first: int
    numbers: np.ndarray | None = None


class Task:
    """A task with its options, as `longhaul show task NAME` lists them. Made by longhaul.task().

    vocab: ids lie in [0, vocab), 0 among them, which pads (0 of a task whose inputs are real numbers).
    channels: real numbers a position in place of an id, else 0. classes: targets lie in [0, classes);
    if is_regression, so many real numbers are an answer. readout: "sequence" (an answer a sequence), "pair" (an
    answer a pair of sequences) or "token" (an answer at each position with a target). max_length: no sequence is longer.
    version: rises when a seed yields other examples.

    A seed is that of a trial: the training examples of seed 0 are those of a trial with seed 0. Validation and
    test examples are the same for all seeds.
    """

    def __init__(self, name: str, options: dict[str, bool | int | float | str]) -> None:
        self._core = _core.Task(name, {option: _plain(option, value) for option, value in options.items()})
        self.name = name
        self.options: dict[str, Any] = self._core.options
        self.about: str = self._core.about
        self.source: str = self._core.source
        self.version: int = self._core.version
        self.vocab: int = self._core.vocab
        self.channels: int = self._core.channels
        self.classes: int = self._core.classes
        self.is_regression: bool = self._core.is_regression
        self.readout: str = self._core.readout
        self.max_length: int = self._core.max_length

    def __repr__(self) -> str:
        options = "".join(f", {name}={value!r}" for name, value in self.options.items())
        return f"longhaul.task({self.name!r}{options})"

    def __reduce__(self) -> tuple:
        return Task, (self.name, self.options)

    def example(self, index: int = 0, split: str = "train", seed: int = 0) -> Example:
        """Example `index` of a split: "train", "validation" or "test"."""
        arrays = self._core.draw(split, seed, index, 1)
        targets = arrays["targets"][0]

        def only(name: str) -> np.ndarray | None:
            return arrays[name][0] if name in arrays else None

        return Example(
            only("tokens"), targets, only("values"), only("second"), split, seed, index, only("numbers")
        )

    def batch(self, first: int, size: int, split: str = "train", seed: int = 0) -> Batch:
        """Examples `first` ... `first + size - 1` of a split."""
        arrays = self._core.draw(split, seed, first, size)
        return Batch(
            tokens=arrays.get("tokens"),
            lengths=arrays["lengths"],
            targets=arrays["targets"],
            values=arrays.get("values"),
            second=arrays.get("second"),
            second_lengths=arrays.get("second_lengths"),
            split=split,
            seed=seed,
            first=first,
            numbers=arrays.get("numbers"),
        )

    def batches(self, size: int, examples: int | None = None, split: str = "train", seed: int = 0) -> Batches:
        """The first `examples` of a split in batches, in their order, each drawn when it is asked for.

        For PyTorch: `torch.utils.data.DataLoader(task.batches(32, examples=50_000), batch_size=None)`.
        A task that reads files has so many `examples`; one that makes them has any number, and needs to be told.
        """
        return Batches(self, size, examples, split, seed)

    def show(self, index: int = 0, split: str = "train", seed: int = 0) -> str:
        """An example as text, as `longhaul sample` prints it."""
        return self._core.show(split, seed, index)

    def baselines(self, test_examples: int = 1000) -> dict[str, float]:
        """Accuracies (0 to 1) of rules without a sequence model on the first test examples.

        chance: 1 / classes. majority: the answer seen most often in training. shallow: the task's own rule without
        memory. A model that is not above all of them has learned nothing.
        """
        return self._core.baselines(test_examples)


def _plain(option: str, value: Any) -> bool | int | float | str:
    """The value as Python's own, also of a NumPy number."""
    plain = value.item() if hasattr(value, "item") else value
    if not isinstance(plain, (bool, int, float, str)):
        raise TypeError(f"{option}: found {value!r}, allowed: a number, a text, True or False")
    return plain


class Batches:
    """Batches of a task, by number: what a DataLoader with batch_size=None takes."""

    def __init__(self, task: Task, size: int, examples: int | None, split: str, seed: int) -> None:
        if size < 1:
            raise ValueError(f"size: found {size}, allowed: 1 or more")
        stored = task._core.count(split)
        if examples is None and not stored:
            raise ValueError(f"examples: task {task.name!r} makes examples without end; say how many, examples=10000")
        self.task, self.size, self.split, self.seed = task, size, split, seed
        self.examples = stored if examples is None else examples

    def __len__(self) -> int:
        return -(-self.examples // self.size)

    def __getitem__(self, number: int) -> Batch:
        if not 0 <= number < len(self):
            raise IndexError(f"batch {number} of {len(self)}")
        first = number * self.size
        return self.task.batch(first, min(self.size, self.examples - first), self.split, self.seed)

    def __iter__(self) -> Iterator[Batch]:
        return (self[number] for number in range(len(self)))


def task(name: str, /, **options: bool | int | float | str) -> Task:
    """A task by its name, with options: `longhaul.task("pathfinder", size=32)`.

    longhaul.tasks() lists the names. Raises longhaul.Error for an unknown name or option, with the nearest.
    """
    return Task(name, options)
