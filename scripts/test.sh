#!/usr/bin/env bash
# Builds everything with warnings as errors and runs all tests.
#   scripts/test.sh             the dev preset
#   scripts/test.sh sanitize    the same under AddressSanitizer and UBSan
set -euo pipefail
cd "$(dirname "$0")/.."

preset=${1:-dev}
mpi=()
[ "$preset" = sanitize ] || mpi=(libopenmpi-dev openmpi-bin)
scripts/install_packages.sh "${mpi[@]}"
cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset"
ctest --preset "$preset" -j "$(nproc)"
