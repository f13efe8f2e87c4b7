#!/usr/bin/env bash
# Several MPI ranks that share the trials of a suite end with the bytes of one process: on 2 and on 4 ranks, also after
# one of them was killed and after mpirun was interrupted. Each keeps the limits of a trial.
#   mpi.sh PROGRAM      exit status 77 (skipped) where there is no mpirun, or the program was built without MPI
set -euo pipefail

program=$1
command -v mpirun >/dev/null || { echo "skipped: mpirun is not installed (apt install openmpi-bin)"; exit 77; }
ldd "$(dirname "$program")/../lib/liblonghaul.so" | grep libmpi >/dev/null || { echo "skipped: built without -DLONGHAUL_MPI=ON"; exit 77; }

page=$(cd "$(dirname "$0")/../../docs" && pwd)/mpi.md
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

ranks_of() { pgrep -f "^$program run .*--out $1"; }  # FOLDER: their processes

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
  cmp one/csv/diagnostics.csv "$1/csv/diagnostics.csv" || fail "$1: diagnostics.csv differs"
  cmp <(cut -d, -f1-9 one/csv/curves.csv) <(cut -d, -f1-9 "$1/csv/curves.csv") || fail "$1: curves.csv differs"  # the 10th: seconds
  for checkpoint in one/trials/*/checkpoint.safetensors; do
    cmp "$checkpoint" "$1/${checkpoint#one/}" || fail "$1: $checkpoint differs"
  done
  python3 - "$1" <<'PYTHON' || fail "$1: results.csv differs"
import csv, sys
free = {"train_seconds", "train_tokens_per_second", "peak_activation_bytes", "peak_resident_bytes", "ranks", "attempts", "finished_at"}
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
ranks_of killed | tail -1 | xargs kill -9
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

# What docs/mpi.md tells a reader to do. The program is installed and built with MPI already.
commands=$(awk '/^```/ { inside = $0 == "```sh"; next } inside && !/^(sudo apt|cmake) /' "$page")
[ "$(grep -c '^mpirun .*longhaul run\|^longhaul ' <<<"$commands")" -ge 2 ] || fail "docs/mpi.md: too few commands are found"
cp -r "$(dirname "$page")/../configs" .  # which an installed longhaul brings
PATH=$(dirname "$program"):$PATH OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 \
  bash -euc "$commands" >page.log 2>&1 || fail "docs/mpi.md: a command fails"
grep -q "linear_attention" page.log || fail "docs/mpi.md: no table"

cat >limited.yaml <<'YAML'
suite: limited
seeds: [0]
budget: {steps: 20}
limits: {memory: 300MiB, seconds: 3}
checkpoint_seconds: 0.2
defaults: {d_model: 16, layers: 1, batch: 8, evaluations: 2, validation_examples: 8, test_examples: 8}
models: [lru]
tasks:
  - {name: large, task: copy, length: 20000, batch: 64}
  - {name: long, task: copy, length: 30, budget: {steps: 10000000}}
  - {name: short, task: copy, length: 30}
YAML

limited() {  # FOLDER OPTIONS...
  mpirun --allow-run-as-root --oversubscribe -n 2 "$program" run limited.yaml --out "$@" >"$1.log" 2>&1
}

ends() {  # FOLDER: how each trial ended, large, long and short
  "$program" export "$1" -o "$1/csv" >/dev/null 2>&1
  python3 - "$1" <<'PYTHON'
import csv, sys
print(*[f"{row['task']}:{row['status']}" for row in csv.DictReader(open(f"{sys.argv[1]}/csv/results.csv"))])
PYTHON
}

# A rank that hangs cannot be asked: mpirun ends, and the next run does the other trials.
small=(--set limits.stall=8 --set limits.seconds=100 --set tasks.large.batch=1 --set tasks.large.length=30)
mkdir stuck
limited stuck "${small[@]}" &
stuck=$!
until ls stuck/trials/*/resume.0 >/dev/null 2>&1; do sleep 0.05; done
for rank in $(ranks_of stuck); do grep -q "Max data size *314572800 " "/proc/$rank/limits" || fail "a rank has no limit of memory"; done
ranks_of stuck | tail -1 | xargs kill -STOP

# A limit ends one trial on all ranks, and the others run.
limited limits && fail "two trials are beyond their limits, and all is well"
[ "$(ends limits)" = "large:out_of_memory long:timed_out short:ok" ] || fail "limits: $(ends limits)"
grep -q "under a limit of 300 MiB of own memory, on MPI rank [01] of 2" limits.log || fail "limits: no word of memory"
grep -q "reached limits.seconds of 3 s at step [1-9]" limits.log || fail "limits: no word of time"
# Also where one rank alone has too little.
mpirun --allow-run-as-root --oversubscribe -n 1 "$program" run limited.yaml --out uneven --set limits.memory=4GiB --set limits.seconds=100 \
  --set tasks.long.budget.steps=21 : -n 1 bash -c 'ulimit -d 200000 && exec "$@"' - "$program" run limited.yaml --out uneven >uneven.log 2>&1 &&
  fail "a rank has too little memory, and all is well"
[ "$(ends uneven)" = "large:out_of_memory long:ok short:ok" ] || fail "uneven: $(ends uneven)"
grep -q "on MPI rank 1 of 2" uneven.log || fail "uneven: it is not said which rank has too little"

wait $stuck && fail "a rank hung, and all is well"
grep -q "made no step for limits.stall of 8 s at step .* recorded as timed_out" stuck.log || fail "stuck: no word of it"
[ "$(ends stuck)" = "large:ok long:timed_out" ] || fail "stuck: $(ends stuck)"
limited stuck "${small[@]}" && fail "one trial has failed"
[ "$(ends stuck)" = "large:ok long:timed_out short:ok" ] || fail "stuck, then: $(ends stuck)"
