#!/usr/bin/env bash
# From a fresh clone to a result: installs what is missing, builds, installs longhaul to ~/.local, runs the quick suite.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install_packages.sh
cmake --preset release >/dev/null
cmake --build --preset release --target longhaul_cli longhaul_manual
cmake --install build/release --prefix ~/.local >/dev/null
~/.local/bin/longhaul run quick

if [ "$(command -v longhaul)" != ~/.local/bin/longhaul ]; then
  echo
  echo 'longhaul is installed in ~/.local/bin. This line lets your shell find it; put it into ~/.profile too:'
  echo '    export PATH="$HOME/.local/bin:$PATH"'
fi
