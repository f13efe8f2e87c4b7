#!/usr/bin/env bash
# Installs what the build needs from Debian's packages; does nothing where all of it is there.
#   scripts/install_packages.sh [PACKAGE ...]    these beside them
set -euo pipefail

packages=(g++ cmake ninja-build ccache libyaml-cpp-dev libbenchmark-dev catch2 libcli11-dev
  libfmt-dev nlohmann-json3-dev libpng-dev zlib1g-dev libkissfft-dev gnuplot-nox python3-numpy "$@")

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

echo "installing: ${missing[*]}" >&2
sudo=""
[ "$(id -u)" -eq 0 ] || sudo="sudo"
$sudo apt-get update -qq
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
