// The targets under libFuzzer (scripts/fuzz.sh): LONGHAUL_FUZZ_TARGET names the one to run.
#include <cstdlib>

#include "longhaul/error.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace longhaul;
  static const fuzz::Target& target = [&]() -> const fuzz::Target& {
    const char* name = std::getenv("LONGHAUL_FUZZ_TARGET");
    return fuzz::target(name ? name : "");
  }();
  try {
    target.run(std::string(reinterpret_cast<const char*>(data), size));
  } catch (const Error&) {
  }
  return 0;
}
