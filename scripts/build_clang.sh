#!/usr/bin/env bash
# Compiles the library and the program once with clang 14 and warnings as errors. Nothing is optimised, and no test is
# built or runs: what counts is what another compiler says about the sources.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install_packages.sh clang-14 libomp-14-dev
cmake --preset clang >/dev/null
cmake --build --preset clang
