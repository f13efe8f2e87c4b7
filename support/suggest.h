#pragma once

#include <string>
#include <vector>

namespace longhaul {

// "; did you mean 'x'?" with the candidate nearest to `name` (nearest() of longhaul/options.h), or
// "" when none is near.
std::string did_you_mean(const std::string& name, const std::vector<std::string>& candidates);

// The same with all names behind it, as the end of an error: "; did you mean 'a'? known: a b c",
// "; known: a b c", "; there are none". `rather`: names that are suggested too, before others that
// are as near, and not listed.
std::string nearest_and_known(const std::string& name, const std::vector<std::string>& known,
                              const std::vector<std::string>& rather = {});

}  // namespace longhaul
