#!/usr/bin/env bash
# Several MPI ranks that share the trials of a suite end with the bytes of one process: on 2 and on 4 ranks, also after
# one of them was killed and after mpirun was interrupted.
#   mpi.sh PROGRAM      exit status 77 (skipped) where there is no mpirun, or the program was built without MPI
set -euo pipefail

program=$1
command -v mpirun >/dev/null || { echo "skipped: mpirun is not installed (apt install openmpi-bin)"; exit 77; }
ldd "$(dirname "$program")/../lib/liblonghaul.so" | grep -q libmpi || { echo "skipped: built without -DLONGHAUL_MPI=ON"; exit 77; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >shared.yaml <<'YAML'
suite: shared
seeds: [0]
budget: {steps: 150}
checkpoint_seconds: 0.05
defaults: {d_model: 16, layers: 1, batch: 16, dropout: 0.1, evaluations: 4}
diagnostics: [update_cosine]
models: [{name: gru, model: rnn, cell: gru, solver: newton}, linear_attention]
tasks: [{name: copy, task: copy, length: 30}]
pretrain: [none, causal]
YAML

together() {  # RANKS FOLDER
  mpirun --allow-run-as-root --oversubscribe -n "$1" "$program" run shared.yaml --out "$2" >"$2.log" 2>&1
}

fail() {
  echo "$1" >&2
  cat ./*.log >&2
  exit 1
}

check() {  # FOLDER: has the bytes of one process
  "$program" export "$1" -o "$1/csv" >/dev/null
  for file in curves.csv diagnostics.csv; do cmp "one/csv/$file" "$1/csv/$file" || fail "$1: $file differs"; done
  for checkpoint in one/trials/*/checkpoint.safetensors; do
    cmp "$checkpoint" "$1/${checkpoint#one/}" || fail "$1: $checkpoint differs"
  done
  python3 - "$1" <<'PYTHON' || fail "$1: results.csv differs"
import csv, sys
free = {"train_seconds", "train_tokens_per_second", "peak_activation_bytes", "peak_resident_bytes", "ranks", "attempts"}
rows = [[{key: value for key, value in row.items() if key not in free} for row in csv.DictReader(open(f"{folder}/csv/results.csv"))]
        for folder in ("one", sys.argv[1])]
sys.exit(rows[0] != rows[1] or not rows[0])
PYTHON
}

"$program" run shared.yaml --out one >one.log 2>&1
"$program" export one -o one/csv >/dev/null

for ranks in 2 4; do
  together "$ranks" "ranks$ranks" || fail "$ranks ranks fail"
  check "ranks$ranks"
done

mkdir killed
together 2 killed &
until ls killed/trials/*/resume.0 >/dev/null 2>&1; do sleep 0.05; done
pgrep -f "$program run shared.yaml --out killed" | tail -1 | xargs kill -9
wait $! && fail "a rank was killed, and the run ended well"
together 2 killed || fail "the run after the kill fails"
check killed

mkdir interrupted
together 2 interrupted &
until ls interrupted/trials/*/resume.0 >/dev/null 2>&1; do sleep 0.05; done
pkill -INT -f "mpirun .*--out interrupted"
wait $! && fail "the run was interrupted, and ended well"
grep -q "interrupted. Finished trials are kept" interrupted.log || fail "nothing is said of the interruption"
together 2 interrupted || fail "the run after the interruption fails"
check interrupted

together 3 three && fail "three ranks share eight lanes"
grep -q "found 3 MPI ranks for 8 lanes" three.log || fail "three ranks are not refused with a reason"
