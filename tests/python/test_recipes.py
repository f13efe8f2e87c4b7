"""The blocks of docs/recipes.md run on a results folder and print something."""
import pathlib
import re
import shutil
import subprocess

import pytest

from conftest import run_program

PAGE = pathlib.Path(__file__).parents[2] / "docs/recipes.md"


def blocks(language):
    found = re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert found, language
    return found


@pytest.fixture
def exported(folder):
    run_program("export", "results/runs/quick")


def test_queries_of_duckdb(exported):
    duckdb = pytest.importorskip("duckdb")
    for query in blocks("sql"):
        rows = duckdb.sql(query).fetchall()
        assert len(rows) == 4  # two models on two tasks


def test_frames_of_pandas(exported, capsys):
    names = {}
    for block in blocks("python"):
        exec(compile(block, str(PAGE), "exec"), names)
    printed = capsys.readouterr().out
    assert "transformer" in printed and "s3-16" in printed


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="no Rscript (apt install r-base-core)")
def test_frames_of_r(exported):
    done = subprocess.run(["Rscript", "-e", "\n".join(blocks("r"))], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "transformer" in done.stdout and "Median" in done.stdout
