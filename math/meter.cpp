#include "math/meter.h"

#include <string_view>

#include "longhaul/mixer.h"
#include "longhaul/ops.h"

namespace longhaul {
namespace {

thread_local Measurement* active = nullptr;

}  // namespace

void Measurement::reset() {
  flops = 0;
  for (auto& [name, mean] : notes) mean = {};
  if (profile) profile->clear();
}

void Measurement::add(const Measurement& other) {
  flops += other.flops;
  for (const auto& [name, mean] : other.notes) {
    Mean& own = notes[name];
    own.sum += mean.sum;
    own.count += mean.count;
  }
  if (profile && other.profile) profile->add(*other.profile);
}

Meter::Meter(Measurement& into)
    : outer_(active), profile_(into.profile ? &*into.profile : nullptr) {
  active = &into;
}
Meter::~Meter() { active = outer_; }

void count_flops(int64_t count) {
  if (!active) return;
  active->flops += count;
  if (active->profile) active->profile->count(count);
}

void note(const char* name, double value) {
  if (!active) return;
  auto found = active->notes.find(std::string_view(name));
  if (found == active->notes.end()) found = active->notes.emplace(name, Measurement::Mean()).first;
  found->second.sum += value;
  ++found->second.count;
}

}  // namespace longhaul
