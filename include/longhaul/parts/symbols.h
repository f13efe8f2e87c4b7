#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "longhaul/task.h"

// What the tasks made of random symbols share: drawing them, and showing them.
namespace longhaul::symbols {

// `count` ids, each uniform in low .. high.
std::vector<int32_t> draw(Rng& rng, int64_t count, int32_t low, int32_t high);

// Appends `count` tokens `id` without a target.
void append(Example& example, int64_t count, int32_t id);

// Lets the last position ask for class `target`, and appends the token `id` that answers it: the
// next token is then asked for by this one.
void append_answer(Example& example, int32_t target, int32_t id);

// A size of 3 .. largest with weight 1 / (size + sqrt(largest)): small ones come more often
// (Allen-Zhu 2025, "Physics of Language Models: Part 4.1", arXiv:2512.17351, its Depo and Brevo).
int64_t draw_size(Rng& rng, int64_t largest);

// The id of low .. high that occurs most often among the first `count` tokens (the smallest of
// equals): what a bag of tokens knows.
int32_t most_frequent(const Example& example, int64_t count, int32_t low, int32_t high);

// What is wrong with a length below `fewest`, or "".
std::string too_short(int64_t length, int64_t fewest);

// {"length": length}, the answer of at_length. Throws Error if there is a complaint.
OptionMap length_option(int64_t length, const std::string& complaint);

// Two lines for so many positions: what is read and, below it, what is to be answered.
using Name = std::function<std::string(int32_t)>;
std::string rows(const Example& example, const Name& token, const Name& target);

}  // namespace longhaul::symbols
