#!/usr/bin/env bash
# Opens reports in a real Chromium: at 1400 and 400 pixels, light and dark, and one of 10,000 trials.
#   scripts/check_report.sh [PROGRAM [SCREENSHOTS]]    PROGRAM: build/dev/bin/longhaul unless another is given
# Needs Debian's chromium and chromium-driver, gnuplot, and selenium and axe-selenium-python from PyPI for the python3 that it
# finds.
set -euo pipefail
cd "$(dirname "$0")/.."
longhaul=${1:-build/dev/bin/longhaul}
screenshots=${2:+--screenshots "$2"}
python3 -c "import selenium, axe_selenium_python" || { echo "check_report.sh: pip install selenium axe-selenium-python, in an environment of its own" >&2; exit 3; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$longhaul" run smoke --jobs 2 --out "$folder/smoke" >/dev/null 2>&1
"$longhaul" report "$folder/smoke" >/dev/null
"$longhaul" report results/reference/recall -o "$folder/recall.html" >/dev/null

# 50 models with long names on 20 tasks, 10 seeds each.
mkdir "$folder/many"
awk 'BEGIN {
  print "suite,trial,model,task,seed,eval_length,status,metric,test_value,val_value,chance,majority,shallow,steps,train_seconds," \
        "train_tokens_per_second,parameters,cpu"
  for (m = 0; m < 50; ++m) for (t = 0; t < 20; ++t) for (s = 0; s < 10; ++s)
    printf "many,%d-%d-%d,a_model_with_a_name_that_is_rather_long_%d,task_%d,%d,0,ok,accuracy,%.3f,0.5,0.1,0.1,0.1,100,1.5,%d,1000,cpu\n",
           m, t, s, m, t, s, (m * 7 + t * 3 + s) % 100 / 100, 1000 + m
}' >"$folder/many/results.csv"
"$longhaul" report "$folder/many" -o "$folder/many.html" >/dev/null

for page in "$folder/smoke/report.html" "$folder/recall.html" "$folder/many.html"; do
  large=
  [ "$page" = "$folder/many.html" ] && large=--large
  # shellcheck disable=SC2086 # no screenshots: no argument
  python3 tests/harness/report/open_report.py "$page" $screenshots $large
done
