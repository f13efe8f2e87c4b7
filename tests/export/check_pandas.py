"""Loads exported CSV files with pandas: types of the columns, missing numbers, no index column."""
import pathlib
import sys

import pandas as pd
from pandas.api.types import is_bool_dtype, is_integer_dtype, is_numeric_dtype

folder = pathlib.Path(sys.argv[1])
tables = {path.stem: pd.read_csv(path) for path in folder.glob("*.csv")}
for name, table in tables.items():
    assert len(table) and not any(column.startswith("Unnamed") for column in table), name

TEXT = {"suite", "trial", "model", "model_origin", "task", "pretrain", "loss", "status", "metric", "precision",
        "host", "cpu", "version", "build", "phase", "kernel", "isa", "reason", "split", "solver", "layer", "name", "measured_in",
        "options", "cost", "opponent", "finished_at", "operator"}
TRUTH = {"at_baseline", "on_front", "external"}
COUNTS = {"seed", "eval_length", "step", "length", "batch", "threads", "repetitions", "n", "task_version", "calls"}
for name, table in tables.items():
    for column in table:
        values = table[column].dropna()
        if column in TEXT or values.empty:
            continue
        place = f"{name}.{column}: {table[column].dtype}"
        if column in TRUTH:
            assert is_bool_dtype(values.infer_objects()), place
        elif column in COUNTS:
            assert is_integer_dtype(values.convert_dtypes()), place
        else:
            assert is_numeric_dtype(table[column]), place

results, throughput = tables["results"], tables["throughput"]
good = results[results.status == "ok"]
assert good.test_value.between(0, 1).all() and good.parameters.gt(0).all()
assert results[results.status != "ok"].test_value.isna().all()
timed = throughput[throughput.status == "ok"]
assert (timed.tokens_per_second_p20 <= timed.tokens_per_second_p80).all()
assert timed.fraction_of_peak.between(0, 1).all()
# A step of decode is one position of every sequence.
seconds = timed.batch / timed.tokens_per_second_median
assert ((1000 * seconds - timed.step_milliseconds_median).abs() < 1e-6 * timed.step_milliseconds_median).all()
joined = good.merge(timed, on="model")
assert set(joined.model) == {"lru", "rnn-newton"}
profile = tables["profile"][tables["profile"].status == "ok"]
assert (abs(profile.groupby(["model", "phase", "length"]).share.sum() - 1) < 1e-9).all()
