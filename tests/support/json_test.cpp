#include <cmath>
#include <limits>

#include "longhaul/error.h"
#include "support/file.h"
#include "support/json.h"
#include "support/json_fields.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"

using namespace longhaul;
using nlohmann::json;

namespace longhaul {
namespace {

enum class Colour { red, blue };
const EnumNames<Colour>& names_of(Colour) {
  static const EnumNames<Colour> names = {{Colour::red, "red"}, {Colour::blue, "blue"}};
  return names;
}

struct Wheel {
  double radius = 0;
  std::optional<int64_t> spokes = std::nullopt;
};

struct Cart {
  std::string name;
  int64_t seats = 0;
  uint64_t seed = 0;
  bool open = false;
  Colour colour = Colour::red;
  std::vector<Wheel> wheels = {};
  std::map<std::string, OptionValue> options = {};
  std::optional<double> price = std::nullopt;
  double speed = 7;       // not in older files
  std::string note = "";  // only where there is one
};

}  // namespace

template <>
inline constexpr auto json_fields<Wheel> = std::tuple{
    field("radius", &Wheel::radius), field<Key::unless_default>("spokes", &Wheel::spokes)};

template <>
inline constexpr auto json_fields<Cart> =
    std::tuple{field("name", &Cart::name),
               field("seats", &Cart::seats),
               field("seed", &Cart::seed),
               field("open", &Cart::open),
               field("colour", &Cart::colour),
               field("wheels", &Cart::wheels),
               field("options", &Cart::options),
               field("price", &Cart::price),
               field<Key::newer>("speed", &Cart::speed),
               field<Key::unless_default>("note", &Cart::note)};

}  // namespace longhaul

namespace {

Cart a_cart() {
  Cart cart;
  cart.name = "one";
  cart.seats = -4;
  cart.seed = std::numeric_limits<uint64_t>::max();
  cart.colour = Colour::blue;
  cart.wheels = {{0.5, 12}, {std::numeric_limits<double>::quiet_NaN(), std::nullopt}};
  cart.options = {
      {"bell", true}, {"gears", int64_t{3}}, {"weight", 1.0}, {"bow", std::string("x")}};
  return cart;
}

// What reading says of the cart's JSON after a change.
template <class Change>
std::string error_after(Change change, UnknownKeys unknown = UnknownKeys::refuse) {
  json object = json_of(a_cart());
  change(object);
  try {
    from_json<Cart>(object, unknown);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a struct reads back as it was written", "[json]") {
  const json written = parse_json(json_text(json_of(a_cart())));
  const Cart cart = from_json<Cart>(written);
  CHECK(json_text(json_of(cart)) == json_text(written));
  CHECK(cart.seed == std::numeric_limits<uint64_t>::max());
  CHECK(cart.colour == Colour::blue);
  CHECK(cart.wheels[0].spokes == 12);
  CHECK(std::isnan(cart.wheels[1].radius));
  CHECK(std::get<double>(cart.options.at("weight")) == 1);
  CHECK(written["wheels"][1] == json{{"radius", nullptr}});
  CHECK(written["price"].is_null());
  CHECK_FALSE(written.contains("note"));
}

TEST_CASE("a key that older files lack keeps its default", "[json]") {
  json object = json_of(a_cart());
  object.erase("speed");
  CHECK(from_json<Cart>(object).speed == 7);
}

TEST_CASE("an error names the key, what was found and what is expected", "[json]") {
  CHECK(error_after([](json& cart) { cart.erase("seats"); }) == "seats is missing");
  CHECK(error_after([](json& cart) { cart["seats"] = 1.5; }) ==
        "seats: expected an integer, found 1.5");
  CHECK(error_after([](json& cart) { cart["seats"] = uint64_t{1} << 63; }) ==
        "seats: expected an integer, found 9223372036854775808");
  CHECK(error_after([](json& cart) { cart["seed"] = -1; }) ==
        "seed: expected an integer from 0, found -1");
  CHECK(error_after([](json& cart) { cart["open"] = "yes"; }) ==
        "open: expected true or false, found \"yes\"");
  CHECK(error_after([](json& cart) { cart["wheels"][1]["radius"] = "big"; }) ==
        "wheels[1].radius: expected a number, found \"big\"");
  CHECK(error_after([](json& cart) { cart["wheels"] = json::object(); }) ==
        "wheels: expected a list, found {}");
  CHECK(error_after([](json& cart) { cart["options"]["bell"] = json::array(); }) ==
        "options.bell: expected a single value, found []");
  CHECK(error_after([](json& cart) { cart["colour"] = "rad"; }) ==
        "colour: found 'rad', allowed: red | blue; did you mean 'red'?");
  CHECK(error_after([](json& cart) { cart = "text"; }) == "expected an object, found \"text\"");
  CHECK(error_after([](json& cart) { cart["name"] = std::vector<int>(1000, 1); }).size() < 120);
}

TEST_CASE("a key that nobody knows is an error", "[json]") {
  const auto misspelt = [](json& cart) {
    cart["sped"] = cart["speed"];
    cart.erase("speed");
  };
  CHECK_THAT(error_after(misspelt),
             Catch::Matchers::StartsWith("sped: unknown key; did you mean 'speed'? known: name"));
  CHECK(error_after([](json& cart) { cart["wheels"][0]["tyre"] = 1; }) ==
        "wheels[0].tyre: unknown key; known: radius spokes");
}

TEST_CASE("another version's file may know more, but misspells nothing", "[json]") {
  const auto added = [](json& cart) { cart["wheels"][0]["tyre"] = cart["roof"] = 1; };
  CHECK(error_after(added, UnknownKeys::ignore) == "");
  const auto misspelt = [](json& cart) {
    cart["sped"] = cart["speed"];
    cart.erase("speed");
  };
  CHECK_FALSE(error_after(misspelt, UnknownKeys::ignore).empty());
}

TEST_CASE("JSON that is nested too deeply is refused", "[json]") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK_NOTHROW(parse_json(nested(100)));
  for (const std::size_t depth : {102, 75'000, 10'000'000})
    CHECK_THROWS_WITH(parse_json(nested(depth)), "nested deeper than 100 levels");
  CHECK_THROWS_WITH(parse_json(std::string(75'000, '[')), "nested deeper than 100 levels");
  std::string objects;
  for (int i = 0; i < 75'000; ++i) objects += "{\"a\":";
  CHECK_THROWS_WITH(parse_json(objects), "nested deeper than 100 levels");
}

TEST_CASE("a damaged JSON file is named", "[json]") {
  const TemporaryFolder folder;
  write_atomically(folder.path / "x.json", "{\"a\": ");
  CHECK_THROWS_WITH(
      read_json_file(folder.path / "x.json", [](const json& value) { return value; }),
      Catch::Matchers::Contains("x.json: damaged: ") && Catch::Matchers::Contains("parse error"));
}
