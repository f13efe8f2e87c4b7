#pragma once

#include <cstdint>
#include <string>

#include "longhaul/task.h"

namespace longhaul {

// What copy.cpp, selective_copy.cpp and selective_copying.cpp share: symbols to be answered in the
// order in which they came, on as many positions at the end. A target is a symbol's number from 0.
class CopyTask : public Task {
 public:
  int64_t vocab() const override { return size_.vocabulary + 1; }
  int64_t classes() const override { return size_.vocabulary - 2; }
  Readout readout() const override { return Readout::token; }
  int64_t max_length() const override { return size_.length; }
  OptionMap at_length(int64_t length) const override;
  // The commonest symbol of the example: a bag of tokens, without order.
  Shallow shallow(const Example& example, int64_t t) const override;
  std::string show(const Example& example) const override;

 protected:
  struct Size {
    int64_t length;
    int32_t vocabulary;  // symbols, the blank and the marker among them
    int64_t tokens;      // symbols to copy
  };
  struct Ids {
    int32_t first_symbol, blank;  // the marker is the last id, `vocabulary`
    const char* marker;           // as show() writes it
  };
  CopyTask(const Size& size, const Ids& ids) : size_(size), ids_(ids) {}
  // Reads the size. Ids: blank 1, symbols from 2, then the marker.
  CopyTask(Options& options, const Size& defaults);

  // What is wrong with a length, or "".
  virtual std::string complaint(int64_t length) const;

  int32_t last_symbol() const { return ids_.first_symbol + size_.vocabulary - 3; }
  int32_t marker() const { return size_.vocabulary; }

  const Size size_;
  const Ids ids_;
};

}  // namespace longhaul
