#include <fmt/core.h>
#include <unistd.h>

#include "harness/cli/command.h"
#include "harness/data/cache.h"
#include "harness/data/cache_write.h"
#include "harness/data/examples.h"
#include "harness/suite/assignments.h"
#include "longhaul/error.h"
#include "support/say.h"

namespace longhaul {
namespace {

struct Arguments {
  std::string task;
  std::vector<std::string> assignments;
  int64_t count = 10'000;
  uint64_t seed = 0;
  std::string split;
};

bool same(const Example& a, const Example& b) {
  return a.tokens == b.tokens && a.second == b.second && a.targets == b.targets &&
         a.numbers == b.numbers && a.values == b.values;
}

// Reads every example, which checks it, and draws the first and the last again.
void verify(const CacheFile& file, const std::filesystem::path& path, const Task& task,
            const Stream& stream) {
  for (int64_t i = 0; i < file.count(); ++i) file.at(i);
  for (const int64_t i : {int64_t{0}, file.count() - 1})
    require(same(file.at(i), example(task, stream.split, stream.seed, i)), path.string(),
            ": example ", i, " is not what the task draws now; delete the file");
}

void write(const Task& task, const CacheKey& key, const Stream& stream, int64_t count) {
  const bool terminal = isatty(STDERR_FILENO) == 1;
  write_cache(task, key, stream, count, [&](int64_t done) {
    if (terminal) say("\r{} {} of {}\033[K", to_string(stream.split), done, count);
  });
  if (terminal) say("\r\033[K");
}

void keep(const TaskCheck& built, const CacheKey& key, const Stream& stream, int64_t count) {
  const ExampleCache known(key, {stream});
  const std::filesystem::path path = cache_path(key, stream);
  const CacheFile* file = known.file(stream);
  if (file) verify(*file, path, *built.task, stream);
  const bool enough = file && file->count() >= count;
  if (!enough) {
    use_cache(*built.task, key, {stream});  // what is there need not be drawn again
    write(*built.task, key, stream, count);
    built.task->set_cache(nullptr);
  }
  const CacheFile stored(path, key.text(stream));
  fmt::print("{}  {} seed {}: {} examples, {} bytes, {}\n", path.string(), to_string(stream.split),
             stream.seed, stored.count(), stored.bytes(), enough ? "verified" : "written");
}

void data(const Arguments& arguments, const Registry& registry) {
  const TaskCheck built = build_task(registry.task(arguments.task), arguments.assignments);
  require(built.task->count(Split::train) == 0, "data: ", arguments.task,
          " reads its examples from files, so a cache would hold nothing new");
  const CacheKey key{arguments.task, built.task->version(), built.resolved};
  for (const Stream& stream : streams_of_trial(arguments.seed)) {
    if (!arguments.split.empty() && to_string(stream.split) != arguments.split) continue;
    const bool shared = stream.seed == 0;  // by the trials of all seeds
    keep(built, key, stream, shared ? std::max<int64_t>(arguments.count / 10, 1) : arguments.count);
  }
}

}  // namespace

void add_data_command(Program& program, CommandContext& context) {
  auto arguments = std::make_shared<Arguments>();
  Command command = program.add(
      "data", "Writes the examples of a task to files that trials read, or verifies them");
  command.add("TASK", arguments->task, "As longhaul list tasks prints it").required();
  command
      .add("-n", arguments->count,
           "Training examples; a tenth as many to validate, to test and for baselines")
      .show_default()
      .positive();
  command.add("--seed", arguments->seed, "Of the trials that train on them").show_default();
  command.add("--split", arguments->split, "train, validation or test (default: all)")
      .one_of(names_of(Split()).words());
  command.add("--set", arguments->assignments, "OPTION=VALUE of the task; may be repeated")
      .may_be_repeated();
  command.footer(
      "Files go to $LONGHAUL_CACHE, or .cache/longhaul. A trial draws what is not there; its\n"
      "results are the same with and without them.\n"
      "Example: longhaul data path_x -n 20000 --seed 0");
  command.run([arguments, &context] { data(*arguments, context.registry); });
}

}  // namespace longhaul
