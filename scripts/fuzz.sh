#!/usr/bin/env bash
# Runs every reader under libFuzzer with AddressSanitizer and UBSan (needs clang++, libclang-rt and libomp).
#   scripts/fuzz.sh [RUNS [TARGET ...]]    by default a million inputs of each target
# What is found stands in build/fuzz/findings/TARGET; what was learned, in build/fuzz/corpus/TARGET.
set -euo pipefail
cd "$(dirname "$0")/.."

runs=${1:-1000000}
shift || true
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target longhaul_fuzz longhaul_libfuzzer
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(build/fuzz/bin/longhaul_fuzz list)

for target in "${targets[@]}"; do
  corpus=build/fuzz/corpus/$target
  findings=build/fuzz/findings/$target
  mkdir -p "$corpus" "$findings"
  build/fuzz/bin/longhaul_fuzz "$target" --write "$corpus"
  echo "== $target"
  LONGHAUL_FUZZ_TARGET=$target build/fuzz/bin/longhaul_libfuzzer "$corpus" -runs="$runs" -max_len=16384 \
    -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$findings/" 2>&1 |
    tee "$findings/log.txt" | grep -E '^stat::number|ERROR|SUMMARY|Test unit' || true
done
