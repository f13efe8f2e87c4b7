"""Results as frames, scores from elsewhere beside them, and trained models."""
import pathlib

import numpy as np
import pytest

import longhaul
from conftest import run_program

RUN = "results/runs/quick"


def checkpoint_of(model, task):
    results = longhaul.load(RUN).results
    trial = results[(results.model == model) & (results.task == task) & (results.seed == 0)].trial.item()
    return f"{RUN}/trials/{trial}/checkpoint.safetensors"


def test_a_run_has_a_frame_for_each_csv_file(folder):
    run = longhaul.load(RUN)
    assert len(run.results) == 8 and set(run.results.status) == {"ok"}
    assert set(run.summary.model) == {"lru", "transformer"} and (run.summary.n == 2).all()
    assert {"trial", "step", "value"} <= set(run.curves.columns) and len(run.curves)
    assert len(run.throughput) == 0 and "tokens_per_second_median" in run.throughput.columns
    run_program("export", RUN, "-o", "csv")
    for name in ("results", "summary", "curves", "pairs", "pareto"):
        header = pathlib.Path("csv", name + ".csv").read_text().splitlines()[0]
        assert ",".join(getattr(run, name).columns) == header


def test_names_that_look_like_numbers_or_nothing_stay_names(tmp_path):
    suite = tmp_path / "names.yaml"
    suite.write_text(
        "suite: '007'\nseeds: [0]\nbudget: {steps: 2}\ndefaults: {d_model: 8, layers: 1, batch: 2, test_examples: 8}\n"
        "models: [{name: 'null', model: lru}, {name: '1e5', model: lru, layers: 2}]\n"
        "tasks: [{name: 'NA', task: parity_check, max_length: 8}]\n"
    )
    run_program("run", suite, "--out", tmp_path / "out")
    run = longhaul.load(tmp_path / "out")
    for frame in (run.results, run.curves, run.summary):
        assert set(frame.model) == {"null", "1e5"} and set(frame.task) == {"NA"}
    assert set(run.results.suite) == {"007"}


def test_a_task_of_a_run_has_the_options_of_the_suite(folder):
    task = longhaul.load(RUN).task("mqar-64")
    assert task.name == "mqar" and task.options["pairs"] == 2
    with pytest.raises(KeyError, match="mqar-64, s3-16 are finished"):
        longhaul.load(RUN).task("pathfinder")


def test_a_score_from_elsewhere_stands_in_the_table_and_is_marked(folder):
    for seed, score in enumerate([0.95, 0.97]):
        longhaul.add_result(RUN, model="torch-gru", task="s3-16", seed=seed, test_value=score, parameters=4321)
    run = longhaul.load(RUN)
    added = run.results[run.results.external]
    assert list(added.test_value) == [0.95, 0.97] and set(added.model_origin) == {"external"}
    assert added.chance.notna().all() and added.train_loss.isna().all()
    row = run.summary[run.summary.model == "torch-gru"].iloc[0]
    assert row["mean"] == pytest.approx(0.96) and row["rank"] == 1 and row.p_vs_best is not None
    for text in (run.table(), run_program("table", RUN)):
        line = next(line for line in text.splitlines() if line.startswith("torch-gru (external)"))
        assert "96.0" in line
        assert "made elsewhere" in text
    run_program("report", RUN)
    assert "torch-gru (external)" in pathlib.Path(RUN, "report.html").read_text()
    # A rerun keeps it.
    assert "torch-gru (external)" in run_program("run", folder / RUN / "suite.yaml", "--out", RUN)


def test_errors_of_the_library_are_exceptions_with_their_message(folder):
    with pytest.raises(longhaul.Error, match="no such results folder; did you mean '.*quick'"):
        longhaul.load("results/runs/quik")
    with pytest.raises(longhaul.Error, match="the suite has no task 's3-17'; did you mean 's3-16'"):
        longhaul.add_result(RUN, model="mine", task="s3-17", test_value=0.5)
    with pytest.raises(longhaul.Error, match="test_value: found 41, allowed: 0 .. 1"):
        longhaul.add_result(RUN, model="mine", task="s3-16", test_value=41)
    with pytest.raises(longhaul.Error, match="trains a model of that name itself"):
        longhaul.add_result(RUN, model="lru", task="s3-16", test_value=0.5)
    assert not pathlib.Path(RUN, "external").exists()


