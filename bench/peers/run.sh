#!/usr/bin/env bash
# Times longhaul beside PyTorch and JAX on this machine: makes an environment from PyPI, checks outputs and gradients,
# measures, draws.
#   bench/peers/run.sh [--quick] [FOLDER]     FOLDER: results/peers unless given; rows that it has are kept
# --quick: training alone, lengths 256 and 1024, d_model 64: about ten minutes. The whole takes many hours; stop it and
# start it again as you like. The program is $LONGHAUL, or build/release/bin/longhaul. All else goes to build/peers.
set -euo pipefail
cd "$(dirname "$0")/../.."
quick=()
[ "${1:-}" != --quick ] || { quick=(--quick); shift; }
folder=${1:-results/peers}
export LONGHAUL=${LONGHAUL:-$PWD/build/release/bin/longhaul}
[ -x "$LONGHAUL" ] || { echo "run.sh: no program $LONGHAUL; cmake --build --preset release makes it, or set LONGHAUL" >&2; exit 2; }

work=build/peers
python=$work/venv/bin/python
mkdir -p "$work" "$folder"
if ! cmp -s bench/peers/requirements.txt "$work/installed.txt"; then
  python3 -m venv "$work/venv"
  "$python" -m pip install --quiet -r bench/peers/requirements.txt
  cp bench/peers/requirements.txt "$work/installed.txt"
fi

# What was checked need not be checked again.
checked=$(cat bench/peers/*.py "$LONGHAUL" | sha256sum)
if [ "$checked" != "$(cat "$work/checked" 2>/dev/null)" ]; then
  "$python" bench/peers/check.py "$work/check" | tee "$work/check.txt"
  cp "$work/check.txt" "$folder/check.txt"
  echo "$checked" >"$work/checked"
fi
"$python" bench/peers/measure.py "$folder" "$work/cases" "${quick[@]}"
"$python" bench/peers/picture.py "$folder"
"$python" bench/peers/table.py summary "$folder"
