#!/usr/bin/env bash
# A small suite of every family has the same bytes with the kernels of every instruction set that was built and that this
# processor has: results.csv but for time and memory, curves, diagnostics and checkpoints. GLIBC_TUNABLES hides
# instructions from the dynamic loader, which then takes the next set, and from the C library.
#   check.sh PROGRAM      exit status 77 (skipped) where there is one set alone
set -euo pipefail

program=$(realpath "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

models='transformer, linear_attention, retention, gla, delta_net, kda, mlstm, lru, s4d, s4, s5, linoss, pd_ssm, mamba, mamba2, mamba3, hyena, hgrn2,
  min_lstm, rwkv, rwkv7, slstm, m2rnn, tcn, rnn, {name: gru, model: rnn, cell: gru, solver: newton},
  {name: lstm, model: rnn, cell: lstm}, {name: cifg, model: rnn, cell: cifg}'
suite() {  # FILE MODELS STEPS
  cat >"$1" <<YAML
suite: sets
seeds: [0]
budget: {steps: $3}
defaults: {d_model: 32, layers: 2, batch: 8, dropout: 0.1, evaluations: 2, validation_examples: 16, test_examples: 16}
diagnostics: [update_cosine]
models: [$2]
tasks:
  - {name: mqar, length: 70, pairs: 4, vocabulary: 40}
  - adding_problem
YAML
}
suite all.yaml "$models" 6
suite few.yaml 'transformer, lru, linear_attention, {name: bf16, model: transformer, d_model: 64, mlp_ratio: 1, precision: bf16_emulated}' 2

# A name, and what is hidden for it.
declare -A hidden=([x86-64-v4]="" [x86-64-v3]="-AVX512F" [generic]="-AVX512F,-AVX2,-FMA")
with() {  # SET COMMAND...
  GLIBC_TUNABLES=glibc.cpu.hwcaps=${hidden[$1]} "${@:2}"
}

fail() {
  echo "$1" >&2
  exit 1
}

run() {  # SET SUITE
  with "$1" "$program" run "$2.yaml" --out "$1-$2" --jobs 2 >"$1-$2.log" 2>&1 || { cat "$1-$2.log"; fail "$1: the run failed"; }
  "$program" export "$1-$2" -o "$1-$2/csv" >/dev/null
}

same() {  # SET OTHER SUITE
  local one=$1-$3 two=$2-$3 count=0
  cmp "$one/csv/diagnostics.csv" "$two/csv/diagnostics.csv" || fail "$2: diagnostics.csv differs"
  for checkpoint in "$one"/trials/*/checkpoint.safetensors; do
    cmp "$checkpoint" "$two/${checkpoint#"$one"/}" || fail "$2: $checkpoint differs"
    count=$((count + 1))
  done
  [ "$count" -ge 6 ] || fail "$one has $count checkpoints"
  python3 - "$one" "$two" <<'PYTHON' || fail "$2: a table differs"
import csv, sys
free = {"finished_at", "train_seconds", "train_tokens_per_second", "peak_activation_bytes", "peak_resident_bytes", "seconds"}
for table in "results", "curves":
    one, two = ([{key: value for key, value in row.items() if key not in free}
                 for row in csv.DictReader(open(f"{folder}/csv/{table}.csv"))] for folder in sys.argv[1:])
    assert one and len(one) == len(two)
    for left, right in zip(one, two):
        assert left == right, [(key, left[key], right[key]) for key in left if left[key] != right[key]] + [left["model"], left["task"]]
PYTHON
  echo "$1 and $2: $count trials of $3.yaml are the same"
}

sets=()
for set in x86-64-v4 x86-64-v3 generic; do
  # Where a set was not built or the processor lacks it, another one is loaded.
  if with $set "$program" --version | grep -q ", $set$"; then sets+=("$set"); fi
done
[ ${#sets[@]} -ge 2 ] || { echo "skipped: only ${sets[*]} can be loaded here"; exit 77; }
first=${sets[0]}
for set in "${sets[@]}"; do
  [ "$set" = generic ] || run "$set" all
  run "$set" few
  [ "$set" = "$first" ] && continue
  [ "$set" = generic ] || same "$first" "$set" all
  same "$first" "$set" few
done
