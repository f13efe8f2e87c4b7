#pragma once

#include <new>
#include <string>

#include "harness/results/record.h"
#include "longhaul/error.h"

namespace longhaul {

// Runs something that may fail for lack of memory or because the model cannot do it, and says so in
// the row's status and message. A model has no other way to decline a length than to throw Error.
template <class Row, class Attempt>
bool attempt(Row& row, Attempt&& run) {
  try {
    run();
    return true;
  } catch (const Error& error) {
    row.status = Status::unsupported;
    row.message = error.what();
  } catch (const std::bad_alloc&) {
    row.status = Status::out_of_memory;
    row.message = "out of memory";
  } catch (const std::exception& error) {
    row.status = Status::failed;
    row.message = error.what();
  }
  return false;
}

}  // namespace longhaul
