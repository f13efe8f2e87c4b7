#include "harness/model/pretrained.h"

#include <algorithm>
#include <map>

#include "math/checkpoint.h"

namespace longhaul {
namespace {

bool is_input(const std::string& name) {
  return name == "embedding.weight" || name == "input.weight";
}

// What stands behind the last block has the shape that the answers ask for.
bool is_output(const std::string& name) {
  return name == "head.weight" || name == "head.bias" || name == "norm.gain" || name == "norm.bias";
}

}  // namespace

void load_pretrained(Model& model, const std::filesystem::path& file, bool with_head) {
  std::map<std::string, Tensor> stored;
  for (const NamedTensor& tensor : load_checkpoint(file).tensors)
    stored[tensor.name] = tensor.value;
  for (const Parameter& parameter : model.parameters()) {
    const std::string& name = parameter.name;
    const auto found = stored.find(name);
    const bool fits_head =
        with_head && found != stored.end() && found->second.shape() == parameter.value.shape();
    if (is_output(name) && !fits_head) continue;
    require(found != stored.end(), file.string(), ": tensor '", name, "' is missing");
    const Tensor& from = found->second;
    const bool fits = is_input(name) ? from.size() >= parameter.value.size() &&
                                           from.dim(-1) == parameter.value.dim(-1)
                                     : from.shape() == parameter.value.shape();
    require(fits, file.string(), ": tensor '", name, "' has shape ", from.shape(),
            ", the model expects ", parameter.value.shape());
    std::copy_n(from.data(), parameter.value.size(), parameter.value.data());
    parameter.hold_in_range();
  }
}

}  // namespace longhaul
