#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>

#include "longhaul/error.h"
#include "longhaul/mixer.h"

// The options of attention, read and checked. What each does is in attention_positions.h and
// attention_scale.h, the formulas in docs/models/transformer.md.
namespace attention_options {
using namespace longhaul;

inline bool one_of(const std::string& name, std::initializer_list<const char*> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// A change made after training, to meet longer inputs. It touches no parameter.
struct PostHoc {
  std::string name;
  double factor, kappa, yarn_fast;
  int64_t window;
  bool logn;
  bool turns() const { return !one_of(name, {"none", "logn", "window"}); }
  bool selects() const { return one_of(name, {"rerope", "leaky_rerope"}); }
};

struct AttentionOptions {
  int64_t heads, kv_heads, head_width;
  std::string position;
  double rope_base;
  int64_t window;  // 0: none
  bool hwfa;
  int64_t trained_length;  // what scales, windows and changes go by
  int64_t longest;         // input that may come, for the range of numbers alone
  bool query_norm, key_norm, logn;
  bool forget_gate, output_gate, sink;
  std::string scale;
  double scale_factor;
  PostHoc post_hoc;

  bool rotates() const { return one_of(position, {"rope", "xpos"}); }
};

constexpr int64_t kXposReach = 1 << 15;  // from its middle; beyond it zeta^(p/512) leaves float32

inline void read_heads(AttentionOptions& a, Options& o, int64_t d_model) {
  a.heads = o.integer("heads", 2, "attention heads; they divide d_model", 1);
  a.kv_heads =
      o.integer("kv_heads", 0, "heads of keys and values, a divisor of heads; 0 means heads");
  if (d_model % a.heads != 0) {
    o.problem("heads", text(a.heads, " heads do not cut d_model ", d_model, " into equal parts"));
    a.heads = 1;
  }
  if (a.kv_heads && a.heads % a.kv_heads != 0)
    o.problem("kv_heads", text(a.kv_heads, " does not divide the ", a.heads, " heads"));
  if (a.kv_heads == 0 || a.heads % a.kv_heads != 0) a.kv_heads = a.heads;
  a.head_width = d_model / a.heads;
}

inline void read_positions(AttentionOptions& a, Options& o, const MixerContext& c) {
  a.position = o.choice(
      "position", "rope",
      {"none", "learned", "sinusoidal", "rope", "xpos", "alibi", "kerple_log", "kerple_power"},
      "how positions are told apart");
  a.rope_base = o.number("rope_base", 10000, "base of the frequencies of rope and xpos", 1);
  a.window = o.integer("window", 0, "keys at this distance and beyond are not seen; 0: all are");
  a.hwfa = o.flag("hwfa", false,
                  "windows with rope, but the last layer sees all, with logn and no positions; "
                  "window 0: the windows together reach 3/4 of trained_length");
  a.trained_length = o.integer("trained_length", 0,
                               "the length scales and changes refer to; 0: the longest training "
                               "input");
  if (a.trained_length == 0) a.trained_length = std::max<int64_t>(c.trained_length(), 1);
  a.longest = c.max_length();
}

inline void read_scores(AttentionOptions& a, Options& o) {
  a.query_norm = o.flag("query_norm", false, "divide each query by its length");
  a.key_norm = o.flag("key_norm", false, "divide each key by its length");
  a.scale = o.choice("scale", "standard", {"standard", "none", "gradmax"},
                     "of scores; standard: 1/sqrt(d), with one norm 1, with both 4 ln n");
  a.scale_factor = o.number("scale_factor", 1, "multiplies the scale");
  a.logn = o.flag("logn", false, "multiply scores by ln(visible keys) / ln(trained_length)");
}

inline void read_gates(AttentionOptions& a, Options& o) {
  a.forget_gate = o.flag("forget_gate", false, "a gate of each head dims all earlier keys");
  a.output_gate = o.flag("output_gate", false, "multiply what attention gives by sigmoid(x W)");
  a.sink = o.flag("sink", false, "a learned logit of each head takes a share and gives no value");
}

inline void read_post_hoc(AttentionOptions& a, Options& o, const MixerContext& c) {
  PostHoc& change = a.post_hoc;
  change.name = o.choice("post_hoc", "none",
                         {"none", "pi", "ntk_aware", "ntk_old", "ntk_fixed", "ntk_mixed", "yarn",
                          "yarn_index", "rerope", "leaky_rerope", "logn", "window"},
                         "change after training, for inputs beyond trained_length");
  change.factor = o.number("post_hoc_factor", 0,
                           "how many times longer; 0: the longest training input / "
                           "trained_length",
                           0);
  change.window = o.integer("post_hoc_window", 0,
                            "of rerope and leaky_rerope, 0: half of trained_length; of window, 0: "
                            "trained_length");
  change.kappa = o.number("post_hoc_kappa", 16,
                          "leaky_rerope divides distances beyond its window by it", 1e-3);
  change.yarn_fast =
      o.number("yarn_fast", 32, "yarn keeps pairs that turn so often in trained_length", 1);
  change.logn = o.flag("post_hoc_logn", false, "the change logn beside another one");
  change.logn |= change.name == "logn";
  if (change.factor == 0)
    change.factor = static_cast<double>(c.trained_length()) / static_cast<double>(a.trained_length);
  if (change.window == 0)
    change.window =
        std::max<int64_t>(1, change.selects() ? a.trained_length / 2 : a.trained_length);
}

inline void check(const AttentionOptions& a, Options& o, bool causal) {
  const PostHoc& change = a.post_hoc;
  if (a.rotates() && a.head_width % 2 != 0)
    o.problem("heads", text(a.heads, " heads of width ", a.head_width, "; ", a.position,
                            " needs an even one"));
  if (a.position == "xpos" && !causal)
    o.problem("position", "xpos decays towards the past; it needs causal: true");
  if (a.position == "xpos" && a.longest > 2 * kXposReach)
    o.problem("position", text("xpos reaches to length ", 2 * kXposReach, ", found ", a.longest));
  if (change.turns() && a.position != "rope")
    o.problem("post_hoc", text(change.name, " changes rope, found position: ", a.position));
  if (change.selects() && !causal)
    o.problem("post_hoc", text(change.name, " only looks back; it needs causal: true"));
  if (a.forget_gate && !causal)
    o.problem("forget_gate", "it dims what came before; it needs causal: true");
  if (a.hwfa && a.position != "rope")
    o.problem("hwfa", text("its windows need position: rope, found ", a.position));
}

inline AttentionOptions read(MixerContext& c) {
  AttentionOptions a;
  Options& o = c.options();
  read_heads(a, o, c.d_model());
  read_positions(a, o, c);
  read_scores(a, o);
  read_gates(a, o);
  read_post_hoc(a, o, c);
  check(a, o, c.causal());
  return a;
}

}  // namespace attention_options
