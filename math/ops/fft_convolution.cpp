#include <algorithm>
#include <cmath>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/kernels/fourier.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

// Transforms of a column (one channel) of the rows 2 i and 2 i + 1 of [B, T, D] at once, as the
// real and imaginary parts of one complex sequence: a real filter keeps them apart. n is long
// enough that no end of a sequence reaches its beginning.
class Transforms {
 public:
  Transforms(int64_t B, int64_t T, int64_t D, int64_t K)
      : B_(B), T_(T), D_(D), K_(K), n_(fast_length(T + K)), fourier_(Fourier::of(n_)) {}

  int64_t pairs() const { return (B_ + 1) / 2; }
  // As operations are counted: 5 n log2 n a transform.
  int64_t flops(int64_t transforms) const {
    return transforms *
           static_cast<int64_t>(5 * static_cast<double>(n_) * std::log2(static_cast<double>(n_)));
  }

  Spectrum of_pair(const float* x, int64_t pair, int64_t d) const {
    Spectrum values = empty();
    const float *first = x + 2 * pair * T_ * D_ + d, *second = first + T_ * D_;
    const bool has_second = 2 * pair + 1 < B_;
    for (int64_t t = 0; t < T_; ++t)
      values[t] = {first[t * D_], has_second ? second[t * D_] : 0.0f};
    return fourier_.forwards(values);
  }
  Spectrum of_filter(const float* w, int64_t d) const {  // [K, D]
    Spectrum values = empty();
    for (int64_t k = 0; k < K_; ++k) values[k] = w[k * D_ + d];
    return fourier_.forwards(values);
  }

  void add_to_pair(const Spectrum& spectrum, float* y, int64_t pair, int64_t d) const {
    const Spectrum values = fourier_.backwards(spectrum);
    const double size = 1 / static_cast<double>(n_);
    float *first = y + 2 * pair * T_ * D_ + d, *second = first + T_ * D_;
    const bool has_second = 2 * pair + 1 < B_;
    for (int64_t t = 0; t < T_; ++t) {
      first[t * D_] += static_cast<float>(size * values[t].real());
      if (has_second) second[t * D_] += static_cast<float>(size * values[t].imag());
    }
  }
  void add_to_filter(const Spectrum& spectrum, float* w, int64_t d) const {
    const Spectrum values = fourier_.backwards(spectrum);
    for (int64_t k = 0; k < K_; ++k)
      w[k * D_ + d] += static_cast<float>(values[k].real() / static_cast<double>(n_));
  }

  Spectrum empty() const { return Spectrum(static_cast<std::size_t>(n_)); }

 private:
  int64_t B_, T_, D_, K_, n_;
  const Fourier& fourier_;
};

// sum += a b, or conj(a) b: as products of parts, for speed.
void add_product(const Spectrum& a, const Spectrum& b, bool conjugate, Spectrum& sum) {
  const double sign = conjugate ? -1 : 1;
  for (std::size_t i = 0; i < sum.size(); ++i) {
    const double re = a[i].real(), im = sign * a[i].imag();
    sum[i] += std::complex<double>(re * b[i].real() - im * b[i].imag(),
                                   re * b[i].imag() + im * b[i].real());
  }
}

}  // namespace

Tensor fft_convolution(const Tensor& x, const Tensor& w) {
  require(x.rank() == 3 && w.rank() == 2 && w.dim(1) == x.dim(2), "fft_convolution: x ", x.shape(),
          " and w ", w.shape(), ", expected [batch, length, width] and [taps, width]");
  const int64_t B = x.dim(0), T = x.dim(1), D = x.dim(2), K = std::min(w.dim(0), T);
  Tensor y(x.shape());
  if (y.size() == 0) return y;
  const Transforms fft(B, T, D, K);
  count_flops(fft.flops(D * (2 * fft.pairs() + 1)));
  parallel_for(D, 1, [&](int64_t d, int64_t) {
    const Spectrum filter = fft.of_filter(w.data(), d);
    for (int64_t pair = 0; pair < fft.pairs(); ++pair) {
      Spectrum product = fft.empty();
      add_product(filter, fft.of_pair(x.data(), pair, d), false, product);
      fft.add_to_pair(product, y.data(), pair, d);
    }
  });
  // dx is dy seen through the reversed filter, dw the correlation of x with dy over all rows
  record(y, {x, w}, [=] {
    float* dx = x.needs_grad() ? x.grad() : nullptr;
    float* dw = w.needs_grad() ? w.grad() : nullptr;
    const float* dy = y.grad();
    count_flops(fft.flops(D * (3 * fft.pairs() + 2)));
    parallel_for(D, 1, [&](int64_t d, int64_t) {
      const Spectrum filter = fft.of_filter(w.data(), d);
      Spectrum correlation = fft.empty();
      for (int64_t pair = 0; pair < fft.pairs(); ++pair) {
        const Spectrum out = fft.of_pair(dy, pair, d);
        if (dw) add_product(fft.of_pair(x.data(), pair, d), out, true, correlation);
        if (!dx) continue;
        Spectrum product = fft.empty();
        add_product(filter, out, true, product);
        fft.add_to_pair(product, dx, pair, d);
      }
      if (dw) fft.add_to_filter(correlation, dw, d);
    });
  });
  return y;
}

}  // namespace longhaul
