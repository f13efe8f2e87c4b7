#pragma once

#include <string>

#include "longhaul/error.h"
#include "longhaul/options.h"
#include "longhaul/task.h"

namespace longhaul::data {

// A task whose examples all come from files.
class StoredTask : public Task {
 public:
  Example draw(Rng&) const final { throw Error("this task reads its examples from files"); }
};

// The folder of a task that cannot do without; notes a problem if none is given.
inline std::string data_folder(Options& options, const std::string& layout,
                               const std::string& stand_in) {
  const std::string folder = options.path("data", "", "folder of " + layout);
  const bool is_given = !to_text(options.resolved().at("data")).empty();  // if a problem, noted
  if (!is_given)
    options.problem("data", text("not set, allowed: a folder of ", layout, "; the task ", stand_in,
                                 " needs no files"));
  return folder;
}

}  // namespace longhaul::data
