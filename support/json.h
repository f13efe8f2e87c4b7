#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "longhaul/error.h"
#include "support/file.h"

namespace longhaul {

// The JSON in `text`. Throws Error for what is not JSON, and for what is nested deeper than 100
// levels: whoever walks through a value needs stack for each of them.
nlohmann::json parse_json(std::string_view text);

// What parse(json) makes of the JSON in a file. Throws Error naming a file that cannot be read, or
// that is damaged: no JSON, or what parse throws Error for.
template <class Parse>
auto read_json_file(const std::filesystem::path& path, Parse&& parse) {
  const std::string content = read_file(path);
  try {
    return parse(parse_json(content));
  } catch (const Error& error) {
    throw Error(text(path.string(), ": damaged: ", error.what()));
  }
}

// As a file holds it: indented, with a line break at its end. Bytes that are not UTF-8, which a
// message may quote, are replaced; numbers that are not finite stand as null.
std::string json_text(const nlohmann::json& value, int indent = 2);

}  // namespace longhaul
