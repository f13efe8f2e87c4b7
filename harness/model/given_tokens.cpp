#include "harness/model/given_tokens.h"

#include "longhaul/ops.h"
#include "math/parallel.h"

namespace longhaul {

Batch batch_of_tokens(const StoredModel& stored, const IntArray& tokens,
                      const std::string& source) {
  const Readout readout = stored.task->readout();
  require(readout != Readout::pair && stored.task->channels() == 0, stored.file, ": task '",
          stored.spec.task, "' does not read single sequences of ids; use longhaul eval --logits");
  require(tokens.shape.size() == 2, source, ": expected an array [batch, length], found ",
          tokens.shape.size(), " axes");
  Batch batch;
  batch.size = tokens.shape[0];
  batch.length = tokens.shape[1];
  batch.tokens = tokens.values;
  require(batch.length <= stored.task->max_length() || stored.spec.model_options.empty(), source,
          ": length ", batch.length, ", the model was built for at most ",
          stored.task->max_length());
  for (int64_t b = 0; b < batch.size; ++b) {
    int64_t length = batch.length;
    while (length > 0 && batch.tokens[b * batch.length + length - 1] == kPad) --length;
    require(length > 0, source, ": sequence ", b, " holds nothing but padding (id ", kPad, ")");
    batch.lengths.push_back(length);
    if (readout == Readout::sequence)
      batch.rows.push_back(static_cast<int32_t>(b));
    else
      for (int64_t t = 0; t < batch.length; ++t)
        batch.rows.push_back(static_cast<int32_t>(b * batch.length + t));
  }
  return batch;
}

Tensor logits_of(const StoredModel& stored, const Batch& batch) {
  const FlushDenormals flush;
  const Tensor logits = stored.model->forward(batch);
  const int64_t unanswered = rows_without_answer(logits);
  require(unanswered == 0, stored.file, ": the model gives no answer: ", unanswered, " of ",
          logits.dim(0), " rows of logits are not numbers");
  return stored.task->readout() == Readout::token
             ? reshape(logits, {batch.size, batch.length, logits.dim(1)})
             : logits;
}

}  // namespace longhaul
