#include "math/profile.h"

#include "longhaul/tape.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

thread_local OperatorProfile* running = nullptr;

// GCC names a template "binary<...>", clang "binary".
std::string short_name(std::string function) { return function.substr(0, function.find('<')); }

}  // namespace

void OperatorCost::add(const OperatorCost& other) {
  calls += other.calls;
  seconds += other.seconds;
  flops += other.flops;
  bytes += other.bytes;
}

void OperatorCosts::add(const OperatorCosts& other) {
  forward.add(other.forward);
  backward.add(other.backward);
  update.add(other.update);
}

void OperatorProfile::clear() { *this = OperatorProfile(); }

void OperatorProfile::start() {
  since_last_.restart();
  last_result_ = nullptr;
}

OperatorCost OperatorProfile::since_last_end(int64_t bytes) {
  const OperatorCost cost{1, since_last_.seconds() * (has_threads() ? threads() : 1), flops_,
                          bytes};
  since_last_.restart();
  flops_ = 0;
  return cost;
}

void OperatorProfile::forward_ended(const char* function, const Tensor& result,
                                    std::initializer_list<Tensor> inputs, const void* step) {
  int64_t read = 0, gradients = 0;
  for (const Tensor& input : inputs) {
    if (!input.defined()) continue;
    read += input.bytes();
    if (input.needs_grad()) gradients += input.bytes();
  }
  // concat records its inputs one by one, with the same result.
  const bool again = result.data() == last_result_;
  costs_[function].forward.add(since_last_end(read + (again ? 0 : result.bytes())));
  last_result_ = result.data();
  if (step) steps_.insert_or_assign(step, Step{function, read + result.bytes() + gradients});
}

void OperatorProfile::backward_ended(const void* step) {
  const auto found = steps_.find(step);
  const Step known = found == steps_.end() ? Step{"unknown", 0} : found->second;
  if (found != steps_.end()) steps_.erase(found);
  costs_[known.function].backward.add(since_last_end(known.bytes));
}

void OperatorProfile::update_ended(const char* name, int64_t bytes) {
  costs_[name].update.add(since_last_end(bytes));
}

void OperatorProfile::add(const OperatorProfile& other) {
  for (const auto& [function, costs] : other.costs_) costs_[function].add(costs);
}

std::map<std::string, OperatorCosts> OperatorProfile::operators() const {
  std::map<std::string, OperatorCosts> by_name;
  for (const auto& [function, costs] : costs_) by_name[short_name(function)].add(costs);
  return by_name;
}

ProfiledPart::ProfiledPart(const char* name, int64_t bytes) : name_(name), bytes_(bytes) {
  if (running) running->start();
}
ProfiledPart::~ProfiledPart() {
  if (running) running->update_ended(name_, bytes_);
}

ProfileScope::ProfileScope(OperatorProfile* profile) : outer_(running) {
  if (!profile) return;
  running = profile;
  running->start();
}
ProfileScope::~ProfileScope() { running = outer_; }

void report_operator(const char* function, const Tensor& result,
                     std::initializer_list<Tensor> inputs, const void* step) {
  if (running) running->forward_ended(function, result, inputs, step);
}

void report_reverse_step(const void* step) {
  if (running) running->backward_ended(step);
}

}  // namespace longhaul
