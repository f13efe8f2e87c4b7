#pragma once

#include <string>

#include "harness/model/stored_model.h"
#include "math/checkpoint.h"

namespace longhaul {

// Sequences of ids that a user brings, as a batch for a stored model. tokens: [batch, length], each
// sequence ending where only padding follows. Throws Error that begins with `source`, where the
// tokens come from, if they have another form, are longer than the model was built for or hold an
// empty sequence, and Error if the model's task does not read single sequences of ids.
Batch batch_of_tokens(const StoredModel& stored, const IntArray& tokens, const std::string& source);

// The model's logits on such a batch: [batch, classes], or [batch, length, classes] of a task with
// an answer at each position. Throws Error if some are not numbers.
Tensor logits_of(const StoredModel& stored, const Batch& batch);

}  // namespace longhaul