def test_damaged_files_are_warnings(folder):
    pathlib.Path(checkpoint_of("lru", "mqar-64")).with_name("record.json").write_text("{")
    with pytest.warns(UserWarning, match="record.json: damaged"):
        run = longhaul.load(RUN)
    assert len(run.results) == 7


def test_forward_gives_the_logits_of_the_program(folder):
    for model, task in (("lru", "s3-16"), ("transformer", "mqar-64")):
        path = checkpoint_of(model, task)
        checkpoint = longhaul.Checkpoint(path)
        assert checkpoint.spec["model"] == model
        batch = checkpoint.task.batch(0, 3, split="test")
        np.save("tokens.npy", batch.tokens)
        run_program("forward", path, "--tokens", "tokens.npy", "--out", "logits.npy")
        logits = checkpoint.forward(batch.tokens)
        assert np.array_equal(logits, np.load("logits.npy"))
        assert logits.shape[-1] == checkpoint.task.classes and logits.dtype == np.float32


def test_scores_by_forward_are_those_of_the_table(folder):
    results = longhaul.load(RUN).results
    row = results[(results.model == "lru") & (results.task == "s3-16") & (results.seed == 0)].iloc[0]
    checkpoint = longhaul.Checkpoint(checkpoint_of("lru", "s3-16"))
    batch = checkpoint.task.batch(0, int(row.test_examples), split="test")
    accuracy = (checkpoint.forward(batch.tokens).argmax(-1) == batch.targets).mean()
    assert accuracy == pytest.approx(row.test_value)


def test_forward_reads_real_numbers(folder):
    series = [f'"{row},1 {row + 1},2",{row}' for row in range(60)]
    pathlib.Path("mean.csv").write_text("\n".join(["x,label", *series]))
    pathlib.Path("s.yaml").write_text(
        "{suite: s, seeds: [0], budget: {steps: 2}, models: [lru], "
        "defaults: {d_model: 8, layers: 1, batch: 4, test_examples: 8, validation_examples: 8}, "
        "tasks: [{task: files, data: mean.csv, kind: numbers, input: x, answers: number, loss: mse}]}"
    )
    run_program("run", "s.yaml", "--out", "numbers")
    checkpoint = longhaul.Checkpoint(next(pathlib.Path("numbers").glob("trials/*/checkpoint.safetensors")))
    values = np.array([[[0.5, 1], [2, -1]], [[1, 1], [np.nan, np.nan]]])
    np.save("values.npy", values)
    run_program("forward", checkpoint.path, "--values", "values.npy", "--out", "outputs.npy")
    outputs = checkpoint.forward(values)
    assert outputs.shape == (2, 1) and np.array_equal(outputs, np.load("outputs.npy"))
    with pytest.raises(ValueError, match="found 2 axes"):
        checkpoint.forward([[1.0, 2.0]])


def test_tokens_that_a_model_cannot_read_are_refused(folder):
    checkpoint = longhaul.Checkpoint(checkpoint_of("lru", "s3-16"))
    with pytest.raises(TypeError, match="found float64"):
        checkpoint.forward(np.zeros((1, 4)))
    with pytest.raises(ValueError, match="found 1 axes"):
        checkpoint.forward([1, 2, 3])
    with pytest.raises(longhaul.Error, match="id 9999"):
        checkpoint.forward([[9999]])
    with pytest.raises(longhaul.Error, match="nothing but padding"):
        checkpoint.forward([[0, 0]])
    with pytest.raises(longhaul.Error, match="nowhere"):
        longhaul.Checkpoint("nowhere.safetensors")


def test_the_program_and_the_package_are_of_one_version():
    version = run_program("--version")
    assert f"longhaul {longhaul.__version__}, build {longhaul._core.build()}" in version


def test_every_public_name_has_a_docstring_and_the_module_has_stubs():
    for name in longhaul.__all__:
        assert getattr(longhaul, name).__doc__, name
    package = pathlib.Path(longhaul.__file__).parent
    stubs = pathlib.Path(longhaul._core.__file__).with_name("_core.pyi").read_text()
    assert "class ExternalScore" in stubs and "def add_external" in stubs
    assert (package / "py.typed").exists()
