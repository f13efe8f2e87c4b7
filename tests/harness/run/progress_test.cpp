
#include "harness/run/progress.h"
#include "tests/helpers/catch.h"

using namespace longhaul;

namespace {

SuiteProgress halfway() {
  SuiteProgress progress;
  progress.total = 36;
  progress.kept = 8;
  progress.finished = 4;
  progress.jobs = 2;
  progress.running = {0.5, 0.5};
  progress.busy_seconds = 50;  // 10 s a trial
  progress.tokens_per_second = 84200;
  progress.last = "accuracy 0.990, loss 0.010 | lru on mqar, seed 1";
  return progress;
}

std::string everything_written(const std::function<void(ProgressDisplay&)>& use) {
  std::FILE* file = std::tmpfile();
  {
    ProgressDisplay display(file);
    use(display);
  }
  std::string written(static_cast<std::size_t>(std::ftell(file)), '\0');
  std::rewind(file);
  REQUIRE(std::fread(written.data(), 1, written.size(), file) == written.size());
  std::fclose(file);
  return written;
}

}  // namespace

TEST_CASE("progress: time left follows from what trials took so far", "[progress]") {
  // 22 wait and 2 halves are left, at 10 s each, two at once.
  CHECK(*time_left(halfway()) == Approx(23 * 10 / 2.0));
}

TEST_CASE("progress: the last trial cannot be shared among jobs", "[progress]") {
  SuiteProgress progress = halfway();
  progress.total = progress.kept + progress.finished + 1;
  progress.running = {0};
  progress.busy_seconds = 40;
  CHECK(*time_left(progress) == Approx(10));
}

TEST_CASE("progress: time left is unknown before anything moved and zero at the end",
          "[progress]") {
  SuiteProgress progress;
  progress.total = 3;
  CHECK_FALSE(time_left(progress));
  progress.running = {0, 0};
  progress.busy_seconds = 5;
  CHECK_FALSE(time_left(progress));
  progress.kept = 2;  // earlier runs say nothing about this machine
  progress.running = {0};
  CHECK_FALSE(time_left(progress));
  progress.kept = 3;
  progress.running = {};
  CHECK(*time_left(progress) == 0);
  CHECK(*time_left(SuiteProgress()) == 0);
}

TEST_CASE("progress: durations and counts are short", "[progress]") {
  CHECK(duration_text(0) == "0s");
  CHECK(duration_text(59.4) == "59s");
  CHECK(duration_text(59.6) == "1m 00s");
  CHECK(duration_text(250) == "4m 10s");
  CHECK(duration_text(7500) == "2h 05m");
  CHECK(duration_text(273700) == "3d 04h");
  CHECK(count_text(0) == "0");
  CHECK(count_text(950) == "950");
  CHECK(count_text(999.7) == "1.0k");
  CHECK(count_text(84200) == "84.2k");
  CHECK(count_text(999960) == "1.0M");
  CHECK(count_text(1.3e9) == "1.3G");
}

TEST_CASE("progress: the text says what is done, left, how fast and what came last", "[progress]") {
  SuiteProgress progress = halfway();
  CHECK(progress_text(progress) ==
        "12/36 | 1m 55s left | 84.2k tokens/s | "
        "accuracy 0.990, loss 0.010 | lru on mqar, seed 1");
  progress.failed = 1;
  CHECK(progress_text(progress).find("12/36, 1 failed | ") == 0);
  CHECK(progress_text(SuiteProgress()) == "0/0 | 0s left");
}

TEST_CASE("progress: the bar grows with the share done and never leaves its width", "[progress]") {
  SuiteProgress progress = halfway();  // 13 of 36
  CHECK(progress_bar(progress, 200).find("[##########....................] 12/36") == 0);
  progress.kept = 0;
  progress.finished = 0;
  progress.running = {};
  CHECK(progress_bar(progress, 200).find("[..............................] 0/36") == 0);
  progress.kept = 36;
  CHECK(progress_bar(progress, 200).find("[##############################] 36/36") == 0);
  CHECK(progress_bar(halfway(), 80) ==
        "[##......] 12/36 | 1m 55s left | accuracy 0.990, loss 0.010 | lru on mqar, seed ");
  for (int width : {-1, 0, 1, 5, 20, 40, 80, 200}) {
    INFO("width " << width);
    CHECK(static_cast<int>(progress_bar(progress, width).size()) <= std::max(width, 0));
  }
}

TEST_CASE("progress: outside a terminal every finished trial is one plain line", "[progress]") {
  const std::string written = everything_written([](ProgressDisplay& display) {
    const SuiteProgress progress = halfway();
    for (int i = 0; i < 100; ++i) display.update(progress);
    display.trial_finished(progress, false);
    display.clear();
  });
  CHECK(written == "12/36 accuracy 0.990, loss 0.010 | lru on mqar, seed 1\n");
}
