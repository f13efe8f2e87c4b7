#include "python/module.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <system_error>

#include "core/builtins.h"
#include "core/plugin_loader.h"
#include "harness/results/machine.h"
#include "longhaul/error.h"

namespace nb = nanobind;

namespace longhaul {

Registry& python_registry() {
  static Registry& registry = [&]() -> Registry& {
    auto* made = new Registry;  // never freed: plugins are never unloaded
    register_builtins(*made);
    return *made;
  }();
  return registry;
}

}  // namespace longhaul

NB_MODULE(_core, module) {
  using namespace longhaul;
  nb::set_leak_warnings(false);  // at its end Python may keep arrays of ours
  nb::exception<Error>(module, "Error", PyExc_ValueError).attr("__doc__") =
      "What a caller can mend: a wrong name, option, file or number. The message says what was "
      "found "
      "and what is allowed.";
  nb::register_exception_translator([](const std::exception_ptr& thrown, void*) {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::system_error& error) {
      PyErr_SetString(PyExc_OSError, error.what());
    }
  });
  module.def("version", longhaul_version, "Of the library, such as 0.1.0.");
  module.def("build", longhaul_build, "Hash of the sources that results depend on.");
  module.def(
      "load_plugin",
      [](const std::string& file) { load_plugin(find_plugin(file), python_registry()); },
      nb::arg("file"), "Loads a shared object with models or tasks.");
  bind_tasks(module);
  bind_checkpoints(module);
  bind_results(module);
}
