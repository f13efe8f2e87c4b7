#include "harness/model/given_inputs.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "longhaul/ops.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

// The lengths of the sequences and the positions that are read out, once the batch has its inputs.
void add_lengths(Batch& batch, const StoredModel& stored,
                 const std::function<bool(int64_t position)>& is_padding,
                 const std::string& padding, const std::string& source) {
  require(batch.length <= stored.task->max_length() || stored.spec.model_options.empty(), source,
          ": length ", batch.length, ", the model was built for at most ",
          stored.task->max_length());
  for (int64_t b = 0; b < batch.size; ++b) {
    int64_t length = batch.length;
    while (length > 0 && is_padding(b * batch.length + length - 1)) --length;
    require(length > 0, source, ": sequence ", b, " holds nothing but ", padding);
    batch.lengths.push_back(length);
    if (stored.task->readout() == Readout::sequence)
      batch.rows.push_back(static_cast<int32_t>(b));
    else
      for (int64_t t = 0; t < batch.length; ++t)
        batch.rows.push_back(static_cast<int32_t>(b * batch.length + t));
  }
}

}  // namespace

Batch batch_of_tokens(const StoredModel& stored, const IntArray& tokens,
                      const std::string& source) {
  const Task& task = *stored.task;
  require(task.readout() != Readout::pair && task.channels() == 0, stored.file, ": task '",
          stored.spec.task, "' does not read single sequences of ids; use longhaul ",
          task.channels() > 0 ? "forward --values" : "eval --logits");
  require(tokens.shape.size() == 2, source, ": expected an array [batch, length], found ",
          tokens.shape.size(), " axes");
  Batch batch;
  batch.size = tokens.shape[0];
  batch.length = tokens.shape[1];
  batch.tokens = tokens.values;
  const auto is_padding = [&](int64_t position) { return batch.tokens[position] == kPad; };
  add_lengths(batch, stored, is_padding, text("padding (id ", kPad, ")"), source);
  return batch;
}

Batch batch_of_values(const StoredModel& stored, const Tensor& values, const std::string& source) {
  const int64_t channels = stored.task->channels();
  require(channels > 0, stored.file, ": task '", stored.spec.task,
          "' does not read real numbers; use longhaul forward --tokens");
  const bool suits =
      values.rank() == 3 ? values.dim(2) == channels : values.rank() == 2 && channels == 1;
  require(suits, source, ": expected an array [batch, length, ", channels, "], found ",
          values.shape());
  Batch batch;
  batch.size = values.dim(0);
  batch.length = values.dim(1);
  batch.values.assign(values.data(), values.data() + values.size());
  const auto is_padding = [&](int64_t position) {
    const float* first = values.data() + position * channels;
    return std::all_of(first, first + channels, [](float x) { return std::isnan(x); });
  };
  add_lengths(batch, stored, is_padding, "padding (NaN)", source);
  for (int64_t b = 0; b < batch.size; ++b) {
    const auto row = batch.values.begin() + b * batch.length * channels;
    const auto end = row + batch.lengths[b] * channels;
    const auto odd = std::find_if(row, end, [](float x) { return !std::isfinite(x); });
    require(odd == end, source, ": sequence ", b, ", position ", (odd - row) / channels, ": found ",
            *odd, ", allowed: numbers, and NaN where only padding follows");
    std::fill(end, row + batch.length * channels, 0.0f);
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
