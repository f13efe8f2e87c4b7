#!/usr/bin/env bash
# Builds the wheel, the Debian package and `pip install .`, and tries each as a new user would: on a root that holds nothing
# but Debian 12's base system (pip install . in an empty virtual environment, since it compiles). Says how long each took.
# Wants to be root, and takes an hour of compiling on two cores where no compiler cache helps.
#   scripts/try_packages.sh [wheel|deb|source ...]    these alone
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "try_packages.sh: needs to be root, for a Debian root of its own" >&2; exit 3; }
asked=${*:-wheel deb source}
scripts/install_packages.sh mmdebstrap python3-dev python3-venv
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

took() { echo "$1: $(($(date +%s) - began)) seconds from nothing to a table"; }

# new_root PACKAGE...: a Debian 12 with these packages, this machine's sources of packages and its pip settings.
new_root() {
  rm -rf "$work/root"
  mmdebstrap --quiet --variant=apt --include="$(IFS=,; echo "ca-certificates,$*")" bookworm "$work/root" \
    /etc/apt/sources.list.d/debian.sources
  cp /etc/resolv.conf /etc/hosts "$work/root/etc/"
  cp -L /etc/ssl/certs/ca-certificates.crt "$work/root/etc/ssl/certs/"
  ! [ -e /etc/pip.conf ] || cp /etc/pip.conf "$work/root/etc/"
}
# A small suite of the package's own, to its table.
first_table='longhaul --version && longhaul run smoke --out /tmp/smoke && longhaul table /tmp/smoke | grep -c transformer'

case " $asked " in *" wheel "*)
  scripts/build_wheel.sh "$work/wheel"
  new_root python3-venv
  cp "$work"/wheel/longhaul-*.whl "$work/root/root/"
  began=$(date +%s)
  chroot "$work/root" sh -ec "cd /root && python3 -m venv env && env/bin/pip install --quiet longhaul-*.whl &&
    PATH=/root/env/bin:\$PATH && $first_table &&
    python -c 'import longhaul; print(longhaul.task(\"listops\").batch(0, 4).tokens.shape, longhaul.load(\"/tmp/smoke\"))'"
  took wheel
esac
case " $asked " in *" deb "*)
  scripts/build_deb.sh "$work/deb"
  new_root
  cp "$work"/deb/longhaul_*.deb "$work/root/root/"
  began=$(date +%s)
  chroot "$work/root" sh -ec "apt-get update -qq && apt-get install -y -qq --no-install-recommends /root/longhaul_*.deb >/dev/null &&
    $first_table"
  took deb
esac
case " $asked " in *" source "*)
  began=$(date +%s)
  /usr/bin/python3 -m venv "$work/env"
  "$work/env/bin/pip" install --quiet .
  (cd "$work" && PATH=$work/env/bin:$PATH && eval "$first_table" && python -c 'import longhaul; print(longhaul.tasks()[:3])')
  took "pip install ."
esac
