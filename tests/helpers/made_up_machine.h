#pragma once

#include <string>

#include "support/file.h"
#include "tests/helpers/folder.h"

namespace longhaul {

// A machine as its proc/ and sys/ tell.
struct MadeUpMachine {
  void has(const std::string& file, const std::string& content) const {
    std::filesystem::create_directories((folder.path / file).parent_path());
    write_atomically(folder.path / file, content);
  }

  TemporaryFolder folder;
};

}  // namespace longhaul
