#include <cmath>
#include <map>
#include <set>

#include "longhaul/error.h"
#include "tasks/files/data_file.h"
#include "tasks/files/npy_file.h"
#include "tasks/files/table_file.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/make_task.h"
#include "tests/helpers/sample_data.h"

using namespace longhaul;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

using Fields = std::vector<std::string>;

std::vector<Fields> fields_of(const table_file::Table& table) {
  std::vector<Fields> rows;
  for (const table_file::Row& row : table.rows) rows.push_back(row.fields);
  return rows;
}

// A task on one file of this name and content.
struct Given {
  TemporaryFolder folder;
  std::unique_ptr<Task> task;

  Given(const std::string& name, const std::string& content, OptionMap options) {
    sample::write_file(folder.path / name, content);
    options["data"] = (folder.path / name).string();
    task = make_task("files", options);
  }
};

std::string error_of(const std::string& name, const std::string& content,
                     const OptionMap& options) {
  try {
    const Given given(name, content, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

OptionMap numbers() { return {{"kind", std::string("numbers")}, {"input", std::string("x")}}; }

// Rows "train,...", "validation,..." and "test,..." of the same kind, all different.
std::string parts(const std::string& head, const Fields& rows) {
  std::string content = "part," + head + "\n";
  const char* names[] = {"train", "validation", "test"};
  for (std::size_t i = 0; i < rows.size(); ++i)
    content += std::string(names[i % 3]) + ',' + rows[i] + '\n';
  return content;
}

OptionMap by_part(OptionMap options = {}) {
  options["split"] = std::string("part");
  return options;
}

}  // namespace

TEST_CASE("CSV: quoted fields hold separators, line breaks and quotes", "[tasks][files]") {
  const auto table =
      table_file::parse_separated("a,b\r\n1,\"x, \"\"y\"\"\nz\"\r\n\n,3", ',', "t.csv");
  CHECK(table.columns == Fields{"a", "b"});
  CHECK(fields_of(table) == std::vector<Fields>{{"1", "x, \"y\"\nz"}, {"", "3"}});
  CHECK(table.rows[1].line == 5);
  CHECK(fields_of(table_file::parse_separated("a\tb\n1,2\t3\n", '\t', "t.tsv")) ==
        std::vector<Fields>{{"1,2", "3"}});
  CHECK(table_file::parse_separated("\xef\xbb\xbf"
                                    "a,b\n",
                                    ',', "t")
            .columns[0] == "a");
}

TEST_CASE("JSON lines: lists are words, lists of lists steps", "[tasks][files]") {
  const auto table = table_file::parse_json_lines(
      "{\"a\": \"x y\", \"b\": 1.5}\n\n{\"b\": [[1, 2], [3, 4]], \"a\": [5, 6]}\n", "t.jsonl");
  CHECK(table.columns == Fields{"a", "b"});
  CHECK(fields_of(table) == std::vector<Fields>{{"x y", "1.5"}, {"5 6", "1,2 3,4"}});
  CHECK(table.rows[1].line == 3);
}

TEST_CASE("files: the same table as CSV and as JSON lines gives the same examples",
          "[tasks][files]") {
  const Given csv("a.csv", sample::csv_rows(200, 1), {}),
      json("a.jsonl", sample::json_rows(200, 1), {});
  CHECK(csv.task->classes() == 2);
  CHECK(csv.task->vocab() == 257);
  int64_t all = 0;
  for (const Split split : {Split::train, Split::validation, Split::test}) {
    REQUIRE(csv.task->count(split) == json.task->count(split));
    all += csv.task->count(split);
    for (int64_t i = 0; i < csv.task->count(split); ++i) {
      const Example a = csv.task->at(split, i), b = json.task->at(split, i);
      REQUIRE(a.tokens == b.tokens);
      REQUIRE(a.targets == b.targets);
      const std::string shown = csv.task->show(a);
      REQUIRE((shown.find('!') != std::string::npos) == (a.targets[0] == 1));
      REQUIRE(shown.find(a.targets[0] == 1 ? "\n-> yes\n" : "\n-> no\n") != std::string::npos);
    }
  }
  CHECK(all == 200);
  CHECK(csv.task->count(Split::train) > 140);
}

TEST_CASE("files: a column says which row is for what, and tests keep theirs", "[tasks][files]") {
  const Given given(
      "a.csv",
      parts("text,label", {"one,x", "two,y", "three,x", "four,y", "two,x", "three,y", "three,x"}),
      by_part());
  CHECK(given.task->count(Split::train) == 2);  // three stands in the tests
  CHECK(given.task->count(Split::validation) == 2);
  CHECK(given.task->count(Split::test) == 2);
}

TEST_CASE("files: a folder has a file for each part", "[tasks][files]") {
  const TemporaryFolder folder;
  sample::write_file(folder.path / "train.csv", sample::csv_rows(100, 1));
  sample::write_file(folder.path / "test.jsonl", sample::json_rows(20, 2));
  const OptionMap options = {{"data", folder.path.string()}};
  const auto carved = make_task("files", options);
  CHECK(carved->count(Split::test) == 20);
  CHECK(carved->count(Split::train) + carved->count(Split::validation) == 100);
  sample::write_file(folder.path / "validation.tsv", "text\tlabel\nabc\tyes\n");
  const auto own = make_task("files", options);
  CHECK(own->count(Split::train) == 100);
  CHECK(own->count(Split::validation) == 1);
  fs::remove(folder.path / "test.jsonl");
  CHECK_THROWS_WITH(make_task("files", options), Contains("holds no test.csv, .tsv or .jsonl"));
}

TEST_CASE("files: ids are whole numbers, classes are in order", "[tasks][files]") {
  OptionMap options = by_part({{"kind", std::string("ids")}, {"input", std::string("x")}});
  const Given given("a.csv", parts("x,label", {"0 7 3,10", "1,9", "2 2,100"}), options);
  CHECK(given.task->vocab() == 9);
  CHECK(given.task->classes() == 3);
  const Example first = given.task->at(Split::train, 0);
  CHECK(first.tokens == std::vector<int32_t>{1, 8, 4});
  CHECK(first.targets == std::vector<int32_t>{1});  // 9, 10, 100
  CHECK(given.task->show(first) == "0 7 3\n-> 10\n");
}

TEST_CASE("files: numbers have channels, and mean 0 and deviation 1 over training",
          "[tasks][files]") {
  OptionMap options = by_part(numbers());
  const std::string rows = parts("x,label", {"\"1,10 3,30\",a", "\"5,50\",b", "\"7,70 9,90\",a"});
  const Given scaled("a.csv", rows, options);
  CHECK(scaled.task->channels() == 2);
  CHECK(scaled.task->at(Split::train, 0).values == std::vector<float>{-1, -1, 1, 1});
  CHECK(scaled.task->at(Split::test, 0).values == std::vector<float>{5, 5, 7, 7});
  options["normalize"] = false;
  options["max_length"] = int64_t{1};
  const Given raw("a.csv", rows, options);
  CHECK(raw.task->at(Split::test, 0).values == std::vector<float>{7, 70});
  CHECK(raw.task->max_length() == 1);
}

TEST_CASE("files: with input * every other column is a number", "[tasks][files]") {
  OptionMap options = by_part(numbers());
  options["input"] = std::string("*");
  options["normalize"] = false;
  const Given given("a.csv", parts("t0,label,t1", {"1,a,2", "3,b,4", "5,a,6"}), options);
  CHECK(given.task->at(Split::test, 0).values == std::vector<float>{5, 6});
  CHECK(given.task->channels() == 1);
}

TEST_CASE("files: a number that is missing is named, never skipped", "[tasks][files]") {
  OptionMap all = by_part(numbers());
  all["input"] = std::string("*");
  all["normalize"] = false;
  const auto rows = [](const std::string& last) {
    return "part,t0,t1,t2,label\ntrain,1,2,3,a\nvalidation,3,4,5,b\ntest," + last + ",a\n";
  };
  CHECK_THAT(error_of("a.csv", rows("6,,7"), all),
             Contains("a.csv:4: column t1: found '', allowed: a real number"));
  CHECK_THAT(error_of("a.csv", rows("6,1 2,7"), all), Contains("column t1: found '1 2'"));
  const Given shorter("a.csv", rows("6,7,"), all);
  CHECK(shorter.task->at(Split::test, 0).values == std::vector<float>{6, 7});
  CHECK_THAT(error_of("a.csv", "x,label\n\"1,,2\",a\n", numbers()),
             Contains("a.csv:2: column x: found '' in '1,,2', allowed: real numbers"));
  CHECK_THAT(error_of("a.csv", "x,label\n\"1, 2\",a\n", numbers()), Contains("found '' in '1,'"));
}

TEST_CASE("files: what is nearly a number is refused by its place", "[tasks][files]") {
  OptionMap ids = {{"kind", std::string("ids")}, {"input", std::string("x")}};
  OptionMap wide = numbers();
  wide["input"] = std::string("*");
  OptionMap answers = numbers();
  answers["answers"] = std::string("number");
  for (const std::string word : {"+5", "5_000", "0x10", "1e400", "nan", "inf", "NaN", "5e", "--5",
                                 "\u0665", "\uff15", "1e39"}) {
    INFO(word);
    const std::string found = "column x: found " + data::quoted(word);
    for (const OptionMap& options : {numbers(), ids, wide})
      CHECK_THAT(error_of("a.csv", "x,label\n1,a\n" + word + ",b\n", options),
                 Contains("a.csv:3: column ") && Contains("found " + data::quoted(word)));
    CHECK_THAT(error_of("a.jsonl", "{\"x\": \"" + word + "\", \"label\": 1}\n", ids),
               Contains("a.jsonl:1: " + found));
    CHECK_THAT(error_of("a.csv", "x,label\n1," + word + "\n", answers),
               Contains("a.csv:2: column label: found " + data::quoted(word) +
                        ", allowed: a real number"));
  }
  for (const std::string word : {"1e3", ".5", "5.", "-1", "1.0"})
    CHECK_THAT(error_of("a.csv", "x,label\n" + word + ",a\n", ids),
               Contains("a.csv:2: column x: found '" + word + "', allowed: whole numbers"));
  for (const std::string word : {"NaN", "1e400", "+5", "05", ".5", "5."})
    CHECK_THAT(error_of("a.jsonl", "{\"x\": [" + word + "], \"label\": 1}\n", numbers()),
               Contains("a.jsonl:1: found '{") && Contains("allowed: a JSON object"));
  CHECK_THAT(error_of("a.jsonl", "{\"x\": [1e3], \"label\": 1}\n", ids),
             Contains("a.jsonl:1: column x: found '1000.0', allowed: whole numbers"));
}

TEST_CASE("files: a number may be written in every usual way", "[tasks][files]") {
  OptionMap options = by_part(numbers());
  options["normalize"] = false;
  const Given given("a.csv", parts("x,label", {".5 5. 1e3 -0 007 1e-3 1E+2,a", "1,b", "2,a"}),
                    options);
  CHECK(given.task->at(Split::train, 0).values ==
        std::vector<float>{0.5f, 5, 1000, 0, 7, 0.001f, 100});
}

TEST_CASE("files: answers at each step, some of them not scored", "[tasks][files]") {
  OptionMap options = by_part(numbers());
  options["answers"] = std::string("sequence");
  const Given given("a.csv", parts("x,label", {"1 2 3,up . down", "4,up", "5 6,down up"}), options);
  CHECK(given.task->readout() == Readout::token);
  CHECK(given.task->at(Split::train, 0).targets == std::vector<int32_t>{1, kIgnore, 0});
}

TEST_CASE("files: the next id is asked for, and no column of answers", "[tasks][files]") {
  OptionMap options = by_part({{"kind", std::string("ids")},
                               {"input", std::string("x")},
                               {"answers", std::string("next")}});
  const Given given("a.csv", parts("x", {"4 5 6", "1 2", "3 0"}), options);
  const Example first = given.task->at(Split::train, 0);
  CHECK(first.tokens == std::vector<int32_t>{5, 6});
  CHECK(first.targets == std::vector<int32_t>{5, 6});
  CHECK(given.task->classes() == 7);
}

namespace {

// As numpy.save writes it.
template <class Number>
std::string npy_file(const std::string& kind, const std::string& shape,
                     const std::vector<Number>& values) {
  std::string header =
      "{'descr': '" + kind + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  header.resize(118 - 1, ' ');
  header += '\n';
  std::string file = std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(118) + '\0' + header;
  file.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Number));
  return file;
}

std::string npy_error(const std::string& content) {
  try {
    npy::parse(content, "a.npy");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("files: pairs of NumPy arrays are inputs and answers", "[tasks][files]") {
  const TemporaryFolder folder;
  const auto write = [&](const std::string& stem, float first) {
    sample::write_file(folder.path / (stem + "_x.npy"),
                       npy_file<float>("<f4", "2, 2, 2", {first, 1, 2, 3, 4, 5, 6, 0.1f}));
    sample::write_file(folder.path / (stem + "_y.npy"), npy_file<int64_t>("<i8", "2,", {3, 7}));
  };
  write("train", 10);
  write("validation", 11);
  write("test", 12);
  sample::write_file(folder.path / "test_x.npy",
                     npy_file<float>("<f4", "2, 2, 2", {12, 1, 2, 3, 9, 5, 6, 0.1f}));
  sample::write_file(folder.path / "validation_x.npy",
                     npy_file<float>("<f4", "2, 2, 2", {11, 1, 2, 3, 8, 5, 6, 0.1f}));
  OptionMap options = numbers();
  options["data"] = folder.path.string();
  options["normalize"] = false;
  const auto task = make_task("files", options);
  CHECK(task->channels() == 2);
  CHECK(task->at(Split::train, 1).values == std::vector<float>{4, 5, 6, 0.1f});
  CHECK(task->at(Split::test, 0).values == std::vector<float>{12, 1, 2, 3});
  CHECK(task->at(Split::test, 1).targets == std::vector<int32_t>{1});
  options["kind"] = std::string("text");
  CHECK_THROWS_WITH(make_task("files", options), Contains("allowed: kind ids | numbers"));
  options["kind"] = std::string("numbers");
  sample::write_file(folder.path / "test_y.npy", npy_file<uint8_t>("|u1", "3,", {1, 2, 3}));
  CHECK_THROWS_WITH(make_task("files", options), Contains("has 3 answers for the 2 inputs"));
}

TEST_CASE("files: what is wrong with a NumPy array is named", "[tasks][files]") {
  const std::string good = npy_file<int16_t>("<i2", "1, 3", {1, -2, 3});
  CHECK(npy::parse(good, "a").values == Fields{"1", "-2", "3"});
  CHECK_THAT(npy_error("PK"), Contains("a.npy: starts with 'PK', allowed: an array of numpy.save"));
  CHECK_THAT(npy_error(npy_file<int16_t>("<i2", "1 3", {1, -2, 3})), Contains("allowed: one that"));
  CHECK_THAT(npy_error(npy_file<float>("<f4", "2,", {1, std::nanf("")})),
             Contains("a.npy: element 1 (counted from 0) is nan, allowed: numbers"));
  CHECK_THAT(npy_error(good + "x"),
             Contains("has 7 bytes of elements, its shape (1, 3) tells of 6"));
  CHECK_THAT(npy_error(npy_file<int16_t>(">i2", "1", {1})),
             Contains("elements of type '>i2', allowed: "));
  CHECK_THAT(npy_error(npy_file<int16_t>("<i2", "0", {})), Contains("has the shape (0), allowed"));
  std::string fortran = good;
  fortran.replace(fortran.find("False"), 5, "True ");
  CHECK_THAT(npy_error(fortran), Contains("is in Fortran order"));
}

TEST_CASE("files: each defect names file, line and column, and what is allowed", "[tasks][files]") {
  const auto csv = [](const std::string& rows, const OptionMap& options = {}) {
    return error_of("a.csv", rows, options);
  };
  CHECK_THAT(csv("txt,label\na,b\n"), Contains("a.csv: has no column 'text'; did you mean 'txt'?"));
  CHECK_THAT(csv("text,label\na,b,c\n"), Contains("a.csv:2: has 3 fields, the first line names 2"));
  CHECK_THAT(csv("text,label\n\"a,b\n"), Contains("a.csv:2: a quote is not closed"));
  CHECK_THAT(csv("text,label\n\"a\"b,c\n"), Contains("after a closing quote"));
  CHECK_THAT(csv("text,text\n"), Contains("a.csv:1: a column comes twice"));
  CHECK_THAT(csv(""), Contains("a.csv: is empty"));
  CHECK_THAT(csv("text,label\n"), Contains("a.csv: has no rows"));
  CHECK_THAT(csv("text,label\n,b\n"), Contains("a.csv:2: column text: is empty"));
  CHECK_THAT(csv("text,label\na,\n"), Contains("a.csv:2: column label: is empty"));
  CHECK_THAT(csv("text,label\na,x\nb,x\n"), Contains("column label holds 1 class"));
  CHECK_THAT(csv("text,label\na,x\nb,y\n"), Contains("too few different examples"));
  CHECK_THAT(csv("x,label\n1 b,x\n", numbers()), Contains("a.csv:2: column x: found 'b'"));
  CHECK_THAT(csv("x,label\n\"1,2 3\",x\n", numbers()), Contains("allowed: 2 numbers a step"));
  CHECK_THAT(csv("part,text,label\nhalf,a,x\n", by_part()),
             Contains("a.csv:2: column part: found 'half', allowed: train | validation | test"));
  OptionMap sequence = numbers();
  sequence["answers"] = std::string("sequence");
  CHECK_THAT(csv("x,label\n1 2,a\n", sequence),
             Contains("column label: has 1 answer, allowed: 2, one for each step"));
  CHECK_THAT(csv("x,label\n1 2,. .\n", sequence), Contains("no step that is read has an answer"));
  const OptionMap ids = {{"kind", std::string("ids")}};
  CHECK_THAT(csv("text,label\n-1,a\n", ids), Contains("allowed: whole numbers of 0 .. "));
  CHECK_THAT(error_of("a.txt", "x\n", {}), Contains("end in .csv, .tsv or .jsonl"));
  CHECK_THAT(error_of("a.jsonl", "{\"text\": 1}\n[2]\n", {}), Contains("a.jsonl:2: found '[2]'"));
  CHECK_THAT(error_of("a.jsonl", "{\"text\": 1}\n{\"t\": 1}\n", {}), Contains("has no key 'text'"));
  CHECK_THAT(error_of("a.jsonl", "{\"text\": {}}\n", {}), Contains("a.jsonl:1: found object"));
  CHECK_THAT(error_of("a.jsonl", "{\"text\": 1, \"text\": 2}\n", {}),
             Contains("a.jsonl:1: a key is given twice"));
  CHECK_THROWS_WITH(
      make_task("files", {{"input", std::string("*")}}),
      Contains("input: found *, allowed with kind text") && Contains("data: not set"));
}
