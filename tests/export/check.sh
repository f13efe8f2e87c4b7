#!/usr/bin/env bash
# Runs a tiny suite, exports it and reads every file back in Python.
# usage: check.sh LONGHAUL plain
#        check.sh LONGHAUL pandas|tensorboard VENV    with that package from PyPI, installed into VENV the first time
# Skipped with 77 where Python, or PyPI, is out of reach.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
longhaul=$1 reader=$2
python=/usr/bin/python3
[ -x "$python" ] || { echo "skipped: no $python"; exit 77; }

if [ "$reader" != plain ]; then
  venv=$3
  packages=("$reader")
  # Its reader imports pkg_resources, which setuptools no longer has.
  [ "$reader" = tensorboard ] && packages+=("setuptools<81")
  if ! "$venv/bin/python" -c "import $reader" 2>/dev/null; then
    rm -rf "$venv"
    { "$python" -m venv "$venv" && timeout 300 "$venv/bin/pip" install --quiet --retries 1 --timeout 15 "${packages[@]}"; } ||
      { echo "skipped: $reader cannot be installed from PyPI"; exit 77; }
  fi
  python=$venv/bin/python
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$longhaul" run "$here/suite.yaml" --out "$work/run" >/dev/null 2>"$work/log" || { cat "$work/log"; exit 1; }
"$longhaul" throughput "$here/suite.yaml" --profile --set 'throughput.phases=[train, prefill]' --out "$work/run" >/dev/null 2>"$work/log" ||
  { cat "$work/log"; exit 1; }
"$longhaul" export "$work/run" -o "$work/csv" >/dev/null
"$longhaul" export "$work/run" -o "$work/again" >/dev/null
diff -r "$work/csv" "$work/again"   # the order is stable
[ "$reader" = tensorboard ] && "$longhaul" export "$work/run" --format tensorboard -o "$work/csv/events" >/dev/null
"$python" "$here/check_$reader.py" "$work/csv"
