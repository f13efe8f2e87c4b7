#!/usr/bin/env bash
# Builds everything with warnings as errors and runs all tests.
#   scripts/test.sh             the dev preset: GCC
#   scripts/test.sh sanitize    compiled by clang 14, under AddressSanitizer and UBSan
set -euo pipefail
cd "$(dirname "$0")/.."

preset=${1:-dev}
if [ "$preset" = sanitize ]; then
  scripts/install_packages.sh clang-14 libclang-rt-14-dev libomp-14-dev
else
  scripts/install_packages.sh libopenmpi-dev openmpi-bin slurm-wlm munge procps python3-dev python3-venv
  scripts/install_packages.sh chromium chromium-driver r-base-core >/dev/null &  # beside the build: they are large
fi
cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset"
wait
ctest --preset "$preset" -j "$(($(nproc) + 1))"  # some wait more than they compute
