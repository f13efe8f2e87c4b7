#include <array>
#include <cmath>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "longhaul/error.h"
#include "test_paths.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/make_task.h"

using namespace longhaul;

namespace {

// The rules once more, by recursion over words instead of a stack over ids.
class ExpressionReader {
 public:
  explicit ExpressionReader(const std::string& expression) : words_(expression) { next(); }

  int value() {
    if (word_[0] != '[') return take_digit();
    const std::string op = word_;
    deepest = std::max(deepest, ++depth_);
    next();
    std::multiset<int> arguments;
    while (word_ != "]") arguments.insert(value());
    next();
    --depth_;
    fewest = std::min(fewest, arguments.size());
    most = std::max(most, arguments.size());
    return apply(op, {arguments.begin(), arguments.end()});
  }
  bool at_end() const { return word_.empty(); }

  int deepest = 0;                      // nested operators
  std::size_t fewest = 1000, most = 0;  // arguments

 private:
  void next() {
    word_.clear();
    while (words_ >> word_ && (word_ == "(" || word_ == ")")) word_.clear();
  }
  int take_digit() {
    REQUIRE(word_.size() == 1);
    const int digit = word_[0] - '0';
    next();
    return digit;
  }
  static int apply(const std::string& op, const std::vector<int>& sorted) {
    if (op == "[MIN") return sorted.front();
    if (op == "[MAX") return sorted.back();
    int sum = 0;
    for (int argument : sorted) sum += argument;
    if (op == "[SM") return sum % 10;
    REQUIRE(op == "[MED");
    const std::size_t half = sorted.size() / 2;
    const double median =
        sorted.size() % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2.0;
    return static_cast<int>(median);
  }

  std::istringstream words_;
  std::string word_;
  int depth_ = 0;
};

std::string expression(const Task& task, const Example& example) {
  const std::string shown = task.show(example);
  return shown.substr(0, shown.find(" = "));
}

struct Statistics {
  std::array<double, 10> label_share{};
  double majority = 0, first_operator = 0;
  std::vector<int64_t> lengths;
  std::map<int32_t, int64_t> tokens;
};

Statistics measure(const Task& task, int n) {
  Statistics s;
  std::map<int64_t, std::map<int32_t, int>> seen;  // by the shallow baseline's key
  for (int i = 0; i < n; ++i) {
    Rng rng(11, "listops statistics", i);
    const Example example = task.draw(rng);
    s.label_share[example.targets[0]] += 1.0 / n;
    s.lengths.push_back(static_cast<int64_t>(example.tokens.size()));
    for (int32_t token : example.tokens) ++s.tokens[token];
    ++seen[task.shallow(example, 0).key][example.targets[0]];
  }
  s.majority = *std::max_element(s.label_share.begin(), s.label_share.end());
  for (const auto& [key, labels] : seen) {
    int best = 0;
    for (const auto& [label, count] : labels) best = std::max(best, count);
    s.first_operator += static_cast<double>(best) / n;
  }
  return s;
}

// Four deviations of a share p measured on n examples, or of the difference of two such.
double tolerance(double p, double n) { return 4 * std::sqrt(p * (1 - p) / n); }
double tolerance(double p, double n, double m) {
  return 4 * std::sqrt(p * (1 - p) * (1 / n + 1 / m));
}

OptionMap window(int64_t depth, int64_t low, int64_t high) {
  return {{"max_depth", depth}, {"min_length", low}, {"max_length", high}};
}

}  // namespace

TEST_CASE("listops: the worked examples of its top comment are true", "[tasks][listops]") {
  const auto task = make_task("listops");
  std::ifstream source(LONGHAUL_SOURCE_DIR "/tasks/listops.cpp");
  const std::regex form(R"(//   tokens  (.*\]) +=  ([\d ]*\d) +target (\d))");
  int examples = 0;
  for (std::string line; std::getline(source, line);) {
    std::smatch match;
    if (!std::regex_match(line, match, form)) continue;
    ++examples;
    Example example;
    std::istringstream ids(match[2]);
    for (int32_t id; ids >> id;) example.tokens.push_back(id);
    example.targets = {std::stoi(match[3])};
    CHECK(task->show(example) == match[1].str() + " = " + match[3].str() + "\n");
    CHECK(ExpressionReader(match[1]).value() == example.targets[0]);
  }
  CHECK(examples == 2);
}

TEST_CASE("listops: every target is the value of its expression", "[tasks][listops]") {
  const auto task = make_task("listops");
  for (int i = 0; i < 100; ++i) {
    Rng rng(3, "listops", i);
    const Example example = task->draw(rng);
    ExpressionReader reader(expression(*task, example));
    CHECK(reader.value() == example.targets[0]);
    CHECK(reader.at_end());
  }
}

TEST_CASE("listops: the smallest window yields each of its 400 expressions", "[tasks][listops]") {
  const auto task = make_task("listops", window(10, 3, 5));  // an operator, two digits, a bracket
  std::set<std::string> seen;
  Rng rng(5, "listops");
  for (int i = 0; i < 8000; ++i) {  // one is missed with probability 400 exp(-20)
    const Example example = task->draw(rng);
    const std::string drawn = expression(*task, example);
    seen.insert(drawn);
    REQUIRE(ExpressionReader(drawn).value() == example.targets[0]);
  }
  CHECK(seen.size() == 400);
}

