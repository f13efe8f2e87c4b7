
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "harness/data/cache.h"
#include "harness/data/cache_write.h"
#include "harness/data/examples.h"
#include "harness/train/trial.h"
#include "longhaul/error.h"
#include "support/exit_status.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/make_task.h"

using namespace longhaul;

namespace {

// A cache folder of the test's own, by LONGHAUL_CACHE.
struct CacheFolder : TemporaryFolder {
  CacheFolder() { setenv("LONGHAUL_CACHE", path.c_str(), 1); }
  ~CacheFolder() { unsetenv("LONGHAUL_CACHE"); }
};

constexpr Stream kTrain = {Split::train, 1};

void write(const Task& task, const CacheKey& key, const Stream& stream, int64_t count) {
  write_cache(task, key, stream, count, [](int64_t) {});
}

void check_same(const Example& a, const Example& b) {
  REQUIRE(a.tokens == b.tokens);
  REQUIRE(a.second == b.second);
  REQUIRE(a.targets == b.targets);
  REQUIRE(a.values == b.values);
}

void overwrite(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

}  // namespace

TEST_CASE("cache: what it has is what the task draws; the rest is drawn", "[cache]") {
  const CacheFolder folder;
  struct Case {
    std::string name;
    OptionMap options;
  };
  for (const Case& c :
       {Case{"mqar", {}}, Case{"retrieval_synthetic", {}},
        Case{"image_synthetic", {{"values", true}, {"size", int64_t{8}}}},
        Case{"pathfinder", {{"size", std::string("16")}, {"difficulty", std::string("easy")}}}}) {
    INFO(c.name);
    const auto drawn = make_task(c.name, c.options), cached = make_task(c.name, c.options);
    const CacheKey key{c.name, 1, c.options};
    write(*drawn, key, kTrain, 20);
    use_cache(*cached, key, {kTrain});
    REQUIRE(cached->cache()->file(kTrain)->count() == 20);
    for (int64_t i : {0, 7, 19, 20, 100})
      check_same(example(*cached, Split::train, 1, i), example(*drawn, Split::train, 1, i));
    check_same(example(*cached, Split::test, 1, 0), example(*drawn, Split::test, 1, 0));
  }
}

TEST_CASE("cache: another task, version, option, split or seed is another file", "[cache]") {
  const CacheKey key{"mqar", 1, {{"length", int64_t{64}}}};
  const auto path = cache_path(key, kTrain);
  CHECK(path == cache_path(key, kTrain));
  CHECK(path != cache_path({"listops", 1, key.options}, kTrain));
  CHECK(path != cache_path({"mqar", 2, key.options}, kTrain));
  CHECK(path != cache_path({"mqar", 1, {{"length", int64_t{66}}}}, kTrain));
  CHECK(path != cache_path(key, {Split::test, 1}));
  CHECK(path != cache_path(key, {Split::train, 2}));
}

TEST_CASE("cache: a file that was cut short or changed is an error that names it", "[cache]") {
  const CacheFolder folder;
  const auto task = make_task("mqar");
  const CacheKey key{"mqar", 1, {}};
  write(*task, key, kTrain, 5);
  const auto path = cache_path(key, kTrain);
  const std::string good = read_text(path);
  const auto read_all = [&] {
    const CacheFile file(path, key.text(kTrain));
    for (int64_t i = 0; i < file.count(); ++i) file.at(i);
  };
  const auto refused = [&](const std::string& bytes) {
    overwrite(path, bytes);
    CHECK_THROWS_WITH(read_all(), Catch::Matchers::Contains(path.string() + ": ") &&
                                      Catch::Matchers::Contains("longhaul data"));
  };
  CHECK_NOTHROW(read_all());
  for (std::size_t length : {std::size_t{0}, std::size_t{3}, std::size_t{60}, std::size_t{90},
                             good.size() / 2, good.size() - 1}) {
    INFO("cut to " << length);
    refused(good.substr(0, length));
  }
  for (std::size_t at = 0; at < good.size(); at += at < 200 ? 1 : 97) {
    INFO("byte " << at);
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x41);
    // Only padding between the key and the table may be anything.
    const std::size_t key_end = 56 + key.text(kTrain).size();
    if (at >= key_end && at < (key_end + 7) / 8 * 8) continue;
    refused(bad);
  }
  overwrite(path, good);
  CHECK_THROWS_WITH(CacheFile(path, "another key"), Catch::Matchers::Contains("was made for"));
}

TEST_CASE("cache: a FIFO or a folder in a file's place is an error at once", "[cache]") {
  const CacheFolder folder;
  const auto path = folder.path / "some.examples";
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  CHECK_THROWS_WITH(CacheFile(path, "key"),
                    Catch::Matchers::Contains(path.string() + ": is no regular file; delete"));
  CHECK_THROWS_WITH(CacheFile(folder.path, "key"),
                    Catch::Matchers::Contains(": is no regular file; delete"));
}

TEST_CASE("cache: a trial has the same results with and without it", "[cache]") {
  const CacheFolder caches;
  const TemporaryFolder without, with;
  Registry registry;
  register_builtins(registry);
  TrialSpec spec;
  spec.model = spec.model_name = "lru";
  spec.task = spec.task_name = "mqar";
  spec.budget.steps = 6;
  spec.settings.batch = 4;
  spec.settings.validation_examples = spec.settings.test_examples = 20;
  spec.seed = 3;
  const TrialRecord plain = run_trial(spec, registry, {without.path, 2});
  REQUIRE(plain.status == Status::ok);

  Options options;
  const auto task = registry.task("mqar").make(options);
  const CacheKey key{"mqar", task->version(), options.resolved()};
  for (const Stream& stream : streams_of_trial(3)) write(*task, key, stream, 15);
  const TrialRecord cached = run_trial(spec, registry, {with.path, 2});
  CHECK(cached.evaluations[0].test == plain.evaluations[0].test);
  CHECK(cached.evaluations[0].baselines.shallow == plain.evaluations[0].baselines.shallow);
  CHECK(read_text(with.path / "curve.csv") == read_text(without.path / "curve.csv"));
  CHECK(read_text(with.path / "checkpoint.safetensors") ==
        read_text(without.path / "checkpoint.safetensors"));

  const auto path = cache_path(key, {Split::train, 4});
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  // A fault of the machine: no result of the trial.
  CHECK_THROWS_AS(run_trial(spec, registry, {with.path, 2}), MachineFault);
  CHECK_THROWS_WITH(run_trial(spec, registry, {with.path, 2}),
                    Catch::Matchers::Contains(path.string() + ": has ") &&
                        Catch::Matchers::Contains("delete the file"));
  std::filesystem::remove(path);  // as the message says
  CHECK(run_trial(spec, registry, {with.path, 2}).status == Status::ok);
}
