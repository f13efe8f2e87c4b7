// Speech Commands (Warden 2018, arXiv:1804.03209): which word is said in a second of sound, read
// sample by sample. As in S4 (Gu et al. 2022, arXiv:2111.00396, section 4.2), which reads the raw
// wave at 16000 samples a second and tests at half of that.
//
//   data/WORD/NAME.wav          one channel, 16000 samples a second, at most a second is read
//   data/validation_list.txt    WORD/NAME.wav a line; so testing_list.txt; all others train
//
//   samples 0, 16384, -32768    input   0, 0.5, -1, 0, 0, ...  to 16000         target  the word
//
// words is all, the folders in their order (35 in version 0.02), or ten: yes, no, up, down, left,
// right, on, off, stop, go. Folders that start with "_" or "." are no words. A short sound is
// followed by zeros, a long one is cut.
//
// test_set says how fast samples come, for training as for testing:
//   full        all samples: length 16000
//   half_rate   every other one: length 8000, and each sound twice as fast for the model
//
// The shallow baseline is the commonest word among sounds of this loudness, in steps of 3 decibels.

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "longhaul/error.h"
#include "longhaul/plugin.h"
#include "longhaul/rng.h"
#include "tasks/files/data_file.h"
#include "tasks/files/stored_splits.h"
#include "tasks/files/stored_task.h"
#include "tasks/files/wav_file.h"

namespace {
using namespace longhaul;
namespace fs = std::filesystem;

constexpr int64_t kRate = 16000, kLength = 16000;
constexpr int64_t kMostBytes = 1 << 24;  // of a sound's file; a second has 32044

const std::vector<std::string> kTen = {"yes",   "no", "up",  "down", "left",
                                       "right", "on", "off", "stop", "go"};

class SpeechCommands final : public data::StoredTask {
 public:
  explicit SpeechCommands(Options& options) {
    folder_ = data::data_folder(
        options, "WORD/*.wav, validation_list.txt and testing_list.txt, as Speech Commands 0.02",
        "image_synthetic with values: true");
    const bool ten =
        options.choice("words", "all", {"all", "ten"}, "every folder, or yes .. go") == "ten";
    step_ = options.choice("test_set", "full", {"full", "half_rate"},
                           "all samples, or every other one") == "half_rate"
                ? 2
                : 1;
    if (folder_.empty()) return;
    words_ = ten ? kTen : words_in(folder_);
    read_list("validation_list.txt", Split::validation);
    read_list("testing_list.txt", Split::test);
    for (std::size_t word = 0; word < words_.size(); ++word)
      for (const std::string& name : data::files_in(folder_ / words_[word], ".wav")) {
        const std::string sound = words_[word] + "/" + name;
        const auto listed = listed_.find(sound);
        const Split split = listed == listed_.end() ? Split::train : listed->second;
        sounds_.add(split, {sound, static_cast<int32_t>(word)},
                    hash_bytes(sound.data(), sound.size()));
        if (listed != listed_.end()) listed_.erase(listed);
      }
    check_lists();
    sounds_.separate(folder_.string());
  }

  int version() const override { return 1; }
  int64_t vocab() const override { return 0; }
  int64_t channels() const override { return 1; }
  int64_t classes() const override { return std::max<int64_t>(std::ssize(words_), 2); }
  Readout readout() const override { return Readout::sequence; }
  int64_t max_length() const override { return kLength / step_; }

  int64_t count(Split split) const override { return sounds_.count(split); }
  Example at(Split split, int64_t index) const override {
    const Place& place = sounds_.at(split, index);
    const std::string path = (folder_ / place.sound).string();
    const wav::Sound sound = wav::parse(data::read_all(path, kMostBytes), path);
    require(sound.channels == 1 && sound.rate == kRate, path, ": has ", sound.channels,
            " channels and ", sound.rate, " samples a second, allowed: 1 and ", kRate);
    Example example;
    example.targets = {place.word};
    example.values.resize(max_length());
    for (int64_t t = 0; t < max_length() && t * step_ < std::ssize(sound.samples); ++t)
      example.values[t] = sound.samples[t * step_];
    return example;
  }

  Shallow shallow(const Example& example, int64_t) const override {
    double squares = 0;
    for (const float value : example.values) squares += double{value} * value;
    const double power = squares / static_cast<double>(example.values.size());
    return {.key = std::lround(10 * std::log10(power + 1e-10) / 3)};
  }

  std::string show(const Example& example) const override {
    float loudest = 0;
    for (const float value : example.values) loudest = std::max(loudest, std::abs(value));
    return text(example.values.size(), " samples, the loudest ", loudest, ": ",
                words_[example.targets[0]], '\n');
  }

 private:
  struct Place {
    std::string sound;  // WORD/NAME.wav
    int32_t word;
  };

  static std::vector<std::string> words_in(const fs::path& folder) {
    std::error_code fault;
    std::vector<std::string> words;
    for (fs::directory_iterator entry(folder, fault), end; !fault && entry != end;
         entry.increment(fault)) {
      const std::string name = entry->path().filename().string();
      if (entry->is_directory() && name[0] != '_' && name[0] != '.') words.push_back(name);
    }
    require(!fault, folder.string(), ": cannot be read as a folder: ", fault.message());
    require(words.size() >= 2, folder.string(), ": holds ", words.size(),
            " folders of words, allowed: at least 2");
    std::sort(words.begin(), words.end());
    return words;
  }

  void read_list(const std::string& name, Split split) {
    const data::DataFile file(folder_ / name);
    data::for_each_line(file, [&](const data::Line& line, std::string_view sound) {
      const std::string where = data::place(file, line);
      require(sound.ends_with(".wav") && std::count(sound.begin(), sound.end(), '/') == 1, where,
              "found ", data::quoted(sound), ", allowed: WORD/NAME.wav");
      require(listed_.emplace(sound, split).second, where, data::quoted(sound),
              " is listed already");
    });
  }

  // Those of words that are read have all been found.
  void check_lists() const {
    const std::set<std::string> known(words_.begin(), words_.end());
    std::vector<std::string> missing;
    for (const auto& [sound, split] : listed_)
      if (known.count(sound.substr(0, sound.find('/')))) missing.push_back(sound);
    if (missing.empty()) return;
    throw Error(text(folder_.string(), ": ", missing.size(), " listed sounds are missing, such as ",
                     *std::min_element(missing.begin(), missing.end())));
  }

  fs::path folder_;
  int64_t step_ = 1;
  std::vector<std::string> words_;
  std::unordered_map<std::string, Split> listed_;  // those not found so far
  data::StoredSplits<Place> sounds_;
};

}  // namespace

LONGHAUL_PLUGIN(speech_commands) {
  registry.task<SpeechCommands>(
      {.name = "speech_commands",
       .about = "which word is said; WAV files of Speech Commands",
       .source = "Warden 2018, arXiv:1804.03209; Gu et al. 2022, arXiv:2111.00396",
       .published = "none quoted: S4's and S5's figures are of 10 or 35 words and could not be "
                    "checked"});
}
