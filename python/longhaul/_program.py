"""The command `longhaul`: the program that stands in this package."""

from __future__ import annotations

import os
import pathlib
import sys


def program() -> str:
    """The path of the program `longhaul` of this package, for subprocess.run()."""
    return str(pathlib.Path(__file__).parent / "bin" / "longhaul")


def main() -> None:
    os.execv(program(), ["longhaul", *sys.argv[1:]])
