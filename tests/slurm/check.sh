#!/usr/bin/env bash
# usage: check.sh LONGHAUL [KILLS]
#
# `longhaul run --engine slurm` on a real Slurm of three nodes (cluster.sh), with the faults that a
# cluster has. What it finds must have the bytes that a run on this machine alone finds.
# With KILLS: only SIGKILL, so many times, to workers and to the runner that waits for them.
set -euo pipefail
longhaul=$1
here=$(cd "$(dirname "$0")" && pwd)
for program in slurmctld slurmd munged sbatch; do
  command -v $program >/dev/null || {
    echo "skipped: $program is not installed (apt install slurm-wlm munge)"
    exit 77
  }
done
work=$(mktemp -d /tmp/longhaul-slurm.XXXXXX)
chmod 755 "$work"  # munged wants to be reached through it
export SLURM_CONF=$work/slurm/slurm.conf
runs=()
finish() {
  local status=$?
  for run in "${runs[@]}"; do kill -9 "$run" 2>/dev/null || true; done
  "$here/cluster.sh" down "$work/slurm" || true
  [ $status = 0 ] && rm -rf "$work" || echo "what was left: $work" >&2
}
trap finish EXIT
mkdir "$work/slurm"
"$here/cluster.sh" up "$work/slurm" || {
  echo "skipped: Slurm does not start on this machine"
  tail -n 5 "$work"/slurm/*.log
  exit 77
}
# Where a path ends and what its % means is for Slurm no question of ours.
mkdir "$work/it's 100%j \"odd\""
cd "$work/it's 100%j \"odd\""

say() { echo "$(date +%T) $*"; }
fail() {
  echo "FAILED: $*" >&2
  exit 1
}
# suite NAME SEEDS STEPS [ENGINE KEYS]
suite() {
  cat >"$1.yaml" <<END
suite: $1
seeds: [$2]
budget: {steps: $3}
defaults: {d_model: 8, layers: 1, batch: 4}
retry: {tries: 3, delay: 100ms}
checkpoint_seconds: 1
engine: {cpus: 1${4:+, $4}}
models: [transformer, lru]
tasks: [{name: copy, vocabulary: 4, length: 20}]
END
}
run() { "$longhaul" run "$1.yaml" --engine slurm --out "$1.slurm" "${@:2}" >"$1.table" 2>"$1.log"; }
start() { # in the background; its number is $!
  "$longhaul" run "$1.yaml" --engine slurm --out "$1.slurm" "${@:2}" >"$1.table" 2>"$1.log" </dev/null &
  runs+=($!)
}
local_run() {
  "$longhaul" run "$1.yaml" --engine local --out "$1.local" >/dev/null 2>"$1.local.log" ||
    fail "$1: a local run: $(cat "$1.local.log")"
}
# The columns of results.csv in front of those of time, memory and host.
results() {
  "$longhaul" export "$1" >/dev/null 2>&1
  local last
  last=$(head -1 "$1/results.csv" | tr , '\n' | grep -n '^train_seconds$' | cut -d: -f1)
  cut -d, -f1-$((last - 1)) "$1/results.csv"
}
same_bytes() {
  results "$1.local" >"$1.expected"
  results "$1.slurm" >"$1.found"
  diff "$1.expected" "$1.found" || fail "$1: results.csv differs from a local run's"
  cmp <(cut -d, -f1-9 "$1.local/curves.csv") <(cut -d, -f1-9 "$1.slurm/curves.csv") || fail "$1: curves.csv differs"  # the 10th: seconds
  for weights in "$1".local/trials/*/checkpoint.safetensors; do
    cmp "$weights" "${weights/.local/.slurm}" || fail "$1: a checkpoint differs"
  done
}
wait_until() { # SECONDS COMMAND...
  for _ in $(seq $((10 * $1))); do
    if "${@:2}"; then return 0; fi
    sleep 0.1
  done
  return 1
}
states() {  # of the suite's jobs: name, number, state, node
  local jobs
  jobs=$(cd "$1.slurm/slurm" 2>/dev/null && echo longhaul-*) || return 0
  squeue -h -r -t all -o '%j %F_%K %T %N' | grep "$jobs" || true
}
# Slurm waits two minutes before it runs again what was requeued.
hurry() {
  local task
  for task in $(states "$1" | awk '$3 == "PENDING" {print $2}'); do
    scontrol update JobId="$task" StartTime=now 2>/dev/null || true
  done
}
finish_soon() {  # SUITE PROCESS: waits for its end
  while kill -0 "$2" 2>/dev/null; do
    hurry "$1"
    sleep 1
  done
  wait "$2"
}
has_step() { grep -qsE '"step": *[1-9]' "$1".slurm/trials/*/progress.json; }
has_resume() { ls "$1".slurm/trials/*/resume.* >/dev/null 2>&1; }
workers() { pgrep -f "trial $PWD/$1.slurm" || true; }

