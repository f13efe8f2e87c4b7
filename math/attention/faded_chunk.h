#pragma once

#include "math/kernels/head.h"
#include "math/memory.h"

// Chunks of a linear attention whose state fades: what gated_linear_attention and delta_rule share.
//
// Let G_i be the sum of log decays after a chunk's first position up to its i-th, so G = 0 at the
// first. With readers x_i exp(G_i) (queries) and writers x_i exp(-G_i) (keys), and with the state
// before the chunk faded by its first position's decay, the chunk has no decays left; the state
// after it is faded by exp(G_last). A chunk ends early where some |G| would exceed kStrongest, so
// that no factor overflows and small ones lose no precision. Under the strongest decays a chunk is
// one position, and the chunked form is the recurrence.
//
// The gradient of a log decay is that of the next one and what its own position adds as a reader
// and as a writer. Two things keep such a sum exact. What a position reads of its own writing is
// left out: no decay stands between, it would only cancel, and under strong decays it is far larger
// than all the rest. And the sum begins anew at every stretch: before position t the gradient is
// <S, dL/dS>, S the state there, which one pass keeps for the other.
namespace longhaul::head {

constexpr float kStrongest = 20.0f;    // largest |G| within a chunk
constexpr int64_t kLeastStretch = 64;  // positions, so that few states are kept

struct FadedProblem {
  int64_t B, T, H, d, dv, chunk;
  int64_t decays;  // of a head and position: d, or 1 for all of its channels
  bool fixed;      // one row of decays for all positions

  int64_t heads() const { return B * H; }
  int64_t wide() const { return tile::round_up(d); }
  int64_t wide_v() const { return tile::round_up(dv); }
  // Row stride of what has a chunk's positions as lanes; a group may begin at any of them.
  int64_t lanes() const { return tile::round_up(chunk) + tile::kWidth; }
  // Positions of a stretch, over which gradients of decays are summed up.
  int64_t stretch() const { return std::max(chunk, kLeastStretch); }
  int64_t stretches() const { return T / stretch() + 1; }
  // Where a head's rows begin in a [B, T, H * width] array.
  int64_t at(int64_t head, int64_t width) const { return (head / H * T * H + head % H) * width; }
  Rows rows(const float* x, int64_t head, int64_t width) const {
    return {x + at(head, width), H * width};
  }
  Rows decay_rows(const float* log_decay, int64_t head) const {
    if (fixed) return {log_decay + head % H * decays, 0};
    return rows(log_decay, head, decays);
  }
};

// Where the chunks of a head with log decays g begin, and T.
PooledVector<int64_t> chunk_borders(const FadedProblem& p, const Rows& g);

// Whether the chunk is the first that begins in its stretch, whose number is begin / p.stretch().
// Not so for the first of all, before which the state is zero.
inline bool begins_stretch(const FadedProblem& p, const PooledVector<int64_t>& borders,
                           std::size_t chunk) {
  return chunk > 0 && borders[chunk] / p.stretch() != borders[chunk - 1] / p.stretch();
}

class FadedChunk {
 public:
  static int64_t scratch(const FadedProblem& p) { return (p.chunk + 1) * p.wide(); }
  FadedChunk(const FadedProblem& p, Scratch& scratch);

  void load(const Rows& g, int64_t begin, int64_t end);
  int64_t begin() const { return begin_; }
  int64_t size() const { return size_; }
  // out_i = x_i exp(G_i) or x_i exp(-G_i) for the rows of the chunk; `x` begins with the chunk.
  void grow(const Rows& x, float* out) const;
  void shrink(const Rows& x, float* out) const;
  // Fades a state of a row, or a column, for each channel, `width` of the other: by the decay of
  // the chunk's first position, or by exp(G_last).
  void fade_rows(float* state, int64_t width, bool first) const;
  void fade_columns(float* state, int64_t height, bool first) const;

 private:
  const float* factors(bool first) const {
    return first ? first_ : growth_ + (size_ - 1) * p_.wide();
  }
  const FadedProblem& p_;
  float *growth_, *first_;
  int64_t begin_ = 0, size_ = 0;
};

// One product of a chunk, for each of its n positions i:
//   out_i = sum_j <left_i, right_j> value_j + left_i state
// over j <= i, or j >= i looking ahead; `strict` leaves out j = i, `accumulate` adds to out. left,
// right of width `inner`, value, state and out of width `wide`, all padded to whole registers; no
// state is one of zeros.
struct ChunkProduct {
  int64_t n, inner, wide;
  Rows left, right, value;
  const float* state;
  bool ahead = false, strict = false, accumulate = false;
};
int64_t product_scratch(const FadedProblem& p, int64_t inner);
void multiply(const FadedProblem& p, const ChunkProduct& x, float* memory, float* out);

}  // namespace longhaul::head
