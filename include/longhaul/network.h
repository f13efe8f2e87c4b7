#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "longhaul/mixer.h"
#include "longhaul/task.h"

namespace longhaul {

// What a task asks of a network's two ends.
struct TaskShape {
  int64_t vocab = 0, classes = 0;
  int64_t max_length = 0;      // of the longest input that is trained or tested on
  int64_t trained_length = 0;  // of the longest training input; 0: max_length
  Readout readout = Readout::sequence;
  int64_t channels = 0;  // real numbers a position; 0: ids of the vocabulary
  bool hidden = false;  // answers of Readout::token are hidden in the input: both sides may be seen
};

// How the positions of a sequence with one answer become what its head reads.
struct PoolingInfo {
  std::string name;
  Tensor (*pool)(const Tensor& x, const Lengths& lengths);  // [B, T, D] -> [B, D]
};
const std::vector<PoolingInfo>& poolings();

// What a network's constructor is given: beside what a mixer gets, the task's two ends. It stands
// in no layer; layers() is how many it should have, and parameters are named as the network says.
class NetworkContext : public MixerContext {
 public:
  NetworkContext(const TaskShape& task, int64_t d_model, int64_t layers, bool causal,
                 std::string pooling, uint64_t seed, Options& options,
                 std::vector<Parameter>& parameters);

  const TaskShape& task() const { return task_; }
  // What is read of a sequence with one answer: a name of poolings().
  const std::string& pooling() const { return pooling_; }

 private:
  TaskShape task_;
  std::string pooling_;
};

// The first layer that most networks want: embedding.weight [vocab, width], or, for a task of real
// numbers, input.weight [channels, width] and input.bias.
class InputEmbedding {
 public:
  InputEmbedding() = default;
  InputEmbedding(NetworkContext& context, int64_t width);
  Tensor operator()(const Batch& batch) const;    // -> [size, length, width]
  const Tensor& table() const { return table_; }  // undefined for a task of real numbers

 private:
  int64_t channels_ = 0;
  Tensor table_, weight_, bias_;
};

// The norm before the head: norm.gain, of a layer norm norm.bias too.
enum class HeadNorm { rms, layer, none };

// The last layer that most networks want, for every kind of task: a norm and a linear head
// (head.weight, head.bias) on the pooled sequence, or on every scored position. Of a pair's pooled
// a and b it reads [a, b, a b, a - b] (the dual encoder of Long Range Arena, Tay et al. 2021,
// arXiv:2011.04006). `tied` [classes, width], the table of an embedding, stands in the place of
// head.weight: logits = x tied^T / sqrt(width) + head.bias.
class ReadOut {
 public:
  ReadOut() = default;
  ReadOut(NetworkContext& context, int64_t width, HeadNorm norm = HeadNorm::rms,
          const Tensor& tied = {});
  // x [size, length, width] -> logits [rows, classes]
  Tensor operator()(const Tensor& x, const Batch& batch) const;
  // One position, x [size, width] -> logits [size, classes]; of a pair, whose head reads two ends,
  // x itself.
  Tensor step(const Tensor& x) const;

 private:
  Tensor head(const Tensor& rows) const;

  Readout readout_ = Readout::sequence;
  HeadNorm norm_ = HeadNorm::rms;
  Tensor (*pool_)(const Tensor&, const Lengths&) = nullptr;
  Tensor gain_, norm_bias_, weight_, tied_, bias_;
};

// Drops a share of the activations in training, none in evaluation. Each call draws anew.
class Dropout {
 public:
  Dropout() : rng_(0, "") {}  // of evaluation
  Dropout(double share, const Rng& rng) : is_training_(true), share_(share), rng_(rng) {}
  Tensor operator()(const Tensor& x);
  bool is_training() const { return is_training_; }  // whatever the share

 private:
  bool is_training_ = false;
  double share_ = 0;
  Rng rng_;
};

// What a network carries from one decoded position to the next, in as many parts as it likes.
struct DecodeState {
  std::vector<State> parts;
  int64_t position = 0;  // how many positions have been consumed

  int64_t bytes() const;  // of all tensors held
  DecodeState clone() const;
};

// A model from tokens to logits, for architectures that are more than a mixer in the common
// backbone: other norms, no norms, several resolutions. What it shares with the backbone it can
// take from above. As of a mixer, forward and step are const, rows of a batch are independent, and
// no real position depends on padding.
class Network {
 public:
  virtual ~Network();

  // Logits [rows, classes] at the batch's scored rows.
  virtual Tensor forward(const Batch& batch, Dropout drop) const = 0;

  // Decoding, optional: step consumes one position of every sequence, a batch of length 1, and
  // returns logits [size, classes] as Readout::token would have them there.
  virtual bool decodes() const;  // default: no, and then the other two throw Error
  virtual DecodeState start(int64_t batch) const;
  virtual Tensor step(const Batch& column, DecodeState& state) const;
};

}  // namespace longhaul
