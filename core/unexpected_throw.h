#pragma once

#include "longhaul/error.h"

namespace longhaul {

// What a constructor of a model or task throws that is neither Error nor a lack of memory: a fault
// of its code, not of what was asked of it.
class UnexpectedThrow : public Error {
 public:
  using Error::Error;
};

}  // namespace longhaul
