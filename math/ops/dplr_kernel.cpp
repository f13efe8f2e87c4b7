// With z on a circle of radius below 1 and g = 2 / dt (1 - z) / (1 + z), the generating function of
// the kernel is (Gu et al. 2022, arXiv:2111.00396, lemma C.3)
//   K(z) = 2 / (1 + z) (c R b - c R p (p* R b) / (1 + p* R p)),   R = 1 / (g - lambda)
// where the products run over the states and their conjugates. Values of K at the points of a
// circle of radius r are the transform of r^t K_t, wrapped around after n; r^n is so small that the
// wrapped part is none, and large enough that dividing by r^t loses nothing in double.
#include <cmath>
#include <numbers>

#include "longhaul/elementary.h"
#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "longhaul/recurrences.h"
#include "longhaul/tape.h"
#include "math/kernels/fourier.h"
#include "math/meter.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

using Point = std::complex<double>;
constexpr double kWrapped = 1e-8;  // r^n

// a b, without the library's care for infinities.
Point times(const Point& a, const Point& b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

Point inverse(const Point& a) {
  const double norm = a.real() * a.real() + a.imag() * a.imag();
  return {a.real() / norm, -a.imag() / norm};
}

// The parameters of a channel.
struct System {
  Spectrum lambda, p, b, c;
  double dt = 0;

  int64_t states() const { return static_cast<int64_t>(lambda.size()); }
};

Spectrum column(const Tensor& x, int64_t d) {  // [2N, D]
  const int64_t N = x.dim(0) / 2, D = x.dim(1);
  Spectrum values(static_cast<std::size_t>(N));
  for (int64_t n = 0; n < N; ++n)
    values[n] = {double{x.data()[n * D + d]}, double{x.data()[(N + n) * D + d]}};
  return values;
}

// Of a gradient [2N, D], null if none is wanted.
void add_to_column(const Spectrum& values, float* gradient, int64_t d, int64_t D) {
  if (!gradient) return;
  const auto N = static_cast<int64_t>(values.size());
  for (int64_t n = 0; n < N; ++n) {
    gradient[n * D + d] += static_cast<float>(values[n].real());
    gradient[(N + n) * D + d] += static_cast<float>(values[n].imag());
  }
}

// The four products with R at a point.
struct Products {
  Point cb, cp, pb, pp;
};

Products products_at(const System& s, const Point& g) {
  Products sum;
  for (int64_t n = 0; n < s.states(); ++n) {
    const Point r = inverse(g - s.lambda[n]), q = inverse(g - std::conj(s.lambda[n]));
    const auto add = [&](Point& total, const Point& v) {
      total += times(v, r) + times(std::conj(v), q);
    };
    add(sum.cb, times(s.c[n], s.b[n]));
    add(sum.cp, times(s.c[n], s.p[n]));
    add(sum.pb, times(std::conj(s.p[n]), s.b[n]));
    add(sum.pp, std::norm(s.p[n]));
  }
  return sum;
}

// The points of a kernel of `length` values.
class Circle {
 public:
  explicit Circle(int64_t length)
      : n_(fast_length(length)),
        root_(elementary::pow(kWrapped, 1 / static_cast<double>(n_))),
        fourier_(Fourier::of(n_)) {}

  int64_t size() const { return n_; }
  int64_t half() const { return n_ / 2 + 1; }  // the others are their conjugates
  Point at(int64_t k) const {
    const double angle = -2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(n_);
    return root_ * Point(elementary::cos(angle), elementary::sin(angle));
  }
  double radius_to(int64_t t) const { return elementary::pow(root_, static_cast<double>(t)); }
  const Fourier& fourier() const { return fourier_; }

 private:
  int64_t n_;
  double root_;
  const Fourier& fourier_;
};

void write_kernel(const System& s, const Circle& circle, float* kernel, int64_t length,
                  int64_t stride) {
  const int64_t n = circle.size();
  Spectrum values(static_cast<std::size_t>(n));
  for (int64_t k = 0; k < circle.half(); ++k) {
    const Point z = circle.at(k), above = inverse(1.0 + z);
    const Products r = products_at(s, times(1.0 - z, above) * (2 / s.dt));
    values[k] = 2.0 * times(above, r.cb - times(times(r.cp, r.pb), inverse(1.0 + r.pp)));
    values[(n - k) % n] = k == 0 ? values[k] : std::conj(values[k]);
  }
  const Spectrum series = circle.fourier().backwards(values);
  for (int64_t t = 0; t < length; ++t)
    kernel[t * stride] =
        static_cast<float>(series[t].real() / static_cast<double>(n) / circle.radius_to(t));
}

// The gradient of a complex number is that of its real part plus i times that of its imaginary
// part: that of x through f(x) is conj(f'(x)) times that of f.
System gradient(const System& s, const Circle& circle, const float* dkernel, int64_t length,
                int64_t stride) {
  const int64_t n = circle.size(), N = s.states();
  const Spectrum none(static_cast<std::size_t>(N));
  System d{none, none, none, none, 0};
  Spectrum series(static_cast<std::size_t>(n));
  for (int64_t t = 0; t < length; ++t)
    series[t] = double{dkernel[t * stride]} / static_cast<double>(n) / circle.radius_to(t);
  const Spectrum dvalues = circle.fourier().forwards(series);
  for (int64_t k = 0; k < circle.half(); ++k) {
    const Point z = circle.at(k), above = inverse(1.0 + z);
    const Point g = times(1.0 - z, above) * (2 / s.dt);
    const Products r = products_at(s, g);
    const Point low = inverse(1.0 + r.pp);
    // A point and its conjugate have the same part; the middle stands alone, as the first does.
    const double twice = k == 0 || 2 * k == n ? 1 : 2;
    const Point dk = twice * times(std::conj(2.0 * above), dvalues[k]);
    const Point dcb = dk, dcp = -times(dk, std::conj(times(r.pb, low))),
                dpb = -times(dk, std::conj(times(r.cp, low))),
                dpp = times(dk, std::conj(times(times(r.cp, r.pb), times(low, low))));
    Point dg = 0;
    for (int64_t i = 0; i < N; ++i) {
      const Point a = inverse(g - s.lambda[i]), b = inverse(g - std::conj(s.lambda[i]));
      // A product v a + conj(v) b with the gradient `of` has dv = conj(a) of + b conj(of).
      const auto dv = [&](const Point& of) {
        return times(std::conj(a), of) + times(b, std::conj(of));
      };
      const Point vcb = dv(dcb), vcp = dv(dcp), vpb = dv(dpb), vpp = dv(dpp);
      d.c[i] += times(std::conj(s.b[i]), vcb) + times(std::conj(s.p[i]), vcp);
      d.b[i] += times(std::conj(s.c[i]), vcb) + times(s.p[i], vpb);
      d.p[i] +=
          times(std::conj(s.c[i]), vcp) + times(s.b[i], std::conj(vpb)) + 2 * vpp.real() * s.p[i];
      const auto with = [&](const Point& v, const Point& of) {
        const Point first = times(std::conj(times(v, times(a, a))), of);
        const Point second = times(times(v, std::conj(times(b, b))), of);
        d.lambda[i] += first + std::conj(second);
        dg -= first + second;
      };
      with(times(s.c[i], s.b[i]), dcb);
      with(times(s.c[i], s.p[i]), dcp);
      with(times(std::conj(s.p[i]), s.b[i]), dpb);
      with(std::norm(s.p[i]), dpp);
    }
    d.dt -= times(std::conj(g), dg).real() / s.dt;
  }
  return d;
}

}  // namespace

