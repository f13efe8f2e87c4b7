// Loaded ahead of the system's library (LD_PRELOAD): one in fifty calls that would change the
// folder CHAOS_FOLDER fails, as on a full, broken or read-only disk, and the clock of the day
// jumps. Where CHAOS_LOCK is set, to a number of errno, no file there can be locked, as on a shared
// disk without locks, and no other call fails.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace {

constexpr uint64_t kOneIn = 50;

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

uint64_t draw() {  // splitmix64 of a count
  static std::atomic<uint64_t> count = 0;
  const char* seed = std::getenv("CHAOS_SEED");
  uint64_t x = (seed ? std::strtoull(seed, nullptr, 10) : 0) * 1000003 +
               static_cast<uint64_t>(getpid()) * 7919 + ++count;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

bool is_inside(const char* path) {
  const char* folder = std::getenv("CHAOS_FOLDER");
  return folder && std::strncmp(path, folder, std::strlen(folder)) == 0;
}

bool is_inside(int descriptor) {
  char link[64], path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  const ssize_t size = readlink(link, path, sizeof path - 1);
  if (size < 0) return false;
  path[size] = 0;
  return is_inside(path);
}

template <class Place>
bool fails(Place place, int reason) {
  if (std::getenv("CHAOS_LOCK") || !is_inside(place) || draw() % kOneIn != 0) return false;
  errno = reason;
  return true;
}

}  // namespace

extern "C" {

ssize_t write(int descriptor, const void* bytes, size_t count) {
  static auto* const real = next<ssize_t(int, const void*, size_t)>("write");
  if (fails(descriptor, ENOSPC)) {
    real(descriptor, bytes, count / 2);  // a full disk may take a part
    errno = ENOSPC;
    return -1;
  }
  return real(descriptor, bytes, count);
}

int fsync(int descriptor) {
  static auto* const real = next<int(int)>("fsync");
  return fails(descriptor, EIO) ? -1 : real(descriptor);
}

int rename(const char* from, const char* to) {
  static auto* const real = next<int(const char*, const char*)>("rename");
  return fails(to, EIO) ? -1 : real(from, to);
}

int mkdir(const char* path, mode_t mode) {
  static auto* const real = next<int(const char*, mode_t)>("mkdir");
  return fails(path, ENOSPC) ? -1 : real(path, mode);
}

int open(const char* path, int flags, ...) {
  static auto* const real = next<int(const char*, int, ...)>("open");
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return flags & O_CREAT && fails(path, EROFS) ? -1 : real(path, flags, mode);
}

int flock(int descriptor, int operation) {
  static auto* const real = next<int(int, int)>("flock");
  const char* reason = std::getenv("CHAOS_LOCK");
  if (!reason || !is_inside(descriptor)) return real(descriptor, operation);
  errno = std::atoi(reason);
  return -1;
}

int clock_gettime(clockid_t clock, timespec* time) {
  static auto* const real = next<int(clockid_t, timespec*)>("clock_gettime");
  const int status = real(clock, time);
  if (clock == CLOCK_REALTIME) time->tv_sec += static_cast<time_t>(draw() % 172800) - 86400;
  return status;
}

}  // extern "C"
