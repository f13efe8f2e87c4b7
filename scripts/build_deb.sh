#!/usr/bin/env bash
# Builds longhaul_VERSION_amd64.deb, which apt installs on Debian 12.
#   scripts/build_deb.sh [FOLDER]    FOLDER, where the package goes: dist unless another is given
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-dist}
scripts/install_packages.sh dpkg-dev

cmake --preset release -B build/package -DLONGHAUL_DEV=OFF >/dev/null
cmake --build build/package
mkdir -p "$folder"
(cd build/package && cpack -G DEB >/dev/null)
mv build/package/longhaul_*.deb "$folder"
ls "$folder"/longhaul_*.deb
