#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

namespace longhaul::data {

// Brings real numbers of several channels to mean 0 and deviation 1, channel by channel, as
// examples that it has seen have them. Values that are not numbers are left aside.
class ChannelScales {
 public:
  explicit ChannelScales(int64_t channels = 0) : channels_(static_cast<std::size_t>(channels)) {}

  void see(const std::vector<float>& values) {  // [length, channels]
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (std::isnan(values[i])) continue;
      Channel& channel = channels_[i % channels_.size()];
      ++channel.count;
      channel.sum += values[i];
      channel.squares += double{values[i]} * values[i];
    }
  }

  double mean(std::size_t channel) const {
    const Channel& seen = channels_[channel];
    return seen.count > 0 ? seen.sum / seen.count : 0;
  }

  // The value at place `i` of an example.
  double scaled(std::size_t i, double value) const {
    const std::size_t channel = i % channels_.size();
    return (value - mean(channel)) / deviation(channel);
  }

 private:
  struct Channel {
    double count = 0, sum = 0, squares = 0;
  };

  double deviation(std::size_t channel) const {  // 1 of a channel that does not change
    const Channel& seen = channels_[channel];
    if (seen.count == 0) return 1;
    const double variance = seen.squares / seen.count - mean(channel) * mean(channel);
    return variance > 1e-12 * seen.squares / seen.count ? std::sqrt(variance) : 1;
  }

  std::vector<Channel> channels_;
};

}  // namespace longhaul::data
