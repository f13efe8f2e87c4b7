#!/usr/bin/env bash
# Builds the Debian package longhaul_VERSION_amd64.deb from build/release.
#   scripts/build_deb.sh [FOLDER]     by default build/packages
# It is for the release of Debian that builds it, whose libraries it depends on.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-build/packages}

scripts/install_packages.sh dpkg-dev
cmake --preset release >/dev/null
cmake --build --preset release --target longhaul_cli longhaul_manual
cpack --config build/release/CPackConfig.cmake -B "$folder" >/dev/null
rm -rf "$folder/_CPack_Packages"
ls "$folder"/longhaul_*.deb
