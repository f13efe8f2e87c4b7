// Every operator, with every choice of inputs that need a gradient: those get the one that they
// get when all do, the others get none.
#include <algorithm>
#include <fstream>
#include <functional>
#include <regex>
#include <set>

#include "longhaul/ops.h"
#include "longhaul/recurrences.h"
#include "math/ops/losses.h"
#include "test_paths.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"

using namespace longhaul;

namespace {

struct Operator {
  std::string name;
  std::vector<Tensor> inputs;
  TensorFunction apply;
};

Tensor values(const Shape& shape, float low = 0.2f, float high = 0.9f) {
  static uint64_t seed = 0;
  return random_tensor(shape, ++seed, low, high);
}

AttentionSpec with_bias(const Tensor& bias) {
  AttentionSpec spec{.heads = 2};
  spec.bias = bias;
  return spec;
}

AttentionSpec with_far(const Tensor& q, const Tensor& k) {
  AttentionSpec spec{.heads = 2};
  spec.far_q = q;
  spec.far_k = k;
  spec.far_from = 2;
  return spec;
}

AttentionSpec with_gates(const Tensor& log_forget, const Tensor& sink) {
  AttentionSpec spec{.heads = 2};
  spec.log_forget = log_forget;
  spec.sink = sink;
  return spec;
}

using In = const std::vector<Tensor>&;

std::vector<Operator> elementwise() {
  std::vector<Operator> list;
  const std::pair<const char*, Tensor (*)(const Tensor&)> of_one[] = {
      {"exp", exp},         {"log", log},         {"sqrt", sqrt}, {"sin", sin},
      {"cos", cos},         {"tanh", tanh},       {"silu", silu}, {"sigmoid", sigmoid},
      {"gelu", gelu},       {"relu", relu},       {"elu1", elu1}, {"softplus", softplus},
      {"softmax", softmax}, {"sum_all", sum_all}, {"abs", abs},   {"log_sigmoid", log_sigmoid}};
  for (const auto& [name, f] : of_one)
    list.push_back({name, {values({3, 4})}, [f = f](In in) { return f(in[0]); }});
  const std::pair<const char*, Tensor (*)(const Tensor&, const Tensor&)> of_two[] = {
      {"add", add},        {"sub", sub}, {"mul", mul}, {"div", div}, {"gated_silu", gated_silu},
      {"maximum", maximum}};
  for (const auto& [name, f] : of_two)
    list.push_back(
        {name, {values({3, 4}), values({3, 4})}, [f = f](In in) { return f(in[0], in[1]); }});
  list.push_back({"mul", {values({3, 4}), values({4})}, [](In in) { return mul(in[0], in[1]); }});
  list.push_back({"pow", {values({3, 4})}, [](In in) { return pow(in[0], 1.5f); }});
  list.push_back({"clamp", {values({3, 4})}, [](In in) { return clamp(in[0], 0.3f, 0.7f); }});
  list.push_back({"where", {values({3, 4}), values({3, 4})}, [](In in) {
                    Tensor mask({3, 4});
                    for (int i = 0; i < 12; i += 3) mask.data()[i] = 1;
                    return where(mask, in[0], in[1]);
                  }});
  list.push_back({"scale", {values({3, 4})}, [](In in) { return scale(in[0], 3); }});
  list.push_back({"shift", {values({3, 4})}, [](In in) { return shift(in[0], 3); }});
  return list;
}

std::vector<Operator> products_and_shapes() {
  return {
      {"matmul", {values({3, 4}), values({4, 5})}, [](In in) { return matmul(in[0], in[1]); }},
      {"matmul",
       {values({2, 4, 3}), values({2, 5, 4})},
       [](In in) { return matmul(in[0], in[1], true, true); }},
      {"gated_mlp",
       {values({3, 4}), values({4, 6}), values({4, 6}), values({6, 5})},
       [](In in) { return gated_mlp(in[0], in[1], in[2], in[3]); }},
      {"gated_mlp",  // wide enough for the operator of its own
       {values({64, 64}), values({64, 64}), values({64, 64}), values({64, 64})},
       [](In in) { return gated_mlp(in[0], in[1], in[2], in[3]); }},
      {"reshape", {values({3, 4})}, [](In in) { return reshape(in[0], {12}); }},
      {"permute",
       {values({2, 3, 4})},
       [](In in) {
         return permute(in[0], {2, 0, 1});
       }},
      {"transpose", {values({3, 4})}, [](In in) { return transpose(in[0]); }},
      {"slice", {values({3, 4})}, [](In in) { return slice(in[0], 1, 1, 3); }},
      {"concat",
       {values({3, 2}), values({3, 1}), values({3, 2})},
       [](In in) {
         return concat({in[0], in[1], in[2]}, 1);
       }},
      {"repeat", {values({3, 4})}, [](In in) { return repeat(in[0], 0, 2); }},
      {"gather",
       {values({3, 4})},
       [](In in) {
         return gather(in[0], {3, 0, 1});
       }},
      {"matmul",  // leading extents broadcast
       {values({2, 1, 3, 4}), values({3, 4, 5})},
       [](In in) { return matmul(in[0], in[1]); }},
      {"flip",
       {values({2, 3, 2})},
       [](In in) {
         return flip(in[0], {3, 2});
       }},
  };
}

std::vector<Operator> reductions_and_layers() {
  const std::vector<int32_t> targets = {1, kIgnore, 0};
  return {
      {"sum", {values({3, 4})}, [](In in) { return sum(in[0], 0); }},
      {"max", {values({3, 4})}, [](In in) { return max(in[0], 1); }},
      {"cumsum", {values({3, 4})}, [](In in) { return cumsum(in[0], 0); }},
      {"mean", {values({3, 4})}, [](In in) { return mean(in[0], 1); }},
      {"pool_mean",
       {values({2, 3, 2})},
       [](In in) {
         return pool_mean(in[0], {3, 2});
       }},
      {"pool_last",
       {values({2, 3, 2})},
       [](In in) {
         return pool_last(in[0], {3, 2});
       }},
      {"pool_max",
       {values({2, 3, 2})},
       [](In in) {
         return pool_max(in[0], {3, 2});
       }},
      {"batch_norm",
       {values({2, 3, 2}), values({2}), values({2})},
       [](In in) {
         return batch_norm(in[0], in[1], in[2], Tensor({5}), {3, 2}, true);
       }},
      {"layer_norm",
       {values({3, 4}), values({4}), values({4})},
       [](In in) { return layer_norm(in[0], in[1], in[2]); }},
      {"layer_norm",
       {values({3, 4}), values({4})},
       [](In in) { return layer_norm(in[0], in[1], Tensor()); }},
      {"rms_norm", {values({3, 4}), values({4})}, [](In in) { return rms_norm(in[0], in[1]); }},
      {"embedding",
       {values({5, 2})},
       [](In in) {
         return embedding(in[0], {1, 4, 1}, {3});
       }},
      {"dropout", {values({3, 4})}, [](In in) { return dropout(in[0], 0.5, Rng(1, "test")); }},
      {"causal_conv",
       {values({2, 4, 3}), values({2, 3})},
       [](In in) { return causal_conv(in[0], in[1]); }},
      {"fft_convolution",
       {values({2, 4, 3}), values({2, 3})},
       [](In in) { return fft_convolution(in[0], in[1]); }},
      {"dplr_kernel",
       {values({2, 3}), values({2, 3}), values({2, 3}), values({2, 3}), values({3})},
       [](In in) { return dplr_kernel(in[0], in[1], in[2], in[3], in[4], 4); }},
      {"smoothed_cross_entropy",
       {values({3, 4})},
       [=](In in) { return smoothed_cross_entropy(in[0], targets, 0.1); }},
      {"squared_error",
       {values({3, 2})},
       [](In in) {
         return squared_error(in[0], {1, 2, 3, 4, 5, 6});
       }},
      {"cross_entropy", {values({3, 4})}, [=](In in) { return cross_entropy(in[0], targets); }},
      {"smooth_accuracy_loss",
       {values({3, 4})},
       [=](In in) { return smooth_accuracy_loss(in[0], targets); }},
      {"tailr_loss", {values({3, 4})}, [=](In in) { return tailr_loss(in[0], targets, 0.5); }},
      {"emo_loss",
       {values({3, 4})},
       [=](In in) {
         return emo_loss(in[0], targets, unit_columns(Tensor({2, 4}, 0.5f)), true);
       }},
  };
}

std::vector<Operator> sequences() {
  const Lengths lengths = {4, 3};
  const auto row = [](int64_t width) { return values({2, 4, width}); };
  std::vector<Operator> list = {
      {"rope", {row(4)}, [](In in) { return rope(in[0], 2); }},
      {"rotary",
       {row(4)},
       [](In in) {
         const std::vector<double> frequencies = {0.3}, growth = {0.1};
         return rotary(in[0], {.heads = 2, .frequencies = frequencies, .growth = growth});
       }},
      {"attention",
       {row(4), row(4), row(6), values({2, 4})},
       [=](In in) { return attention(in[0], in[1], in[2], lengths, with_bias(in[3])); }},
      {"attention",
       {row(4), row(4), row(6), row(4), row(4)},
       [=](In in) { return attention(in[0], in[1], in[2], lengths, with_far(in[3], in[4])); }},
      {"attention",
       {row(4), row(4), row(6), values({2, 4, 2}, -0.5f, -0.1f), values({2})},
       [=](In in) { return attention(in[0], in[1], in[2], lengths, with_gates(in[3], in[4])); }},
      {"linear_attention",
       {row(4), row(4), row(6)},
       [=](In in) { return linear_attention(in[0], in[1], in[2], lengths, {.heads = 2}); }},
      {"linear_attention",
       {row(4), row(4), row(6)},
       [=](In in) {
         return linear_attention(in[0], in[1], in[2], lengths, {.heads = 2, .causal = false});
       }},
      {"gated_linear_attention",
       {row(4), row(4), row(6), values({2, 4, 4}, -0.5f, -0.1f)},
       [](In in) { return gated_linear_attention(in[0], in[1], in[2], in[3], 2); }},
      {"gated_linear_attention",
       {row(4), row(4), row(6), values({4}, -0.5f, -0.1f)},
       [](In in) { return gated_linear_attention(in[0], in[1], in[2], in[3], 2); }},
      {"gated_linear_attention",
       {row(4), row(4), row(6), values({2, 4, 2}, -0.5f, -0.1f)},
       [](In in) { return gated_linear_attention(in[0], in[1], in[2], in[3], 2); }},
      {"delta_rule",
       {row(4), row(4), row(6), row(2), values({2, 4, 4}, -0.5f, -0.1f)},
       [](In in) { return delta_rule(in[0], in[1], in[2], in[3], in[4], 2); }},
      {"delta_rule",
       {row(4), row(4), row(6), row(2), values({2, 4, 2}, -0.5f, -0.1f)},
       [](In in) { return delta_rule(in[0], in[1], in[2], in[3], in[4], 2); }},
      {"delta_rule",
       {row(4), row(4), row(6), row(2)},
       [](In in) { return delta_rule(in[0], in[1], in[2], in[3], Tensor(), 2); }},
      {"complex_scan", {values({6}), row(6)}, [](In in) { return complex_scan(in[0], in[1]); }},
      {"gated_scan", {row(3), row(3)}, [](In in) { return gated_scan(in[0], in[1]); }},
      {"gated_scan", {values({3}), row(3)}, [](In in) { return gated_scan(in[0], in[1]); }},
      {"diagonal_ssm",
       {values({4, 3}), values({4, 3}), row(3)},
       [](In in) { return diagonal_ssm(in[0], in[1], in[2]); }},
      {"selective_scan",
       {row(3), row(3), values({2, 3}, -0.9f, -0.2f), row(2), row(2)},
       [](In in) { return selective_scan(in[0], in[1], in[2], in[3], in[4]); }},
      {"dplr_scan",
       {row(4), row(4), row(6), row(4), row(4), values({2, 4, 4}, -0.5f, -0.1f)},
       [](In in) { return dplr_scan(in[0], in[1], in[2], in[3], in[4], in[5], 2); }},
      {"slstm_recurrence",
       {row(16), values({4, 2, 2, 2})},
       [](In in) { return slstm_recurrence(in[0], in[1]); }},
      {"m2rnn_recurrence",
       {row(4), row(4), row(6), row(2), values({2, 3, 3})},
       [](In in) { return m2rnn_recurrence(in[0], in[1], in[2], in[3], in[4], 2); }},
      {"m2rnn_recurrence by newton",
       {row(4), row(4), row(6), row(2), values({2, 3, 3})},
       [](In in) {
         return m2rnn_recurrence(in[0], in[1], in[2], in[3], in[4], 2, {.solver = Solver::newton});
       }},
      {"one_hot_scan",
       {row(3), values({3, 2, 2}), row(4), row(4)},
       [](In in) { return one_hot_scan(in[0], in[1], in[2], in[3]); }},
      {"wkv",
       {values({3}), values({3}), row(3), row(3)},
       [](In in) { return wkv(in[0], in[1], in[2], in[3]); }},
  };
  const std::tuple<Cell, int64_t> cells[] = {{Cell::tanh, 1}, {Cell::gru, 3}, {Cell::lstm, 4}};
  for (const auto& [cell, gates] : cells)
    for (const Solver solver : {Solver::sequential, Solver::newton})
      list.push_back({"nonlinear_recurrence",
                      {row(3 * gates), values({gates, 3, 1, 1})},
                      [cell = cell, solver](In in) {
                        return nonlinear_recurrence(in[0], in[1], {.cell = cell, .solver = solver});
                      }});
  for (const Solver solver : {Solver::sequential, Solver::newton})
    list.push_back(
        {"nonlinear_recurrence", {row(9), values({3, 3, 1, 1}), values({2, 3})}, [solver](In in) {
           const RecurrenceSpec spec{.cell = Cell::cifg, .solver = solver};
           return nonlinear_recurrence(in[0], in[1], spec, nullptr, in[2]);
         }});
  return list;
}

std::vector<Operator> all_operators() {
  std::vector<Operator> list;
  for (const auto& group :
       {elementwise(), products_and_shapes(), reductions_and_layers(), sequences()})
    list.insert(list.end(), group.begin(), group.end());
  return list;
}

// The inputs after a backward pass in which those of the set bits of `needed` need a gradient.
std::vector<Tensor> after_backward(const Operator& op, unsigned needed) {
  std::vector<Tensor> inputs;
  for (const Tensor& input : op.inputs) {
    inputs.push_back(input.clone());
    inputs.back().set_needs_grad(needed >> (inputs.size() - 1) & 1);
  }
  Tape tape;
  const Tensor y = op.apply(inputs);
  tape.backward(sum_all(mul(y, random_tensor(y.shape(), 1))));
  return inputs;
}

Tensor gradient_of(const Tensor& x) {
  Tensor gradient = Tensor::empty(x.shape());
  std::copy_n(x.grad(), x.size(), gradient.data());
  return gradient;
}

}  // namespace

