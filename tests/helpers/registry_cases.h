#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "longhaul/error.h"
#include "tests/helpers/catch.h"

namespace longhaul {

// Test cases that only the running program can list: one for each of names(), which runs
// check(name). Catch2 takes functions without arguments, so that the place in the list is a part of
// the function's type.
template <auto names, auto check, std::size_t place>
void run_case() {
  check(names()[place]);
}

template <auto names, auto check, std::size_t... places>
void add_cases(const std::string& before, const std::string& after, const std::string& tags,
               const Catch::SourceLineInfo& where, std::index_sequence<places...>) {
  const std::vector<std::string> all = names();
  require(all.size() <= sizeof...(places), "add_cases: found ", all.size(),
          " names, allowed: ", sizeof...(places));
  const auto add = [&](std::size_t place, void (*function)()) {
    if (place >= all.size()) return;
    const std::string title = before + all[place] + after;
    // What REGISTER_TEST_CASE does, in the name of the caller's file.
    const Catch::AutoReg registered(Catch::makeTestInvoker(function), where, Catch::StringRef(),
                                    Catch::NameAndTags{title, tags});
  };
  (add(places, run_case<names, check, places>), ...);
}

// Before main(): `static const bool added = add_cases<names, check>("model ", " decodes", "[a]");`
template <auto names, auto check>
bool add_cases(const std::string& before, const std::string& after, const std::string& tags,
               const char* file = __builtin_FILE(), std::size_t line = __builtin_LINE()) {
  add_cases<names, check>(before, after, tags, {file, line}, std::make_index_sequence<100>());
  return true;
}

}  // namespace longhaul
