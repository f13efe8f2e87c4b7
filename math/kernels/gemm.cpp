// The one place that includes oneDNN. Builds against 2.6 and 3.x, which differ in how a primitive
// descriptor is made.
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <dnnl.hpp>
#include <mutex>
#include <set>
#include <unordered_map>

#include "math/kernels/gemm.h"

namespace longhaul {
namespace {

using dnnl::memory;

static_assert(DNNL_CPU_THREADING_RUNTIME == DNNL_RUNTIME_OMP ||
                  DNNL_CPU_THREADING_RUNTIME == DNNL_RUNTIME_SEQ,
              "this oneDNN brings threads of its own (TBB); use one built for OpenMP");

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
  int64_t seen = -1;  // the count of take_gemm_kernels() at which it was noted last
};

// Names of what ran. A kernel takes the lock once between two calls of take_gemm_kernels().
struct Ran {
  std::atomic<int64_t> takes{0};
  std::mutex mutex;
  std::set<std::string> names;
} ran;

void note_kernel(Kernel& kernel) {
  const int64_t takes = ran.takes.load(std::memory_order_relaxed);
  if (kernel.seen == takes) return;
  kernel.seen = takes;
  const std::lock_guard lock(ran.mutex);
  ran.names.insert(kernel.name);
}

struct Hash {
  std::size_t operator()(const Gemm& s) const {
    std::size_t h = static_cast<std::size_t>(s.transpose_a * 4 + s.transpose_b * 2 + s.accumulate);
    for (int64_t extent : {s.m, s.n, s.k, s.batch})
      h = h * 1000003 + static_cast<std::size_t>(extent);
    return h;
  }
};

// oneDNN keeps kernels for all threads too: at first 1024 of them.
dnnl::engine make_engine() {
  dnnl::set_primitive_cache_capacity(static_cast<int>(2 * kKeptGemmKernels));
  return {dnnl::engine::kind::cpu, 0};
}

struct Context {
  dnnl::engine engine = make_engine();
  dnnl::stream stream{engine};
  std::unordered_map<Gemm, Kernel, Hash> kernels;

  Kernel& kernel(const Gemm& shape) {
    const auto known = kernels.find(shape);
    if (known != kernels.end()) return known->second;
    // Lengths that differ from batch to batch bring new shapes without end, and a kernel takes 60
    // KiB. Those of a step whose lengths repeat are fewer than are kept here and in oneDNN's cache.
    if (kernels.size() >= kKeptGemmKernels) kernels.clear();
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
  note_kernel(kernel);
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

std::size_t kept_gemm_kernels() { return context().kernels.size(); }

std::string gemm_library() {
  const dnnl_version_t* v = dnnl_version();
  return "oneDNN " + std::to_string(v->major) + "." + std::to_string(v->minor) + "." +
         std::to_string(v->patch);
}

std::string gemm_kernel(const Gemm& shape) {
  const SingleThread single;
  return context().kernel(shape).name;
}

std::string gemm_isa() {
  static const std::pair<dnnl_cpu_isa_t, const char*> names[] = {
      {dnnl_cpu_isa_sse41, "sse41"},
      {dnnl_cpu_isa_avx, "avx"},
      {dnnl_cpu_isa_avx2, "avx2"},
      {dnnl_cpu_isa_avx2_vnni, "avx2_vnni"},
      {dnnl_cpu_isa_avx512_core, "avx512_core"},
      {dnnl_cpu_isa_avx512_core_vnni, "avx512_core_vnni"},
      {dnnl_cpu_isa_avx512_core_bf16, "avx512_core_bf16"},
      {dnnl_cpu_isa_avx512_core_amx, "avx512_core_amx"}};
  const dnnl_cpu_isa_t isa = dnnl_get_effective_cpu_isa();
  for (const auto& [known, name] : names)
    if (known == isa) return name;
  return "isa " + std::to_string(static_cast<unsigned>(isa));
}

std::string take_gemm_kernels() {
  const std::lock_guard lock(ran.mutex);
  ran.takes.fetch_add(1, std::memory_order_relaxed);
  std::string list;
  for (const std::string& name : ran.names) list += (list.empty() ? "" : ", ") + name;
  ran.names.clear();
  return list;
}

}  // namespace longhaul