kill_storm() {  # KILLS
  suite storm "0,1" 30000
  local_run storm
  local killed=0 ended=0 run target
  RANDOM=1
  while [ $killed -lt "$1" ]; do
    start storm
    run=$!
    while kill -0 "$run" 2>/dev/null; do
      sleep 0.$((RANDOM % 10))
      hurry storm
      target=$(workers storm | shuf -n 1)
      [ $((RANDOM % 5)) != 0 ] || target=$run
      if [ $killed -lt "$1" ] && [ -n "$target" ] && kill -9 "$target" 2>/dev/null; then killed=$((killed + 1)); fi
    done
    if wait "$run"; then
      same_bytes storm
      rm -rf storm.slurm
      ended=$((ended + 1))
    fi
  done
  say "$killed kills; $ended suites ended, every byte as in a local run"
  [ $ended -gt 0 ] || fail "storm: no suite ended"
}
if [ $# -gt 1 ]; then
  say "$2 kills"
  kill_storm "$2"
  exit
fi

say "forty trials in two suites at once over three nodes"
suite forty "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14" 5
suite other "0,1,2,3,4" 5
start forty
first=$!
start other
second=$!
local_run forty
local_run other
wait $first || fail "forty: $(cat forty.log)"
wait $second || fail "other: $(cat other.log)"
same_bytes forty
same_bytes other
[ ! -e forty.slurm/slurm ] || fail "forty: the folder of its jobs stays"

say "what docs/cluster.md tells a reader to do; Slurm is there already"
commands=$(awk '/^```/ { inside = $0 == "```sh"; next } inside && !/^sudo apt /' "$here/../../docs/cluster.md")
[ "$(grep -c '^longhaul ' <<<"$commands")" -ge 4 ] || fail "docs/cluster.md: too few commands are found"
mkdir shared
cp -r "$here/../../configs" .  # which an installed longhaul brings
PATH=$(dirname "$longhaul"):$PATH bash -euc "${commands//\/shared\//shared\/}" >page.log 2>&1 </dev/null ||
  fail "docs/cluster.md: a command fails: $(cat page.log)"
grep -q "linear_attention" page.log || fail "docs/cluster.md: no table: $(cat page.log)"

say "detached, and picked up by a later run, which submits nothing twice"
suite left "0,1" 2000
run left --detach || fail "left: $(cat left.log)"
grep -q "4 trials run or wait in Slurm" left.log || fail "left: $(cat left.log)"
"$longhaul" run left.yaml --engine local --out left.slurm >/dev/null 2>left.refused &&
  fail "left: a local run takes trials away from Slurm's jobs"
grep -q "go on with --engine slurm" left.refused || fail "left: $(cat left.refused)"
jobs=$(squeue -h -r -t all | wc -l)
run left || fail "left: $(cat left.log)"
[ "$(squeue -h -r -t all | wc -l)" = "$jobs" ] || fail "left: a trial was submitted twice"
local_run left
same_bytes left

say "pretrained, detached: Slurm starts each trial when its pretraining has ended, and nobody waits"
suite early "0,1" 200
echo "pretrain: [none, causal]" >>early.yaml
suite hopeless "0" 50
echo "pretrain: [causal]" >>hopeless.yaml
sed -i 's/batch: 4/batch: 4, optimizer: sgd, learning_rate: 10, clip: 0/' hopeless.yaml
for name in early hopeless; do run $name --detach || fail "$name: $(cat $name.log)"; done
grep -q "12 trials run or wait in Slurm; to" early.log || fail "early: $(cat early.log)"
local_run early
"$longhaul" run hopeless.yaml --engine local --out hopeless.local >/dev/null 2>&1 && fail "hopeless: a trial is not diverged"
has_records() { [ "$(ls "$1".slurm/trials/*/record.json 2>/dev/null | wc -l)" = "$2" ]; }
wait_until 60 has_records early 12 || fail "early: $(squeue)"
wait_until 60 has_records hopeless 4 || fail "hopeless: $(squeue)"
jobs=$(squeue -h -r -t all | wc -l)
run early || fail "early: $(cat early.log)"
[ "$(squeue -h -r -t all | wc -l)" = "$jobs" ] || fail "early: a trial was submitted twice"
same_bytes early
reasons() { (cd "$1/trials" && grep -o '"message": *"[^"]*"' ./*/record.json); }
[ "$(reasons hopeless.slurm | grep -c 'ended as diverged')" = 2 ] || fail "hopeless: $(reasons hopeless.slurm)"
diff <(reasons hopeless.local) <(reasons hopeless.slurm) || fail "hopeless: trials end for other reasons than in a local run"
diff <(results hopeless.local) <(results hopeless.slurm) || fail "hopeless: results.csv differs from a local run's"

disturbed() {  # SUITE COMMAND: which disturbs its run once a trial has stored where it is
  local_run "$1" &
  local alone=$! run
  start "$1"
  run=$!
  wait_until 30 has_resume "$1" || fail "$1: no trial runs: $(cat "$1.log")"
  "$2"
  finish_soon "$1" $run || fail "$1: $(cat "$1.log")"
  wait $alone || fail "$1: the local run failed"
  same_bytes "$1"
}

say "a worker killed, a node drained and returned, the controller restarted, a warning of the time limit"
suite faults "0,1" 40000
is_draining() { sinfo -h -n n1 -o %T | grep -q '^drain'; }
meet_faults() {
  local task
  kill -9 "$(workers faults | head -1)"
  scontrol update nodename=n1 state=drain reason=test
  wait_until 10 is_draining || fail "faults: n1 is not drained: $(sinfo -N)"
  sleep 2
  scontrol update nodename=n1 state=resume
  "$here/cluster.sh" restart-controller "$work/slurm" 2
  task=$(states faults | awk '$3 == "RUNNING" {print $2; exit}')
  [ -z "$task" ] || scancel --batch --signal=USR1 "$task"
}
disturbed faults meet_faults

say "a trial that is preempted goes on where it was"
suite preempted "0" 20000
submit_urgent() {
  printf '#!/bin/sh\nsleep 1\n' >urgent.sh
  sbatch -Q --partition=urgent --nodes=3 --exclusive --output=/dev/null urgent.sh
}
disturbed preempted submit_urgent
grep -qs "resume\|goes on\|stored" preempted.slurm/trials/*/log.txt || fail "preempted: nothing was stored"

say "time limit, memory limit, scancel by hand, Ctrl-C"
suite late "0" 100000000 "time: 1"
suite large "0" 100000000 "memory: 5M"
suite taken "0" 100000000
# On a terminal Ctrl-C asks, and what is left to run is found by the next run.
status=0
"$here/ctrl_c.py" "late.slurm/trials/*/progress.json" l "$longhaul" run late.yaml --engine slurm --out late.slurm >late.asked || status=$?
[ $status = 130 ] || fail "late: Ctrl-C on a terminal leaves status $status: $(cat late.asked)"
grep -q "Cancel the 2 trials in Slurm (c), or leave them to run (l)?" late.asked || fail "late: Ctrl-C does not ask: $(cat late.asked)"
grep -q "2 trials run or wait in Slurm; to see to them" late.asked || fail "late: the trials are not left: $(cat late.asked)"
start late
late=$!
start large
large=$!
start taken
taken=$!
wait_until 30 has_step taken || fail "taken: no trial runs: $(cat taken.log)"
scancel "$(states taken | awk 'NR == 1 {print $2}')"
for task in $(states late | awk '{print $2}'); do scontrol update JobId="$task" EndTime=now+1; done
wait $large && fail "large: no trial failed"
results large.slurm | grep -c ',out_of_memory,' | grep -qx 2 || fail "large: $(cat large.log)"
wait_until 20 grep -q "was cancelled" taken.log || fail "taken: $(cat taken.log)"
kill -INT $taken
status=0
wait $taken || status=$?
[ $status = 130 ] || fail "taken: Ctrl-C leaves status $status: $(cat taken.log)"
[ -z "$(ls taken.slurm/trials/*/record.json 2>/dev/null)" ] || fail "taken: a cancelled trial has a record"
has_no_worker() { [ -z "$(workers taken)" ]; }
wait_until 10 has_no_worker ||
  fail "taken: a cancelled job runs on"
wait $late && fail "late: no trial failed"
results late.slurm | grep -c ',timed_out,' | grep -qx 2 || fail "late: $(cat late.log)"
say "done"
