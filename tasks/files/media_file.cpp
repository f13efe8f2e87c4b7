#include "tasks/files/media_file.h"

#include "longhaul/error.h"
#include "tasks/files/data_file.h"
#include "tasks/files/png_file.h"
#include "tasks/files/wav_file.h"

namespace longhaul::data {
namespace {

constexpr int64_t kMostBytes = int64_t{1} << 28;  // of a file

}  // namespace

Media read_wav(const std::filesystem::path& file) {
  wav::Sound sound = wav::parse(read_all(file, kMostBytes), file.string());
  return {std::move(sound.samples), sound.channels, sound.rate};
}

Media read_png(const std::filesystem::path& file) {
  const std::string content = read_all(file, kMostBytes);
  try {
    const png_file::Picture picture = png_file::decode(content, true);
    Media media{{}, picture.channels, 0, picture.width, picture.height};
    for (const uint8_t value : picture.values)
      media.values.push_back(static_cast<float>(value) / 255);
    return media;
  } catch (const Error& error) {
    throw Error(text(file.string(), ": ", error.what()));
  }
}

}  // namespace longhaul::data
