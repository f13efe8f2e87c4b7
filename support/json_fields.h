#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "longhaul/options.h"
#include "support/enum_names.h"

// Structs as JSON objects, read and written by one list of their fields:
//
//   template <>
//   inline constexpr auto json_fields<Progress> = std::tuple{
//       field("step", &Progress::step),
//       field<Key::newer>("loss", &Progress::loss)};
//
//   json object = json_of(progress);
//   Progress read = from_json<Progress>(object);  // throws Error naming the key
//
// Fields may be texts, flags, numbers, option values, enums with a function names_of(Enum), other
// such structs, and optionals, vectors and maps by text of all these. A number that is not finite
// is null. A type that is stored in a way of its own has functions json_of(const Type&) and
// read_json(const json& found, const std::string& path, Type&) beside it.
namespace longhaul {

enum class Key {
  required,        // always written; missing, it is an error
  newer,           // always written; missing in older files, where it keeps its default
  unless_default,  // written if it differs from its default
};

template <Key kRule, class Struct, class Value>
struct JsonField {
  static constexpr Key rule = kRule;
  const char* key;
  Value Struct::*member;
};

template <Key kRule = Key::required, class Struct, class Value>
constexpr JsonField<kRule, Struct, Value> field(const char* key, Value Struct::*member) {
  return {key, member};
}

template <class Struct>
inline constexpr auto json_fields = std::tuple<>();

template <class T>
concept HasJsonFields = std::tuple_size_v<std::remove_const_t<decltype(json_fields<T>)>> >
0;

// What becomes of keys that the struct does not have. A file that another version wrote may know
// more; even there a key that is nearly that of a missing field is refused, as misspelt.
enum class UnknownKeys { refuse, ignore };

namespace json_detail {

using nlohmann::json;

[[noreturn]] void refuse_type(const std::string& path, const char* expected, const json& found);
void refuse_missing(const std::string& path);
void check_keys(const json& object, const std::string& path, const std::vector<std::string>& known,
                UnknownKeys unknown);
std::string path_to(const std::string& path, const std::string& key);

void read_json(const json& found, const std::string& path, bool& value);
void read_json(const json& found, const std::string& path, int64_t& value);
void read_json(const json& found, const std::string& path, uint64_t& value);
void read_json(const json& found, const std::string& path, double& value);
void read_json(const json& found, const std::string& path, std::string& value);
void read_json(const json& found, const std::string& path, OptionValue& value);
inline void read_json(const json& found, const std::string&, json& value) { value = found; }

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsMap : std::false_type {};
template <class T>
struct IsMap<std::map<std::string, T>> : std::true_type {};

template <class T>
void read_fields(const json& found, const std::string& path, T& value, UnknownKeys unknown);

template <class T>
void read_value(const json& found, const std::string& path, T& value, UnknownKeys unknown) {
  if constexpr (HasJsonFields<T>) {
    read_fields(found, path, value, unknown);
  } else if constexpr (std::is_enum_v<T>) {
    std::string word;
    read_json(found, path, word);
    try {
      value = names_of(T()).value(word);
    } catch (const Error& error) {
      throw Error(path + ": " + error.what());
    }
  } else if constexpr (IsOptional<T>::value) {
    if (found.is_null())
      value.reset();
    else
      read_value(found, path, value.emplace(), unknown);
  } else if constexpr (IsVector<T>::value) {
    if (!found.is_array()) refuse_type(path, "a list", found);
    value.clear();
    for (const json& item : found) {
      typename T::value_type read_item{};
      read_value(item, path + "[" + std::to_string(value.size()) + "]", read_item, unknown);
      value.push_back(std::move(read_item));
    }
  } else if constexpr (IsMap<T>::value) {
    if (!found.is_object()) refuse_type(path, "an object", found);
    value.clear();
    for (const auto& [key, item] : found.items())
      read_value(item, path_to(path, key), value[key], unknown);
  } else {
    read_json(found, path, value);
  }
}

template <class T>
void read_fields(const json& found, const std::string& path, T& value, UnknownKeys unknown) {
  if (!found.is_object()) refuse_type(path, "an object", found);
  std::vector<std::string> known;
  const auto read_one = [&](const auto& field) {
    known.emplace_back(field.key);
    const auto at = found.find(field.key);
    if (at != found.end())
      read_value(*at, path_to(path, field.key), value.*field.member, unknown);
    else if (field.rule == Key::required)
      refuse_missing(path_to(path, field.key));
  };
  std::apply([&](const auto&... fields) { (read_one(fields), ...); }, json_fields<T>);
  check_keys(found, path, known, unknown);
}

}  // namespace json_detail

template <class T>
nlohmann::json json_of(const T& value) {
  using nlohmann::json;
  if constexpr (HasJsonFields<T>) {
    const T defaults{};
    json object = json::object();
    const auto write_one = [&]<class Field>(const Field& field) {
      if constexpr (Field::rule == Key::unless_default)
        if (value.*field.member == defaults.*field.member) return;
      object[field.key] = json_of(value.*field.member);
    };
    std::apply([&](const auto&... fields) { (write_one(fields), ...); }, json_fields<T>);
    return object;
  } else if constexpr (std::is_enum_v<T>) {
    return names_of(value).word(value);
  } else if constexpr (json_detail::IsOptional<T>::value) {
    return value ? json_of(*value) : json();
  } else if constexpr (json_detail::IsVector<T>::value) {
    json list = json::array();
    for (const auto& item : value) list.push_back(json_of(item));
    return list;
  } else if constexpr (json_detail::IsMap<T>::value) {
    json object = json::object();
    for (const auto& [key, item] : value) object[key] = json_of(item);
    return object;
  } else if constexpr (std::is_same_v<T, OptionValue>) {
    return std::visit([](const auto& held) { return json(held); }, value);
  } else {
    return value;
  }
}

template <class T>
T from_json(const nlohmann::json& found, UnknownKeys unknown = UnknownKeys::refuse) {
  T value{};
  json_detail::read_value(found, "", value, unknown);
  return value;
}

}  // namespace longhaul