TEST_CASE("operators: inputs that need no gradient get none, and change nobody else's", "[ops]") {
  for (const Operator& op : all_operators()) {
    const unsigned all = (1u << op.inputs.size()) - 1;
    const std::vector<Tensor> complete = after_backward(op, all);
    for (unsigned needed = 0; needed <= all; ++needed) {
      const std::vector<Tensor> inputs = after_backward(op, needed);
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        INFO(op.name << ", input " << i << ", needed " << needed);
        REQUIRE(inputs[i].has_grad() == (needed >> i & 1));
        if (inputs[i].has_grad())
          CHECK(max_difference(gradient_of(inputs[i]), gradient_of(complete[i])) < 1e-5);
      }
    }
  }
}

TEST_CASE("operators: the test of needed gradients leaves none out", "[ops]") {
  std::set<std::string> tested = {"recurrence_step", "unit_columns", "running_max", "slstm_state",
                                  "slstm_step",      "one_hot_step"};  // have no gradient
  for (const Operator& op : all_operators()) tested.insert(op.name);
  const std::regex declaration("^Tensor ([a-z_0-9]+)\\(");
  for (const char* header :
       {"include/longhaul/ops.h", "include/longhaul/recurrences.h", "math/ops/losses.h"}) {
    std::ifstream in(std::string(LONGHAUL_SOURCE_DIR "/") + header);
    std::smatch match;
    int declared = 0;
    for (std::string line; std::getline(in, line);)
      if (std::regex_search(line, match, declaration)) {
        ++declared;
        CHECK(tested.count(match[1]) == 1);
      }
    CHECK(declared >= 3);
  }
}