Tensor dplr_kernel(const Tensor& lambda, const Tensor& p, const Tensor& b, const Tensor& c,
                   const Tensor& dt, int64_t length) {
  require(lambda.rank() == 2 && lambda.dim(0) % 2 == 0 && p.shape() == lambda.shape() &&
              b.shape() == lambda.shape() && c.shape() == lambda.shape() &&
              dt.shape() == Shape({lambda.dim(1)}),
          "dplr_kernel: lambda ", lambda.shape(), ", p ", p.shape(), ", b ", b.shape(), ", c ",
          c.shape(), ", dt ", dt.shape(), ", expected [2 N, D] four times and [D]");
  const int64_t D = lambda.dim(1), N = lambda.dim(0) / 2;
  Tensor y = Tensor::empty({length, D});
  if (y.size() == 0) return y;
  const Circle circle(length);
  const auto system_of = [=](int64_t d) {
    return System{column(lambda, d), column(p, d), column(b, d), column(c, d),
                  double{dt.data()[d]}};
  };
  count_flops(D * circle.half() * N * 60);
  parallel_for(D, 1, [&](int64_t d, int64_t) {
    write_kernel(system_of(d), circle, y.data() + d, length, D);
  });
  record(y, {lambda, p, b, c, dt}, [=] {
    count_flops(D * circle.half() * N * 200);
    // They are made here, before threads ask for them.
    const auto wanted = [](const Tensor& x) { return x.needs_grad() ? x.grad() : nullptr; };
    float *dlambda = wanted(lambda), *dp = wanted(p), *db = wanted(b), *dc = wanted(c),
          *ddt = wanted(dt);
    const float* dy = y.grad();
    parallel_for(D, 1, [&](int64_t d, int64_t) {
      const System ds = gradient(system_of(d), circle, dy + d, length, D);
      add_to_column(ds.lambda, dlambda, d, D);
      add_to_column(ds.p, dp, d, D);
      add_to_column(ds.b, db, d, D);
      add_to_column(ds.c, dc, d, D);
      if (ddt) ddt[d] += static_cast<float>(ds.dt);
    });
  });
  return y;
}

}  // namespace longhaul
