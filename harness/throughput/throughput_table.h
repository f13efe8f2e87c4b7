#pragma once

#include <vector>

#include "harness/throughput/throughput_record.h"
#include "support/text_table.h"

namespace longhaul {

// A table for each phase and for each number of tokens a step: models by lengths, tokens per second
// and how time and memory grow. Notes on what does not look as it should stand under the last one.
std::vector<Table> throughput_tables(const std::vector<ThroughputRow>& rows);

// What a suite's table shows of every model: the longest length of the phase, at the most tokens a
// step, in decode at batch 1. Rows of one length, one a model; none if the phase was not measured.
std::vector<const ThroughputRow*> headlines(const std::vector<ThroughputRow>& rows, Phase phase);

}  // namespace longhaul
