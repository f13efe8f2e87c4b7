#pragma once

#include <filesystem>

#include "harness/model/model.h"

namespace longhaul {

// Starts a model from the weights of its pretraining (pretext.h): every tensor that both have. The
// first rows of the embedding, since masking adds an id or a channel at the end. The head is taken
// over, where its shape allows, only by a task that is itself read at every position. Throws Error
// naming the file and the tensor where a block's tensor is missing or has another shape.
void load_pretrained(Model& model, const std::filesystem::path& checkpoint, bool with_head);

}  // namespace longhaul
