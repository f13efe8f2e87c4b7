// The one place that includes oneDNN. Builds against 2.6 and 3.x, which differ in how a primitive
// descriptor is made.
#include <omp.h>

#include <algorithm>
#include <dnnl.hpp>
#include <unordered_map>

#include "math/gemm.h"

namespace longhaul {
namespace {

using dnnl::memory;

// oneDNN splits a product over the threads it may use, and the split changes the bits.
class SingleThread {
 public:
  SingleThread() : before_(omp_get_max_threads()) {
    if (before_ != 1) omp_set_num_threads(1);
  }
  ~SingleThread() {
    if (before_ != 1) omp_set_num_threads(before_);
  }
  SingleThread(const SingleThread&) = delete;
  SingleThread& operator=(const SingleThread&) = delete;

 private:
  int before_;
};

memory::desc matrices(int64_t batch, int64_t rows, int64_t columns, bool transposed) {
  return {{batch, rows, columns},
          memory::data_type::f32,
          transposed ? memory::dims{rows * columns, 1, rows}
                     : memory::dims{rows * columns, columns, 1}};
}

dnnl::matmul::primitive_desc describe(const dnnl::engine& engine, const Gemm& s) {
  const memory::desc a = matrices(s.batch, s.m, s.k, s.transpose_a);
  const memory::desc b = matrices(s.batch, s.k, s.n, s.transpose_b);
  const memory::desc c = matrices(s.batch, s.m, s.n, false);
  dnnl::primitive_attr attributes;
  if (s.accumulate) {
    dnnl::post_ops sum;
    sum.append_sum(1.0f);
    attributes.set_post_ops(sum);
  }
#if DNNL_VERSION_MAJOR >= 3
  return {engine, a, b, c, attributes};
#else
  return {dnnl::matmul::desc(a, b, c), attributes, engine};
#endif
}

struct Kernel {
  dnnl::primitive primitive;
  memory a, b, c;
  std::string name;
};

struct Hash {
  std::size_t operator()(const Gemm& s) const {
    std::size_t h = static_cast<std::size_t>(s.transpose_a * 4 + s.transpose_b * 2 + s.accumulate);
    for (int64_t extent : {s.m, s.n, s.k, s.batch})
      h = h * 1000003 + static_cast<std::size_t>(extent);
    return h;
  }
};

struct Context {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  std::unordered_map<Gemm, Kernel, Hash> kernels;

  Kernel& kernel(const Gemm& shape) {
    const auto known = kernels.find(shape);
    if (known != kernels.end()) return known->second;
    const dnnl::matmul::primitive_desc pd = describe(engine, shape);
    Kernel made{dnnl::matmul(pd), memory(pd.src_desc(), engine, nullptr),
                memory(pd.weights_desc(), engine, nullptr), memory(pd.dst_desc(), engine, nullptr),
                pd.impl_info_str()};
    return kernels.emplace(shape, std::move(made)).first->second;
  }
};

Context& context() {
  thread_local Context instance;
  return instance;
}

}  // namespace

void gemm(const Gemm& shape, const float* a, const float* b, float* c) {
  if (shape.batch == 0 || shape.m == 0 || shape.n == 0) return;
  if (shape.k == 0) {
    if (!shape.accumulate) std::fill_n(c, shape.batch * shape.m * shape.n, 0.0f);
    return;
  }
  const SingleThread single;
  Kernel& kernel = context().kernel(shape);
  kernel.a.set_data_handle(const_cast<float*>(a));
  kernel.b.set_data_handle(const_cast<float*>(b));
  kernel.c.set_data_handle(c);
  const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, kernel.a.get()},
                                       {DNNL_ARG_WEIGHTS, kernel.b.get()},
                                       {DNNL_ARG_DST, kernel.c.get()}};
  dnnl::error::wrap_c_api(
      dnnl_primitive_execute(kernel.primitive.get(), context().stream.get(), 3, arguments),
      "matrix product");
}

std::string gemm_library() {
  const dnnl_version_t* v = dnnl_version();
  return "oneDNN " + std::to_string(v->major) + "." + std::to_string(v->minor) + "." +
         std::to_string(v->patch);
}

std::string gemm_kernel(const Gemm& shape) {
  const SingleThread single;
  return context().kernel(shape).name;
}

}  // namespace longhaul
