#!/usr/bin/env bash
# Runs every reader under libFuzzer with AddressSanitizer and UBSan (needs clang++ and libclang-rt-14-dev).
#   scripts/fuzz.sh [RUNS [TARGET ...]]    by default a million inputs of each target
# Inputs grow to twice a target's longest seed: enough to say everything, and a million take minutes.
# What is found stands in build/fuzz/findings/TARGET, and the exit status is 1; what was learned, in
# build/fuzz/corpus/TARGET.
set -euo pipefail
cd "$(dirname "$0")/.."

runs=${1:-1000000}
shift || true
cmake --preset dev >/dev/null
cmake --build --preset dev --target longhaul_fuzz
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(build/dev/bin/longhaul_fuzz list)

# The readers are compiled here with coverage and sanitizers, and take the place of the library's own; the
# rest of it is the dev build's.
readers=(tasks/{byte_text,files,image,listops,pathfinder,retrieval,series,speech_commands,text}.cpp
  tasks/files/{data_file,idx_file,listops_expression,listops_files,npy_file,npz_file,own_data,own_tables,pathfinder_files,png_file,media_file,cells,series_file,table_file,wav_file}.cpp
  harness/suite/{config,section,suite,yaml}.cpp harness/claims/{claim,numbers,rule}.cpp
  harness/results/{points,record,store}.cpp harness/data/{cache,cache_format}.cpp math/checkpoint.cpp)
program=build/fuzz/longhaul_libfuzzer
mkdir -p build/fuzz
clang++ -std=c++20 -O1 -g1 -w -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -I. -Iinclude \
  "${readers[@]}" tests/fuzz/{libfuzzer,fuzz,cache_target,data_targets,parser_targets}.cpp \
  tests/helpers/{sample_data,fake_registry}.cpp \
  -Lbuild/dev/lib -Wl,-rpath,"$PWD/build/dev/lib" -llonghaul -llonghaul_math -lyaml-cpp -lfmt -lpng -lz -o "$program"

found=0
for target in "${targets[@]}"; do
  corpus=build/fuzz/corpus/$target
  findings=build/fuzz/findings/$target
  mkdir -p "$corpus" "$findings"
  build/dev/bin/longhaul_fuzz "$target" --write "$corpus"
  longest=$(cd "$corpus" && wc -c [0-9] | awk '$2 != "total" && $1 > longest {longest = $1} END {print longest}')
  echo "== $target"
  LONGHAUL_FUZZ_TARGET=$target "$program" "$corpus" -runs="$runs" -max_len=$((2 * longest)) -timeout=10 \
    -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$findings/" \
    >"$findings/log.txt" 2>&1 || found=1
  grep -E '^stat::number|ERROR|SUMMARY|Test unit' "$findings/log.txt" || true
done
exit $found
