#include "harness/suite/engine.h"

#include "longhaul/error.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/fake_registry.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

Engine engine_of(const std::string& line) {
  return load_fake_suite("suite: s\nseeds: [0]\nbudget: {steps: 5}\n" + line +
                         "\nmodels: [copy]\ntasks: [coin]\n")
      .engine;
}

std::string engine_complaint(const std::string& block) {
  try {
    engine_of("engine: " + block);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("engine: without a block trials run on this machine", "[engine]") {
  CHECK(engine_of("") == Engine());
  CHECK(Engine().name == "local");
}

TEST_CASE("engine: each key is read as sbatch takes it", "[engine]") {
  const Engine engine = engine_of(
      "engine: {name: slurm, partition: \"long,short\", time: \"1-12:00:00\", memory: 4G, cpus: 2, "
      "throttle: 50, account: lab.one, extra: [--constraint=avx512, \"--comment=two words\"]}");
  Engine expected;
  expected.name = "slurm";
  expected.partition = "long,short";
  expected.time = "1-12:00:00";
  expected.memory = "4G";
  expected.cpus = 2;
  expected.throttle = 50;
  expected.account = "lab.one";
  expected.extra = {"--constraint=avx512", "--comment=two words"};
  CHECK(engine == expected);
  CHECK(engine_of("engine: {time: 90}").time == "90");
  CHECK(engine_of("engine: {account: 007, partition: 1e3}").account == "007");
  CHECK(engine_of("engine: {account: 007, partition: 1e3}").partition == "1e3");
}

TEST_CASE("engine: what sbatch would not take is refused with what is allowed", "[engine]") {
  CHECK_THAT(engine_complaint("{name: pbs}"),
             Contains("engine.name: found 'pbs', allowed: local, slurm"));
  CHECK_THAT(engine_complaint("{time: soon}"),
             Contains("engine.time: found 'soon', allowed: minutes"));
  CHECK_THAT(engine_complaint("{time: \"1:2:3:4\"}"), Contains("engine.time"));
  CHECK_THAT(engine_complaint("{time: 99999999999999999999}"),
             Contains("engine.time: found '9999"));
  CHECK_THAT(engine_complaint("{memory: 4GiB}"), Contains("engine.memory: found '4GiB'"));
  CHECK_THAT(engine_complaint("{partition: \"a b\"}"), Contains("engine.partition: found 'a b'"));
  CHECK_THAT(engine_complaint("{account: \"a;b\"}"), Contains("engine.account: found 'a;b'"));
  CHECK_THAT(engine_complaint("{cpus: -1}"), Contains("engine.cpus"));
  CHECK_THAT(engine_complaint("{throttle: many}"), Contains("engine.throttle"));
  CHECK_THAT(engine_complaint("{extra: [avx512]}"), Contains("engine.extra"));
  CHECK_THAT(engine_complaint("{patition: long}"), Contains("did you mean 'partition'?"));
}

TEST_CASE("engine: a time limit in minutes, as Slurm counts it", "[engine]") {
  const std::pair<const char*, int64_t> cases[] = {
      {"", 0},       {"90", 90},     {"90:59", 90},     {"1:30:00", 90},
      {"2-0", 2880}, {"2-12", 3600}, {"2-12:05", 3605}, {"2-12:05:59", 3605}};
  for (const auto& [time, minutes] : cases) {
    CAPTURE(time);
    CHECK(slurm_minutes(time) == minutes);
  }
}
