#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

namespace longhaul {

// One of the processes cannot go on with the work that all share.
struct RankFailure {
  int rank;         // of the first that cannot
  std::string why;  // as it gave it to Ranks::fail()
};

// The processes that mpirun or srun has started together, which share the lanes of each trial. A
// build without MPI, and a process by itself, is the only one of its kind: nothing is exchanged.
// All processes must call the same functions below in the same order, each from one thread.
class Ranks {
 public:
  // From the first call on, MPI runs. Throws Error if this build has no MPI but was started by it.
  static Ranks& all();

  int rank() const { return rank_; }  // of this process, from 0
  int size() const { return size_; }
  bool is_first() const { return rank_ == 0; }  // which alone writes files and draws progress

  // Which of so many lanes are this process's: as many for each, so that the tree over the
  // processes continues the tree over the lanes.
  struct Share {
    int64_t begin, end;
  };
  Share share_of_lanes(int64_t lanes) const;  // throws Error where that does not come out even

  // Adds up the arrays of all by a fixed tree, (0+1)+(2+3) and so on; all have the sum.
  void sum(float* values, int64_t count) const;

  std::string broadcast(const std::string& text) const;           // of the first
  std::vector<std::string> gather(const std::string& own) const;  // of all, in their order; to all
  template <class T>
  requires std::is_trivially_copyable_v<T> std::vector<T> gather(const std::vector<T>& own)
  const {
    std::vector<T> all;
    const std::string bytes(reinterpret_cast<const char*>(own.data()), own.size() * sizeof(T));
    for (const std::string& part : gather(bytes)) {
      const auto* first = reinterpret_cast<const T*>(part.data());
      all.insert(all.end(), first, first + part.size() / sizeof(T));
    }
    return all;
  }

  // Shared work ends on every process with finish(), or with fail() where one cannot go on,
  // whatever call the others make next: each of the calls above and finish() throw RankFailure
  // then. fail() returns what the others hear, of the lowest rank where several fail.
  void finish() const { meet(nullptr); }
  RankFailure fail(const std::string& why) const;

  // One that cannot even say so ends all: the others would wait for it for ever.
  [[noreturn]] void abort(const std::string& reason) const;

 private:
  Ranks();
  ~Ranks();
  void meet(const std::string* why) const;
  std::string broadcast(const std::string& text, int from) const;

  int rank_ = 0, size_ = 1;
};

}  // namespace longhaul
