"""Examples and batches are those that training sees."""
import json
import multiprocessing
import pickle

import numpy as np
import pytest

import longhaul
from conftest import run_program

# Small enough to draw quickly; the others at their defaults.
OPTIONS = {"path_x": {"size": 32}, "pathfinder": {"size": 16}}


def makes_examples(name):
    try:
        return longhaul.task(name, **OPTIONS.get(name, {}))
    except longhaul.Error:
        return None  # reads files that are given by an option


@pytest.mark.parametrize("split, stream", [("train", 8), ("validation", 0), ("test", 0)])
def test_examples_of_every_task_are_those_that_sample_prints(split, stream):
    compared = 0
    for name in longhaul.tasks():
        task = makes_examples(name)
        if task is None:
            continue
        options = [f"--set={key}={value}" for key, value in OPTIONS.get(name, {}).items()]
        # A trial with seed 7 trains on stream 8; all seeds share the streams of validation and test.
        printed = json.loads(
            run_program("sample", name, "-n", 2, "--split", split, "--seed", stream, "--format", "json", *options)
        )
        assert printed["version"] == task.version
        for index, expected in enumerate(printed["examples"]):
            found = task.example(index, split=split, seed=7)
            assert np.array_equal(np.ravel(found.targets), expected["targets"]), name
            if task.channels:
                assert found.tokens is None and found.values.shape[1] == task.channels
                values = np.array(expected["values"], dtype=np.float32)
                assert np.array_equal(found.values.ravel(), values), name
            else:
                assert np.array_equal(found.tokens, expected["tokens"]), name
                assert found.tokens.dtype == np.int64 and found.tokens.max() < task.vocab
            assert (found.second is None) == ("second" not in expected)
            if found.second is not None:
                assert np.array_equal(found.second, expected["second"]), name
        compared += 1
    assert compared >= 25


def test_a_batch_has_the_examples_in_their_order_padded_to_the_longest():
    task = longhaul.task("listops", min_length=20, max_length=60)
    batch = task.batch(10, 5, split="test")
    assert batch.tokens.shape == (5, batch.lengths.max()) and batch.first == 10
    assert len(set(batch.lengths)) > 1, "no example is shorter than another, so nothing is padded"
    for row in range(5):
        one = task.example(10 + row, split="test")
        assert len(one.tokens) == batch.lengths[row] and one.targets == batch.targets[row]
        assert np.array_equal(batch.tokens[row, : batch.lengths[row]], one.tokens)
        assert not batch.tokens[row, batch.lengths[row] :].any()


def test_a_task_with_an_answer_at_each_position_has_targets_at_each_and_pads_them():
    task = longhaul.task("reverse_string")
    assert task.readout == "token"
    batch = task.batch(0, 8)
    assert batch.targets.shape == batch.tokens.shape
    for row, length in enumerate(batch.lengths):
        assert (batch.targets[row, length:] == -1).all()
    assert batch.targets.max() < task.classes


def test_a_task_of_pairs_has_both_sequences():
    batch = longhaul.task("retrieval_synthetic").batch(0, 3)
    assert len(batch.second) == len(batch.second_lengths) == len(batch.tokens) == 3


def test_a_regression_has_its_real_answers(tmp_path):
    rows = "".join(f"{i} {i + 1},{i / 2}\n" for i in range(40))
    (tmp_path / "sums.csv").write_text("text,label\n" + rows)
    task = longhaul.task("files", data=str(tmp_path / "sums.csv"), input="text", answer="label", kind="numbers",
                         answers="number", normalize=False)
    assert task.is_regression and task.classes == 1
    batch = task.batch(0, 6)
    assert batch.numbers.shape == (6, 1, 1) and batch.numbers.dtype == np.float32
    assert (batch.targets == 0).all()
    assert np.array_equal(batch.numbers.ravel(), batch.values[:, 0, 0] / 2)
    assert np.array_equal(task.example(3).numbers, batch.numbers[3])
    assert longhaul.task("listops").batch(0, 2).numbers is None


def test_batches_cover_the_examples_once_and_the_last_may_be_smaller():
    batches = longhaul.task("mqar").batches(32, examples=70, split="validation")
    assert len(batches) == 3
    assert [len(batch.tokens) for batch in batches] == [32, 32, 6]
    assert [batch.first for batch in batches] == [0, 32, 64]
    with pytest.raises(IndexError):
        batches[3]
    with pytest.raises(ValueError, match="makes examples without end"):
        longhaul.task("mqar").batches(32)


def test_seeds_change_training_examples_alone():
    task = longhaul.task("mqar")
    assert not np.array_equal(task.batch(0, 4, seed=0).tokens, task.batch(0, 4, seed=1).tokens)
    for split in ("validation", "test"):
        assert np.array_equal(task.batch(0, 4, split, 0).tokens, task.batch(0, 4, split, 1).tokens)


def test_wrong_names_and_options_raise_the_whole_message():
    with pytest.raises(longhaul.Error, match="did you mean 'listops'"):
        longhaul.task("listop")
    with pytest.raises(ValueError, match="listops: .*max_lenght.*max_length"):
        longhaul.task("listops", max_lenght=100)
    with pytest.raises(longhaul.Error, match="allowed: train"):
        longhaul.task("listops").example(split="training")
    with pytest.raises(longhaul.Error, match="allowed: one or more"):
        longhaul.task("listops").batch(0, 0)


def test_options_of_each_type_reach_the_task():
    assert longhaul.task("listops", max_length=1234).options["max_length"] == 1234
    assert longhaul.task("pathfinder", size=np.int64(32)).max_length == 32 * 32
    assert longhaul.task("mqar", random_non_queries=False).options["random_non_queries"] is False
    with pytest.raises(TypeError, match=r"pairs: found \[8\]"):
        longhaul.task("mqar", pairs=[8])


def test_baselines_are_those_of_the_program():
    found = longhaul.task("mqar").baselines(200)
    assert found["chance"] == pytest.approx(1 / longhaul.task("mqar").classes)
    assert set(found) == {"chance", "majority", "shallow"}
    assert all(0 <= score <= 1 for score in found.values())


def draw_in_child(pickled, answers):
    answers.put(pickle.loads(pickled).batch(0, 4).tokens)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_task_draws_the_same_in_the_processes_of_a_data_loader(method):
    task = longhaul.task("mqar")
    task.baselines(50)  # has used threads, which a forked process does not have
    context = multiprocessing.get_context(method)
    answers = context.Queue()
    child = context.Process(target=draw_in_child, args=(pickle.dumps(task), answers))
    child.start()
    assert np.array_equal(answers.get(timeout=60), task.batch(0, 4).tokens)
    child.join()
