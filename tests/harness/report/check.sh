#!/usr/bin/env bash
# Runs scripts/check_report.sh, with packages from PyPI in an environment of its own that is made the first time.
# usage: check.sh LONGHAUL VENV
# Skipped with 77 where Chromium, gnuplot or PyPI are out of reach.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
longhaul=$1 venv=$2
for program in chromium /usr/bin/chromedriver gnuplot; do
  command -v "$program" >/dev/null || { echo "skipped: no $program (apt install chromium chromium-driver gnuplot-nox)"; exit 77; }
done
if ! "$venv/bin/python" -c 'import selenium, axe_selenium_python' 2>/dev/null; then
  rm -rf "$venv"
  { /usr/bin/python3 -m venv "$venv" &&
      timeout 300 "$venv/bin/pip" install --quiet --retries 1 --timeout 15 selenium axe-selenium-python; } ||
    { echo "skipped: selenium and axe-selenium-python cannot be installed from PyPI"; exit 77; }
fi
PATH=$venv/bin:$PATH "$here/../../../scripts/check_report.sh" "$longhaul"
