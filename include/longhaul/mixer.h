#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "longhaul/batch.h"
#include "longhaul/options.h"
#include "longhaul/rng.h"
#include "longhaul/tensor.h"

namespace longhaul {

// How a parameter's first values are made; `rng` is the parameter's own stream.
using Init = std::function<void(Tensor& values, Rng& rng)>;
Init zeros();
Init constant(float value);
Init normal(double std_dev);
Init uniform(double low, double high);
Init fan_in();  // normal with standard deviation 1/sqrt(first extent): for a weight [in, out] used
                // as matmul(x, w)

// How the optimizer treats a parameter.
struct ParameterGroup {
  double lr_scale = 1;  // multiplies the learning rate
  bool decay = true;    // whether weight decay applies
  // The range in which its values are held: as they are made, loaded and after each step. A value
  // at an end keeps its gradient and can move back.
  float least = -std::numeric_limits<float>::infinity();
  float most = std::numeric_limits<float>::infinity();
  // A weight [in, out] between two layers, whose steps muon makes orthogonal; neither an embedding
  // nor a head.
  bool is_hidden_matrix = false;
};

struct Parameter {
  std::string name;  // "block.0.mixer.q.weight"
  Tensor value;
  ParameterGroup group;
  // Of values that are stored with the model but drawn instead of trained: called before every
  // training step with its number, from 0, it draws anew when that is due.
  std::function<void(int64_t step)> redraw = {};

  // Running means and variances (MixerContext::statistics): the optimizer takes them from what a
  // training step leaves in their gradient slot.
  bool is_statistics = false;

  bool trained() const { return !redraw && !is_statistics; }
  void hold_in_range() const;  // of its group
};

// What a mixer's constructor is given: where it sits, its options, and the makers of its
// parameters.
class MixerContext {
 public:
  MixerContext(int64_t d_model, int64_t max_length, bool causal, uint64_t seed, std::string prefix,
               Options& options, std::vector<Parameter>& parameters, int64_t layer = 0,
               int64_t layers = 1, int64_t trained_length = 0);

  int64_t d_model() const { return d_model_; }
  // No forward is asked for a longer input: the longest that is trained or tested on. What is
  // learned must not hang on it, or a model would learn something else for being tested more.
  int64_t max_length() const { return max_length_; }
  // The longest training input; max_length where the constructor was given 0.
  int64_t trained_length() const { return trained_length_; }
  bool causal() const { return causal_; }   // position t must not see positions after t
  int64_t layer() const { return layer_; }  // where it stands, 0 .. layers() - 1
  int64_t layers() const { return layers_; }
  Options& options() { return options_; }

  // The same place, for a mixer inside this one: names begin with this prefix and `prefix`. It asks
  // for no positions.
  MixerContext inside(const std::string& prefix) const;

  // A trainable tensor named prefix + name. Its first values depend on (seed, name) alone.
  Tensor parameter(const std::string& name, const Shape& shape, const Init& init,
                   ParameterGroup group = {});
  // A weight [in, out] for matmul(x, w), initialised by fan_in(): a hidden matrix.
  Tensor weight(const std::string& name, int64_t in, int64_t out);
  // A tensor that is not trained: random features. Its values depend on (seed, name) alone, so that
  // the model of a checkpoint has them again without storing them.
  Tensor fixed(const std::string& name, const Shape& shape, const Init& init) const;
  // The same, drawn anew every so many training steps. Draw i depends on (seed, name, i) alone; the
  // last one is stored with the parameters.
  Tensor redrawn(const std::string& name, const Shape& shape, const Init& init, int64_t every);
  // The running means and variances of `width` channels, for batch_norm(); stored, not trained.
  Tensor statistics(const std::string& name, int64_t width);

  // Asks the backbone to add a learned position table to the embeddings.
  void want_learned_positions() { learned_positions_ = true; }
  bool wants_learned_positions() const { return learned_positions_; }
  // Asks it to add sines and cosines of the position (Vaswani et al. 2017, section 3.5).
  void want_sinusoidal_positions() { sinusoidal_positions_ = true; }
  bool wants_sinusoidal_positions() const { return sinusoidal_positions_; }

 private:
  void declare(Parameter parameter);

  int64_t d_model_, max_length_, trained_length_;
  bool causal_;
  uint64_t seed_;
  std::string prefix_;
  Options& options_;
  std::vector<Parameter>& parameters_;
  int64_t layer_, layers_;
  bool learned_positions_ = false, sinusoidal_positions_ = false;
};

// What a mixer carries from one decoded position to the next. The harness measures its bytes.
struct State {
  std::vector<Tensor> tensors;
  int64_t position = 0;  // how many positions have been consumed
};

struct AttentionRows;  // longhaul/attention_rows.h

// Mixes information along a sequence: the part of a model that makes its family. The backbone
// around it (embedding, norms, residuals, gated MLP, read-out) is the same for all.
//
// One .cpp per mixer; see docs/add-a-model.md. The constructor takes a MixerContext&; forward and
// step are const, so nothing leaks from one batch to the next.
class Mixer {
 public:
  virtual ~Mixer();

  // x [batch, length, d_model] -> [batch, length, d_model]. Rows of a batch are independent, and a
  // real position never depends on padding (see Lengths); what padding yields does not matter.
  virtual Tensor forward(const Tensor& x, const Lengths& lengths) const = 0;

  // Decoding, causal mixers only: step(x_t [batch, d_model], state) consumes one position and
  // returns what forward would have returned there.
  virtual State start(int64_t batch) const = 0;
  virtual Tensor step(const Tensor& x, State& state) const = 0;

  // What the queries at these positions of x make of the keys, for measurements; nothing (the
  // default) of a mixer that has no such weights.
  virtual AttentionRows attention_rows(const Tensor& x, const Lengths& lengths,
                                       const std::vector<int64_t>& queries) const;
};

// Reports a number about the running forward pass (solver iterations, a norm) to whoever listens on
// this thread; free when nobody does. Values of one name are averaged over a training step.
void note(const char* name, double value);

// In training, adds an auxiliary loss of the running forward pass to what is minimised, such as a
// term that balances a router's load. `value` is one number, of any shape that holds one: a mean
// over the sequences of this pass. Each lane's is weighted by its share of the scored positions of
// the whole batch, so that the objective gets their mean, with the same bits for any number of
// threads; a pass that adds several adds their sum. Scores and curves do not show it, and passes in
// evaluation ignore it. Call it on the thread that called forward. Throws Error if `value` is not
// one number, and in training with checkpoint_blocks: true, which would lose its gradient.
void add_loss(const Tensor& value);

}  // namespace longhaul
