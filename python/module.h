#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <utility>
#include <vector>

#include "longhaul/registry.h"

// The Python module longhaul._core: what the Python sources in python/longhaul/ ask the library. It
// converts values and holds no rule of its own.
namespace longhaul {

Registry& python_registry();  // of the module: what is built in and the plugins that Python loads

// Each stands in a file of its name.
void bind_tasks(nanobind::module_& module);
void bind_checkpoints(nanobind::module_& module);
void bind_results(nanobind::module_& module);

// Values as a NumPy array, which takes them over.
template <class T>
nanobind::ndarray<nanobind::numpy, T> numpy_array(std::vector<T> values,
                                                  const std::vector<std::size_t>& shape) {
  auto* kept = new std::vector<T>(std::move(values));
  nanobind::capsule owner(kept,
                          [](void* held) noexcept { delete static_cast<std::vector<T>*>(held); });
  return {kept->data(), shape.size(), shape.data(), owner};
}

}  // namespace longhaul
