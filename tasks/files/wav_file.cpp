#include "tasks/files/wav_file.h"

#include <bit>
#include <cmath>

#include "longhaul/error.h"
#include "tasks/files/data_file.h"

namespace longhaul::wav {
namespace {

constexpr std::size_t kFrame = 8;  // bytes of a chunk beside its content: its name and size
constexpr int64_t kPcm = 1, kFloat = 3, kExtensible = 0xfffe;

// A number of `bytes` bytes, the least first.
uint32_t number(std::string_view content, std::size_t at, std::size_t bytes) {
  uint32_t value = 0;
  for (std::size_t i = bytes; i-- > 0;)
    value = value << 8 | static_cast<unsigned char>(content[at + i]);
  return value;
}

// What the chunk "fmt " says of samples.
struct Format {
  int64_t kind = 0, channels = 0, rate = 0, bits = 0;
};

Format read_format(std::string_view chunk, const std::string& name) {
  require(chunk.size() >= 16, name, ": its chunk 'fmt ' has ", chunk.size(),
          " bytes, allowed: at least 16");
  Format format{number(chunk, 0, 2), number(chunk, 2, 2), number(chunk, 4, 4),
                number(chunk, 14, 2)};
  if (format.kind == kExtensible && chunk.size() >= 26) format.kind = number(chunk, 24, 2);
  const bool is_pcm = format.kind == kPcm && (format.bits == 8 || format.bits == 16 ||
                                              format.bits == 24 || format.bits == 32);
  require(is_pcm || (format.kind == kFloat && format.bits == 32), name, ": has samples of kind ",
          format.kind, " and ", format.bits,
          " bits, allowed: PCM (1) of 8, 16, 24 or 32 bits, float (3) of 32");
  require(format.channels >= 1 && format.rate >= 1, name, ": has ", format.channels,
          " channels and ", format.rate, " frames a second, allowed: at least 1");
  return format;
}

float sample(std::string_view data, std::size_t at, const Format& format) {
  const auto bytes = static_cast<std::size_t>(format.bits / 8);
  const uint32_t found = number(data, at, bytes);
  if (format.kind == kFloat) return std::bit_cast<float>(found);
  if (bytes == 1) return (static_cast<float>(found) - 128) / 128;  // the only one without a sign
  const auto value = static_cast<int32_t>(found << (32 - format.bits));
  return static_cast<float>(value / 2147483648.0);
}

}  // namespace

Sound parse(std::string_view content, const std::string& name) {
  require(content.size() >= 12 && content.substr(0, 4) == "RIFF" && content.substr(8, 4) == "WAVE",
          name, ": starts with ", data::quoted(content.substr(0, 12)),
          ", allowed: a WAV file (RIFF....WAVE)");
  Format format;
  std::string_view rest = content.substr(12);
  while (rest.size() >= kFrame) {
    const std::string_view kind = rest.substr(0, 4);
    const std::size_t size = number(rest, 4, 4);
    require(size <= rest.size() - kFrame, name, ": ends in its chunk ", data::quoted(kind),
            ", which should have ", size, " bytes and has ", rest.size() - kFrame);
    const std::string_view chunk = rest.substr(kFrame, size);
    if (kind == "fmt ") format = read_format(chunk, name);
    if (kind == "data") {
      require(format.kind != 0, name, ": has samples before its chunk 'fmt '");
      const auto bytes = static_cast<std::size_t>(format.bits / 8);
      const std::size_t frame = bytes * static_cast<std::size_t>(format.channels);
      require(size > 0 && size % frame == 0, name, ": has ", size,
              " bytes of samples, allowed: frames of ", frame);
      Sound sound{format.rate, format.channels, {}};
      sound.samples.reserve(size / bytes);
      for (std::size_t at = 0; at < size; at += bytes) {
        sound.samples.push_back(sample(chunk, at, format));
        require(std::isfinite(sound.samples.back()), name, ": sample ", at / bytes,
                " (counted from 0) is not a number");
      }
      return sound;
    }
    rest.remove_prefix(std::min(rest.size(), kFrame + size + size % 2));
  }
  throw Error(text(name, ": has no chunk 'data': no samples"));
}

}  // namespace longhaul::wav
