"""Reads exported CSV files with Python's own reader: shapes, statuses, empty fields, quoting."""
import csv
import pathlib
import sys

folder = pathlib.Path(sys.argv[1])
tables = {}
for path in sorted(folder.glob("*.csv")):
    with open(path, newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file, strict=True)
    assert len(set(header)) == len(header), f"{path.name}: a column has two names"
    assert all(header) and header[0] != "index", f"{path.name}: an index column"
    assert rows and all(len(row) == len(header) for row in rows), f"{path.name}: ragged or empty"
    tables[path.stem] = [dict(zip(header, row)) for row in rows]

assert set(tables) >= {"results", "summary", "throughput", "solver", "profile", "curves"}, sorted(tables)
assert len(tables["results"]) == 6
assert [row["model"] for row in tables["summary"]] == ["lru", "rnn-newton", "rnn-both-ways"]
assert len(tables["throughput"]) == 3 * 4
for row in tables["results"] + tables["throughput"]:
    assert row["status"] == ("unsupported" if row["model"] == "rnn-both-ways" else "ok"), row
for row in tables["throughput"]:
    assert (float(row["tokens_per_second_median"]) > 0) if row["status"] == "ok" else row["reason"], row
    assert row["state_bytes"] != "0" and row["optimizer_bytes"] == ""
shares = {}
for row in tables["profile"]:
    if row["status"] != "ok":
        assert row["reason"] and row["share"] == "", row
        continue
    step = row["model"], row["phase"], row["length"]
    shares[step] = shares.get(step, 0) + float(row["share"])
assert len(shares) == 2 * 2 * 2 and all(abs(share - 1) < 1e-9 for share in shares.values()), shares