TEST_CASE("listops: depth, arguments and length reach their bounds and no further",
          "[tasks][listops]") {
  OptionMap options = window(4, 10, 14);
  options["max_args"] = int64_t{5};
  const auto task = make_task("listops", options);
  CHECK(task->max_length() == 13);
  std::set<std::size_t> lengths;
  int deepest = 0;
  std::size_t fewest = 100, most = 0;
  Rng rng(6, "listops");
  for (int i = 0; i < 3000; ++i) {
    const Example example = task->draw(rng);
    lengths.insert(example.tokens.size());
    ExpressionReader reader(expression(*task, example));
    reader.value();
    deepest = std::max(deepest, reader.deepest);
    fewest = std::min(fewest, reader.fewest);
    most = std::max(most, reader.most);
  }
  CHECK(lengths == std::set<std::size_t>{11, 12, 13});
  CHECK(deepest == 3);  // the last of the four levels holds digits only
  CHECK(fewest == 2);
  CHECK(most == 5);
}

TEST_CASE("listops: with the standard options the examples are Long Range Arena's",
          "[tasks][listops]") {
  const int n = 4000;
  const Statistics s = measure(*make_task("listops"), n);

  // Exact, from the grammar: the length of a node is 1, or 2 plus the sum of its arguments'
  // lengths; convolving these distributions level by level gives mean 1035.0, deviation 393.8 and
  // the quartiles below.
  double mean = 0;
  for (int64_t length : s.lengths) mean += static_cast<double>(length) / n;
  CHECK(std::abs(mean - 1035.0) < 4 * 393.8 / std::sqrt(n));
  const std::pair<int64_t, double> quartiles[] = {{702, .25}, {954, .5}, {1310, .75}};
  for (const auto& [quartile, share] : quartiles) {
    const auto below = std::count_if(s.lengths.begin(), s.lengths.end(),
                                     [&, q = quartile](int64_t length) { return length <= q; });
    CHECK(std::abs(static_cast<double>(below) / n - share) < tolerance(share, n));
  }
  for (int64_t length : s.lengths) REQUIRE((length > 500 && length < 2000));

  // Measured on 4000 examples (labels) and 6000 (first operator) of ports of the original
  // generator.
  const double labels[] = {.1725, .094, .075, .075, .091, .0875, .078, .075, .077, .1747};
  for (int label = 0; label < 10; ++label) {
    INFO("label " << label);
    CHECK(std::abs(s.label_share[label] - labels[label]) < tolerance(labels[label], n, 4000));
  }
  CHECK(std::abs(s.first_operator - .361) < tolerance(.361, n, 6000));

  int64_t operators = 0, digits = 0;
  for (const auto& [token, count] : s.tokens)
    if (token < 15) (token < 5 ? operators : digits) += count;
  for (const auto& [token, count] : s.tokens) {
    if (token == 15) continue;
    INFO("token " << token);
    const double p = token < 5 ? .25 : .1,
                 total = static_cast<double>(token < 5 ? operators : digits);
    CHECK(std::abs(static_cast<double>(count) / total - p) < tolerance(p, total));
  }
  CHECK(s.tokens.at(15) == operators);
}

TEST_CASE("listops: one tree in twelve fits Long Range Arena's window", "[tasks][listops]") {
  const auto task = make_task("listops", window(10, 0, 100000));  // lets every tree pass
  const int n = 20000;
  int accepted = 0;
  for (int i = 0; i < n; ++i) {
    Rng rng(8, "listops acceptance", i);
    const std::size_t length = task->draw(rng).tokens.size();
    accepted += length > 500 && length < 2000;
  }
  CHECK(std::abs(static_cast<double>(accepted) / n - .08276) <
        tolerance(.08276, n));  // exact, as above
}

TEST_CASE("listops: small bands have the baselines of the original's grammar", "[tasks][listops]") {
  struct Band {
    int64_t depth, low, high;
    double majority, first_operator;  // of 40000 examples of a port of the original generator
  };
  const Band bands[] = {{4, 16, 64, .160, .340},
                        {5, 32, 128, .160, .342},
                        {6, 64, 256, .169, .362},
                        {7, 100, 400, .166, .351}};
  for (const Band& band : bands) {
    INFO("depth " << band.depth << ", length " << band.low << " .. " << band.high);
    const int n = 5000;
    const Statistics s = measure(*make_task("listops", window(band.depth, band.low, band.high)), n);
    CHECK(std::abs(s.majority - band.majority) < tolerance(band.majority, n, 40000));
    CHECK(std::abs(s.first_operator - band.first_operator) <
          tolerance(band.first_operator, n, 40000));
  }
}

TEST_CASE("listops: our rules give the targets of real rows", "[tasks][listops]") {
  std::ifstream file(LONGHAUL_SOURCE_DIR "/tests/data/listops/basic_test.tsv", std::ios::binary);
  std::string line;
  REQUIRE(std::getline(file, line));
  int rows = 0;
  while (std::getline(file, line)) {
    ++rows;
    const auto tab = line.find('\t');
    ExpressionReader reader(line.substr(0, tab));
    CHECK(reader.value() == std::stoi(line.substr(tab + 1)));
    CHECK(reader.at_end());
    CHECK(reader.deepest <= 9);
    CHECK(reader.most <= 10);
  }
  CHECK(rows == 4);
}

TEST_CASE("listops: a window that holds no expression is refused with its reason",
          "[tasks][listops]") {
  using Catch::Matchers::Contains;
  CHECK_THROWS_WITH(make_task("listops", window(10, 500, 501)),
                    Contains("max_length: found 501, allowed: at least 502"));
  CHECK_THROWS_WITH(make_task("listops", window(2, 12, 20)),
                    Contains("max_depth 2 and max_args 10 no expression has more than 12 tokens"));
  CHECK_NOTHROW(make_task("listops", window(2, 11, 20)));
  CHECK_THROWS_WITH(make_task("listops", window(10, 1, 4)),  // lengths 2 and 3 do not exist
                    Contains("almost no expression has 2 .. 3 tokens"));
}
