#!/usr/bin/env bash
# Builds the Python module against a build of longhaul and runs its tests, with packages from PyPI in an environment of
# its own that is made the first time.
# usage: check.sh LONGHAUL BUILD_DIR FOLDER
# Skipped with 77 where Python's headers, or PyPI, are out of reach.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source_dir=$(cd "$here/../.." && pwd)
longhaul=$1 build=$2 folder=$3
python=/usr/bin/python3
"$python" -c 'import sysconfig, pathlib, sys; sys.exit(not pathlib.Path(sysconfig.get_path("include"), "Python.h").exists())' \
  2>/dev/null || { echo "skipped: no headers of $python (apt install python3-dev python3-venv)"; exit 77; }

venv=$folder/venv
if ! "$venv/bin/python" -c 'import duckdb, nanobind, numpy, pandas, pytest' 2>/dev/null; then
  rm -rf "$venv"
  { "$python" -m venv "$venv" &&
      timeout 300 "$venv/bin/pip" install --quiet --retries 1 --timeout 15 duckdb nanobind numpy pandas pytest; } ||
    { echo "skipped: duckdb, nanobind, numpy, pandas and pytest cannot be installed from PyPI"; exit 77; }
fi

launcher=$(command -v ccache || true)
cmake -S "$source_dir/python" -B "$folder/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DLONGHAUL_BUILD="$build" \
  -DPython_EXECUTABLE="$venv/bin/python" -DCMAKE_CXX_COMPILER_LAUNCHER="$launcher" >/dev/null
cmake --build "$folder/build" >"$folder/build.log" || { cat "$folder/build.log"; exit 1; }

# The package as a wheel has it: Python's sources beside the module, the program in bin/.
package=$folder/build/longhaul
mkdir -p "$package/bin"
ln -sf "$source_dir"/python/longhaul/* "$package"
ln -sf "$longhaul" "$package/bin/longhaul"
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$folder/build "$venv/bin/python" -m pytest -q -p no:cacheprovider "$here"
