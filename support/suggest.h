#pragma once

#include <string>
#include <vector>

namespace longhaul {

// "; did you mean 'x'?" with the candidate nearest to `name` (nearest() of longhaul/options.h), or
// "" when none is near. `folder`: what is shown before the candidate.
std::string did_you_mean(const std::string& name, const std::vector<std::string>& candidates,
                         const std::string& folder = "");

// The same with all names behind it, as the end of an error: "; did you mean 'a'? known: a b c",
// "; known: a b c", "; there are none". `rather`: names that are suggested too, before others that
// are as near, and not listed.
std::string nearest_and_known(const std::string& name, const std::vector<std::string>& known,
                              const std::vector<std::string>& rather = {});

// "found 'x', allowed: a | b | c; did you mean 'a'?"
std::string not_allowed(const std::string& found, const std::vector<std::string>& allowed);

}  // namespace longhaul
