#!/usr/bin/env bash
# Trains every model for a few steps and recomputes its logits with NumPy.
# usage: parity.sh LONGHAUL   (skipped with 77 where Python has no NumPy)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
longhaul=$1
python=/usr/bin/python3
"$python" -c 'import numpy' 2>/dev/null || { echo "skipped: no NumPy"; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$longhaul" run "$here/parity.yaml" --out "$work/run" >/dev/null 2>&1
"$python" -c "
import numpy as np
tokens = np.random.default_rng(0).integers(1, 16, (3, 41))
tokens[1, 30:] = 0
tokens[2, 1:] = 0
np.save('$work/tokens.npy', tokens)"
count=0
for checkpoint in "$work"/run/trials/*/checkpoint.safetensors; do
  "$longhaul" forward "$checkpoint" --tokens "$work/tokens.npy" --out "$work/logits.npy"
  "$python" "$here/forward.py" "$checkpoint" "$work/tokens.npy" "$work/logits.npy"
  count=$((count + 1))
done
[ "$count" -eq 76 ] || { echo "expected 76 checkpoints, found $count"; exit 1; }
