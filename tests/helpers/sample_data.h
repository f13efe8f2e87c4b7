#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "longhaul/options.h"

// Small made-up data sets in the layouts of the real ones, written by the tests themselves.
namespace longhaul::sample {

// Options with which a task can be built: none for most, a small data set for those that read one.
// The folder lives as long as the process.
OptionMap options_for(const std::string& task);

// Each writes into `folder`, which need not exist: train with `rows` rows, pictures or files (of
// each label, for text), other splits with fewer.
void write_listops(const std::filesystem::path& folder, int rows);
void write_text(const std::filesystem::path& folder, int rows);
void write_retrieval(const std::filesystem::path& folder, int rows);
void write_image(const std::filesystem::path& folder, int rows);
void write_digits(const std::filesystem::path& folder, int rows);
void write_pathfinder(const std::filesystem::path& folder, int rows, int side = 16);

void write_series(const std::filesystem::path& folder, int rows);           // as .ts
void write_speech_commands(const std::filesystem::path& folder, int rows);  // of each word

void write_file(const std::filesystem::path& path, const std::string& content);
std::string listops_rows(int rows, uint64_t stream);  // header and all, with "\r\n"
std::string retrieval_rows(int rows, uint64_t stream);
std::string image_records(int count, uint64_t stream);  // of the binary CIFAR-10
std::string idx_file(const std::vector<uint32_t>& sizes, const std::string& content);  // of bytes
// A table of texts and their labels, yes where one has an exclamation mark.
std::string csv_rows(int rows, uint64_t stream);   // with a line of names
std::string json_rows(int rows, uint64_t stream);  // the same
// Lines after @data of a .ts file: two channels, some values missing, lengths 3 .. 9.
std::string ts_rows(int rows, uint64_t stream);
std::string ts_file(int rows, uint64_t stream);
std::string arff_file(int rows, uint64_t stream);  // the same series
std::string wav_file(const std::vector<int16_t>& samples, int rate = 16000, int channels = 1);
std::string png(const std::vector<uint8_t>& gray, int width, int height);

}  // namespace longhaul::sample
