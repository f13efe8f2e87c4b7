#include "math/meter.h"

#include <string_view>

#include "longhaul/mixer.h"
#include "longhaul/ops.h"

namespace longhaul {
namespace {

thread_local Meter* active_meter = nullptr;

}  // namespace

Meter::Meter() : outer_(active_meter) { active_meter = this; }
Meter::~Meter() { active_meter = outer_; }
Meter* Meter::active() { return active_meter; }

void count_flops(int64_t count) {
  if (active_meter) active_meter->flops += count;
}

void note(const char* name, double value) {
  if (!active_meter) return;
  auto found = active_meter->notes.find(std::string_view(name));
  if (found == active_meter->notes.end()) found = active_meter->notes.emplace(name, Meter::Mean()).first;
  found->second.sum += value;
  ++found->second.count;
}

}  // namespace longhaul
