"""Reads exported event files with TensorBoard's own reader and compares them with the CSV files."""
import csv
import pathlib
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

folder = pathlib.Path(sys.argv[1])


def rows_of(name):
    with open(folder / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


finished = [row for row in rows_of("results.csv") if row["status"] == "ok"]
curves = rows_of("curves.csv")
assert finished and curves
for row in finished:
    reader = EventAccumulator(str(folder / "events" / row["model"] / row["task"] / f"seed{row['seed']}"))
    reader.Reload()
    points = [point for point in curves if point["trial"] == row["trial"] and point["value"]]
    tags = {f"{point['split']}/{point['metric']}" for point in points}
    assert set(reader.Tags()["scalars"]) == tags | {"test/accuracy"}, reader.Tags()
    for tag in tags:
        expected = [(int(p["step"]), float(p["value"])) for p in points if f"{p['split']}/{p['metric']}" == tag]
        found = [(event.step, event.value) for event in reader.Scalars(tag)]
        assert [step for step, _ in found] == [step for step, _ in expected], tag
        assert all(abs(a - b) <= 1e-6 * max(1, abs(b)) for (_, a), (_, b) in zip(found, expected)), tag
    (test,) = reader.Scalars("test/accuracy")
    assert abs(test.value - float(row["test_value"])) < 1e-6 and test.step == int(row["selected_step"])
