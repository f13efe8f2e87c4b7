#!/usr/bin/env bash
# Builds what users install and tries each as they would, with a clock:
#   scripts/try_packages.sh [FOLDER]     roots and packages are below FOLDER, by default build/packages
#
#   pip     `pip install .` in the tree, in a new virtual environment
#   wheel   on a Debian 12 that has Python 3.11 and nothing else: no compiler, no library
#   deb     by apt on a Debian 12 that has nothing at all; runs the suite quick
#
# It needs root, for the roots that debootstrap makes, and half an hour on two cores, most of it for building.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(realpath -m "${1:-build/packages}")
mkdir -p "$folder"
times=$folder/times.txt
: >"$times"

took() {  # NAME COMMAND...
  local name=$1 start=$SECONDS
  shift
  "$@" || { echo "try_packages.sh: $name failed" >&2; exit 1; }
  printf '%-40s %5d s\n' "$name" $((SECONDS - start)) | tee -a "$times"
}

# A Debian 12 that gets its packages, and those of PyPI, from where this machine does.
make_root() {  # ROOT PACKAGES
  rm -rf --one-file-system "$1"
  debootstrap --variant=minbase --include="ca-certificates,$2" bookworm "$1" >"$1.log" 2>&1 || { tail -n 20 "$1.log" >&2; exit 1; }
  cp -r /etc/apt/. "$1/etc/apt"
  cp /etc/resolv.conf /etc/hosts "$1/etc"
  [ ! -f /etc/pip.conf ] || cp /etc/pip.conf "$1/etc"
  cp /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs"
}

inside() {  # ROOT SCRIPT
  unshare --mount sh -euc 'mount -t proc proc "$1/proc"; exec chroot "$1" /usr/bin/env -i HOME=/root \
    PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive sh -euc "cd /root; $2"' inside "$1" "$2"
}

# What each of them must give: the command, its help, a table, the Python module where it has one.
first_table='longhaul --version; longhaul help run >/dev/null; longhaul run smoke'

command -v debootstrap >/dev/null || scripts/install_packages.sh debootstrap

python3 -m venv --clear "$folder/pip"
took "pip install . in the tree" "$folder/pip/bin/pip" install --quiet .
took "  its first table (smoke)" env PATH="$folder/pip/bin:$PATH" sh -euc "cd '$folder'; rm -rf results; $first_table"

took "building the wheel" scripts/build_wheel.sh "$folder"
make_root "$folder/wheel-root" python3,python3-venv
cp "$folder"/longhaul-*.whl "$folder/wheel-root/root"
if inside "$folder/wheel-root" 'command -v gcc cc g++ c++'; then echo "there is a compiler in the root" >&2; exit 1; fi
took "installing the wheel" inside "$folder/wheel-root" 'python3 -m venv v; v/bin/pip install --quiet ./longhaul-*.whl'
took "  its first table (smoke)" inside "$folder/wheel-root" ". v/bin/activate; $first_table"
took "  its Python module" inside "$folder/wheel-root" ". v/bin/activate
  python -c 'import longhaul; print(longhaul.task(\"listops\").show(0)[:60]); print(longhaul.load(\"results/runs/smoke\").table())'"

took "building the Debian package" scripts/build_deb.sh "$folder"
make_root "$folder/deb-root" apt
cp "$folder"/longhaul_*.deb "$folder/deb-root/root"
took "installing the Debian package" inside "$folder/deb-root" 'apt-get update -qq; apt-get install -y -qq --no-install-recommends ./longhaul_*.deb'
inside "$folder/deb-root" 'ls /usr/share/bash-completion/completions/longhaul; dpkg -L longhaul | grep /man1/'
took "  its first table (smoke)" inside "$folder/deb-root" "$first_table"
took "  the suite quick" inside "$folder/deb-root" 'longhaul run quick'
cat "$times"
