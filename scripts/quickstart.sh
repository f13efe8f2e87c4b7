#!/usr/bin/env bash
# From a fresh clone to a result: installs what is missing, builds, runs the quick suite.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install_packages.sh
cmake --preset release >/dev/null
cmake --build --preset release --target longhaul_cli
build/release/bin/longhaul run configs/suites/quick.yaml
