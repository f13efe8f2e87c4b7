#include "math/attention/faded_chunk.h"

#include <cmath>

#include "math/kernels/vmath.h"

namespace longhaul::head {
namespace {

constexpr int64_t kGroup = 24;  // rows of scores held at a time

void exponentiate(float* x, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) x[i] = vmath::exp(x[i]);
}

}  // namespace

PooledVector<int64_t> chunk_borders(const FadedProblem& p, const Rows& g) {
  PooledVector<int64_t> borders;
  borders.reserve(p.T + 1);
  Scratch scratch(p.decays);
  float* G = scratch.zeros(p.decays);
  for (int64_t t = 0; t < p.T; ++t) {
    bool fits = !borders.empty() && t - borders.back() < p.chunk;
    for (int64_t c = 0; fits && c < p.decays; ++c) {
      G[c] += g[t][c];
      fits = std::abs(G[c]) <= kStrongest;  // not so for NaN
    }
    if (fits) continue;
    borders.push_back(t);
    std::fill_n(G, p.decays, 0.0f);
  }
  borders.push_back(p.T);
  return borders;
}

FadedChunk::FadedChunk(const FadedProblem& p, Scratch& scratch)
    : p_(p), growth_(scratch.zeros(p.chunk * p.wide())), first_(scratch.zeros(p.wide())) {}

void FadedChunk::load(const Rows& g, int64_t begin, int64_t end) {
  begin_ = begin;
  size_ = end - begin;
  const int64_t wide = p_.wide(), step = p_.decays == 1 ? 0 : 1;
  for (int64_t c = 0; c < p_.d; ++c) {
    first_[c] = g[begin][c * step];
    growth_[c] = 0;
  }
  for (int64_t i = 1; i < size_; ++i) {
    float* row = growth_ + i * wide;
    for (int64_t c = 0; c < p_.d; ++c) row[c] = row[c - wide] + g[begin + i][c * step];
  }
  exponentiate(first_, p_.d);
  for (int64_t i = 0; i < size_; ++i) exponentiate(growth_ + i * wide, p_.d);
}

void FadedChunk::grow(const Rows& x, float* out) const {
  const int64_t wide = p_.wide();
  for (int64_t i = 0; i < size_; ++i) {
    const float *from = x[i], *factor = growth_ + i * wide;
#pragma omp simd
    for (int64_t c = 0; c < p_.d; ++c) out[i * wide + c] = from[c] * factor[c];
  }
}

void FadedChunk::shrink(const Rows& x, float* out) const {
  const int64_t wide = p_.wide();
  for (int64_t i = 0; i < size_; ++i) {
    const float *from = x[i], *factor = growth_ + i * wide;
#pragma omp simd
    for (int64_t c = 0; c < p_.d; ++c) out[i * wide + c] = from[c] / factor[c];
  }
}

void FadedChunk::fade_rows(float* state, int64_t width, bool first) const {
  const float* factor = factors(first);
  for (int64_t c = 0; c < p_.d; ++c) {
    float* row = state + c * width;
#pragma omp simd
    for (int64_t x = 0; x < width; ++x) row[x] *= factor[c];
  }
}

void FadedChunk::fade_columns(float* state, int64_t height, bool first) const {
  const float* factor = factors(first);
  for (int64_t r = 0; r < height; ++r) {
    float* row = state + r * p_.wide();
#pragma omp simd
    for (int64_t c = 0; c < p_.d; ++c) row[c] *= factor[c];
  }
}

int64_t product_scratch(const FadedProblem& p, int64_t inner) {
  return (inner + kGroup) * p.lanes();
}

void multiply(const FadedProblem& p, const ChunkProduct& x, float* memory, float* out) {
  const int64_t lanes = p.lanes();
  float *turned = memory, *score = memory + x.inner * lanes;
  tile::transpose(x.n, x.inner, x.right[0], x.right.stride, turned, lanes);
  for (int64_t i0 = 0; i0 < x.n; i0 += kGroup) {
    const int64_t rows = std::min(kGroup, x.n - i0);
    const int64_t begin = x.ahead ? i0 : 0, count = x.ahead ? x.n - i0 : i0 + rows;  // the j
    const int64_t padded = tile::round_up(count);
    const tile::Left left{x.left[i0], x.left.stride};
    tile::product(rows, x.inner, padded, left, turned + begin, lanes, score, lanes, false);
    for (int64_t r = 0; r < rows; ++r) {
      float* row = score + r * lanes;
      const int64_t own = i0 + r - begin;
      if (x.ahead)
        std::fill(row, row + own + x.strict, 0.0f);
      else
        std::fill(row + own + !x.strict, row + padded, 0.0f);
    }
    float* sum = out + i0 * x.wide;
    tile::product(rows, count, x.wide, {score, lanes}, x.value[begin], x.value.stride, sum, x.wide,
                  x.accumulate);
    if (x.state) tile::product(rows, x.inner, x.wide, left, x.state, x.wide, sum, x.wide, true);
  }
}

}  // namespace longhaul::head
