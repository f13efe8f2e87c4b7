"""The Python blocks of docs/python.md run, one after the other."""
import importlib.util
import pathlib
import re

import pytest

PAGE = pathlib.Path(__file__).parents[2] / "docs/python.md"


def test_the_blocks_of_the_page_run(folder):
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 5
    names = {}
    trial = next(pathlib.Path("results/runs/quick/trials").glob("*/checkpoint.safetensors")).parent.name
    for block in blocks:
        if "torch" in block and importlib.util.find_spec("torch") is None:
            continue  # too large to install for a test
        exec(compile(block.replace("TRIAL", trial), str(PAGE), "exec"), names)


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")
def test_the_example_trains_with_pytorch_and_adds_its_row(folder, capsys):
    example = PAGE.parents[1] / "examples/python/train_torch.py"
    import runpy
    import sys

    sys.argv = [str(example), "results/runs/quick", "--task", "s3-16", "--steps", "5"]
    runpy.run_path(str(example), run_name="__main__")
    assert "(external)" in capsys.readouterr().out
