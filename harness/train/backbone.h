#pragma once

#include <memory>
#include <vector>

#include "harness/suite/spec.h"
#include "harness/train/batch.h"
#include "longhaul/error.h"
#include "longhaul/registry.h"

namespace longhaul {

// A model that is asked for something it does not do; the trial's status is `unsupported`.
class Unsupported : public Error {
 public:
  using Error::Error;
};

// What a task asks of a model's two ends.
struct TaskShape {
  int64_t vocab = 0, classes = 0, max_length = 0;
  Readout readout = Readout::sequence;
  int64_t channels = 0;  // real numbers a position; 0: ids of the vocabulary
};
TaskShape shape_of(const Task& task);

// The model around a mixer, the same for all of them (pre-norm residual stack):
//   x = embedding[token], or values input + bias (+ position[t] or sines if the mixer asked for
//   them) layers times:  x = x + mixer(conv(norm(x)));  x = x + mlp(norm(x)) logits = norm(pooled
//   x) head + bias     pooled: mean or last position, or every scored position
// A pair of sequences goes through the same stack; of the pooled a and b, the head reads
// [a, b, a b, a - b] (the dual encoder of Long Range Arena, Tay et al. 2021, arXiv:2011.04006).
// norm: RMS norm with gain. conv: depthwise causal convolution, left out when short_conv = 0.
// mlp(x) = (x up * silu(x gate)) down (Shazeer 2020, arXiv:2002.05202, SwiGLU).
class Backbone {
 public:
  // Throws Error if the model cannot be built so, and Unsupported if it declines the direction.
  Backbone(const ModelInfo& model, Options& mixer_options, const Settings& settings,
           const TaskShape& task, uint64_t seed);

  // Logits [rows, classes] at the batch's scored rows. `dropout` is the stream that dropout draws
  // from, nullptr in evaluation.
  Tensor forward(const Batch& batch, const Rng* dropout = nullptr) const;

  // Decoding: one position of every sequence at a time, given as column() cuts it from a batch
  // -> logits [batch, classes] as Readout::token would give there; for Readout::pair, whose head
  // reads two sequences at their ends, what is pooled [batch, d_model].
  struct DecodeState {
    std::vector<State> mixers;
    std::vector<State> convolutions;  // the last short_conv - 1 inputs of each block
    int64_t position = 0;
    int64_t bytes() const;  // of all tensors held
  };
  DecodeState start(int64_t batch) const;
  Tensor step(const Batch& column, DecodeState& state) const;

  const std::vector<Parameter>& parameters() const { return parameters_; }
  int64_t parameter_count() const;
  const Tensor& head() const { return head_; }  // [what it reads, classes]: a column a class

 private:
  struct Block {
    Tensor norm, conv;
    std::unique_ptr<Mixer> mixer;
    Tensor mlp_norm, gate, up, down;
  };
  Tensor mlp(const Block& block, const Tensor& x) const;
  Tensor embed(const Batch& batch, int64_t first) const;
  Tensor pool(const Tensor& x, const Lengths& lengths) const;
  Tensor read_out(const Tensor& rows) const;
  Tensor convolve_step(const Block& block, const Tensor& x, State& state) const;

  Settings settings_;
  TaskShape task_;
  std::vector<Parameter> parameters_;
  Tensor embedding_, input_, input_bias_, positions_;
  bool sinusoidal_ = false;
  std::vector<Block> blocks_;
  Tensor norm_, head_, bias_;
};

}  // namespace longhaul
