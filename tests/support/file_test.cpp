#include "support/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <system_error>
#include <thread>

#include "longhaul/error.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"

using namespace longhaul;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

TEST_CASE("a file reads back as it was written, whatever its bytes", "[file]") {
  const TemporaryFolder folder;
  const std::string bytes("a\0\r\n\xff", 5);
  write_atomically(folder.path / "file", bytes);
  CHECK(read_file(folder.path / "file") == bytes);
  write_atomically(folder.path / "file", "");
  CHECK(read_file(folder.path / "file").empty());
  CHECK_FALSE(read_file("/proc/self/status").empty());  // of size 0, says the system
}

TEST_CASE("a file that cannot be read is named with the reason", "[file]") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(read_file(folder.path / "none"),
                    Contains("none: cannot be read: No such file or directory"));
  CHECK_THROWS_WITH(read_file(folder.path), Contains("cannot be read: Is a directory"));
  CHECK_THROWS_WITH(read_file("/dev/null"), "/dev/null: is no regular file");
  CHECK_THROWS_AS(read_file("/proc/self/mem"), std::system_error);  // I/O error
  CHECK_FALSE(read_file_if_there(folder.path / "none").has_value());
}

TEST_CASE("a FIFO is read to its end, and not waited for where nobody writes", "[file]") {
  const TemporaryFolder folder;
  const fs::path fifo = folder.path / "fifo";
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  CHECK_THROWS_WITH(read_file(fifo), Contains("is a FIFO that nobody writes to"));

  const int writer = open(fifo.c_str(), O_RDWR);
  REQUIRE(writer >= 0);
  std::jthread late([writer] {
    for (const char* part : {"one ", "two"}) {
      usleep(20'000);
      CHECK(write(writer, part, 4) > 0);
    }
    close(writer);
  });
  CHECK(read_file(fifo) == std::string("one two\0", 8));
}

TEST_CASE("write_atomically replaces the file and leaves nothing beside it", "[file]") {
  const TemporaryFolder folder;
  const fs::path file = folder.path / "file";
  write_atomically(file, std::string(100000, 'a'));
  write_atomically(file, "new");
  CHECK(read_text(file) == "new");
  CHECK(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator()) == 1);
}

TEST_CASE("a file that is not finished leaves what stood there before", "[file]") {
  const TemporaryFolder folder;
  const fs::path file = folder.path / "file";
  write_atomically(file, "old");
  {
    AtomicFile half(file);
    half.write("new");
    CHECK(read_text(file) == "old");
  }
  CHECK(read_text(file) == "old");
  CHECK(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator()) == 1);

  AtomicFile parts(file);
  parts.write_at(3, "d");
  parts.write("e");
  parts.write_at(0, "abc");
  parts.finish();
  CHECK(read_text(file) == "abcde");
}

TEST_CASE("write_atomically names the path that it cannot write", "[file]") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(write_atomically(folder.path / "none" / "file", ""), std::system_error);
  CHECK_THROWS_WITH(write_atomically(folder.path / "none" / "file", ""), Contains("none/file"));
  CHECK_THROWS_WITH(write_atomically(folder.path, ""), Contains(folder.path.string()));
  CHECK_THROWS_WITH(write_atomically("/dev/full", "x"),
                    Contains("cannot write /dev/full: No space"));
  CHECK(fs::is_character_file("/dev/full"));
}

TEST_CASE("a FIFO, a device and a link are written to and stay what they are", "[file]") {
  const TemporaryFolder folder;
  const fs::path fifo = folder.path / "fifo";
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  const int reader = open(fifo.c_str(), O_RDWR);
  write_atomically(fifo, "content");
  std::array<char, 16> found{};
  CHECK(read(reader, found.data(), found.size()) == 7);
  close(reader);
  CHECK(std::string(found.data()) == "content");
  CHECK(fs::is_fifo(fifo));

  const fs::path device = folder.path / "null";
  if (mknod(device.c_str(), S_IFCHR | 0600, makedev(1, 3)) == 0) {  // root alone may
    if (std::ofstream(device).is_open()) write_atomically(device, "content");
    CHECK(fs::is_character_file(device));
  }

  const fs::path target = folder.path / "target", link = folder.path / "link";
  write_atomically(target, "longer than what replaces it");
  fs::create_symlink(target, link);
  write_atomically(link, "content");
  CHECK(fs::is_symlink(link));
  CHECK(read_text(target) == "content");
}
