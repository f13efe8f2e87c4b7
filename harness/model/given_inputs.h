#pragma once

#include <string>

#include "harness/model/stored_model.h"
#include "math/checkpoint.h"

namespace longhaul {

// Sequences that a user brings, as a batch for a stored model. A sequence ends where only padding
// follows. Both throw Error that begins with `source`, where the sequences come from, if they have
// another form, are longer than the model was built for or one of them is empty, and Error if the
// model's task does not read single sequences of that kind.

// tokens: ids [batch, length]; 0 pads.
Batch batch_of_tokens(const StoredModel& stored, const IntArray& tokens, const std::string& source);

// values: [batch, length, channels], or [batch, length] of one channel; NaN pads.
Batch batch_of_values(const StoredModel& stored, const Tensor& values, const std::string& source);

// The model's logits on such a batch: [batch, classes], or [batch, length, classes] of a task with
// an answer at each position. Throws Error if some are not numbers.
Tensor logits_of(const StoredModel& stored, const Batch& batch);

}  // namespace longhaul
