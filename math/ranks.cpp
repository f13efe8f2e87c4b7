#include "math/ranks.h"

#include <cstdlib>
#include <numeric>

#include "longhaul/error.h"
#include "support/number_text.h"
#include "support/say.h"

#ifdef LONGHAUL_MPI
#include <mpi.h>
#endif

namespace longhaul {
namespace {

bool is_above_one(const char* variable) {
  const char* value = std::getenv(variable);
  if (!value || !*value) return false;
  int64_t number = 0;
  require(read_number(value, number), variable, ": found '", value, "', allowed: a whole number");
  return number > 1;
}

// Whether this process is one of several, by what the launchers set: mpirun of Open MPI, that of
// MPICH, and srun.
bool is_one_of_several() {
  return is_above_one("OMPI_COMM_WORLD_SIZE") || is_above_one("PMI_SIZE") ||
         (std::getenv("PMIX_RANK") && is_above_one("SLURM_STEP_NUM_TASKS"));
}

}  // namespace

Ranks& Ranks::all() {
  static Ranks ranks;
  return ranks;
}

Ranks::Share Ranks::share_of_lanes(int64_t lanes) const {
  const int64_t each = lanes / size_;
  require(each * size_ == lanes && (size_ == 1 || (each & (each - 1)) == 0), "found ", size_,
          " MPI ranks for ", lanes,
          " lanes, allowed: numbers that leave each rank 1, 2, 4, 8, ... of the lanes");
  return {rank_ * each, (rank_ + 1) * each};
}

#ifdef LONGHAUL_MPI

Ranks::Ranks() {
  if (!is_one_of_several()) return;
  int provided = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
  MPI_Comm_size(MPI_COMM_WORLD, &size_);
}

Ranks::~Ranks() {
  int is_running = 0;
  MPI_Initialized(&is_running);
  if (is_running) MPI_Finalize();
}

// Throws where any rank gives a reason.
void Ranks::meet(const std::string* why) const {
  if (size_ == 1) return;
  int failed = why ? rank_ : size_;
  MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  if (failed < size_) throw RankFailure{failed, broadcast(why ? *why : "", failed)};
}

void Ranks::sum(float* values, int64_t count) const {
  if (size_ == 1) return;
  const auto items = static_cast<int>(count);
  std::vector<float> other(static_cast<std::size_t>(count));
  meet(nullptr);
  for (int apart = 1; apart < size_; apart *= 2) {
    if (rank_ % (2 * apart) == apart) {
      MPI_Send(values, items, MPI_FLOAT, rank_ - apart, 0, MPI_COMM_WORLD);
      break;
    }
    if (rank_ + apart >= size_) continue;
    MPI_Recv(other.data(), items, MPI_FLOAT, rank_ + apart, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    for (int64_t i = 0; i < count; ++i) values[i] += other[i];
  }
  MPI_Bcast(values, items, MPI_FLOAT, 0, MPI_COMM_WORLD);
}

std::string Ranks::broadcast(const std::string& text) const {
  if (size_ == 1) return text;
  meet(nullptr);
  return broadcast(text, 0);
}

std::string Ranks::broadcast(const std::string& text, int from) const {
  auto length = static_cast<int>(text.size());
  MPI_Bcast(&length, 1, MPI_INT, from, MPI_COMM_WORLD);
  std::string all = rank_ == from ? text : std::string(static_cast<std::size_t>(length), 0);
  MPI_Bcast(all.data(), length, MPI_CHAR, from, MPI_COMM_WORLD);
  return all;
}

std::vector<std::string> Ranks::gather(const std::string& own) const {
  if (size_ == 1) return {own};
  meet(nullptr);
  const auto length = static_cast<int>(own.size());
  std::vector<int> lengths(size_), begins(size_);
  MPI_Allgather(&length, 1, MPI_INT, lengths.data(), 1, MPI_INT, MPI_COMM_WORLD);
  std::exclusive_scan(lengths.begin(), lengths.end(), begins.begin(), 0);
  std::string bytes(static_cast<std::size_t>(begins.back() + lengths.back()), 0);
  MPI_Allgatherv(own.data(), length, MPI_CHAR, bytes.data(), lengths.data(), begins.data(),
                 MPI_CHAR, MPI_COMM_WORLD);
  std::vector<std::string> all;
  for (int i = 0; i < size_; ++i) all.push_back(bytes.substr(begins[i], lengths[i]));
  return all;
}

void Ranks::abort(const std::string& reason) const {
  say("longhaul: MPI rank {} of {}: {}\n", rank_, size_, reason);
  MPI_Abort(MPI_COMM_WORLD, 1);
  std::abort();
}

#else

Ranks::Ranks() {
  require(!is_one_of_several(),
          "started as one of several MPI ranks, but this longhaul was built without MPI: build it "
          "with -DLONGHAUL_MPI=ON");
}
Ranks::~Ranks() = default;

void Ranks::meet(const std::string*) const {}
void Ranks::sum(float*, int64_t) const {}
std::string Ranks::broadcast(const std::string& text) const { return text; }
std::vector<std::string> Ranks::gather(const std::string& own) const { return {own}; }
void Ranks::abort(const std::string& reason) const {
  say("longhaul: {}\n", reason);
  std::abort();
}

#endif

RankFailure Ranks::fail(const std::string& why) const {
  try {
    meet(&why);
  } catch (const RankFailure& failure) {
    return failure;
  }
  return {rank_, why};
}

}  // namespace longhaul
