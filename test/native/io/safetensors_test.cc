#include "io/safetensors.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/error.h"

namespace nd::io {
namespace {

namespace fs = std::filesystem;

class Safetensors : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = fs::temp_directory_path() /
                 ("nd-io-" + std::to_string(::getpid()) + "-" +
                  ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(directory_);
    fs::create_directories(directory_);
  }
  void TearDown() override { fs::remove_all(directory_); }

  std::string path(const std::string& name = "m.safetensors") const {
    return (directory_ / name).string();
  }

  /// Removed first: ext4 flushes a file that is truncated and rewritten, which makes thousands of
  /// them slow.
  std::string write(const std::string& name, std::string_view bytes) const {
    fs::remove(path(name));
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }

  std::string bytes_of(const std::string& file) const {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  /// A file with this header text, padded unless its length is given, and these data bytes.
  std::string file_with(std::string header, const std::string& data,
                        uint64_t length = UINT64_MAX) const {
    if (length == UINT64_MAX) header.resize((header.size() + 7) / 8 * 8, ' ');
    const uint64_t size = length == UINT64_MAX ? header.size() : length;
    std::string bytes(8, ' ');
    std::memcpy(bytes.data(), &size, 8);
    return write("damaged", bytes + header + data);
  }

  std::string error_of(const std::string& file) const {
    try {
      SafetensorsFile f(file);
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::file);
      EXPECT_NE(e.message().find(file), std::string::npos) << e.message();
      return e.message();
    }
    return "";
  }

  size_t files() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(directory_), {}));
  }

  fs::path directory_;
};

template <typename T>
std::span<const std::byte> raw(const std::vector<T>& v) {
  return std::as_bytes(std::span(v));
}

const std::vector<float> kFloats = {1.5F, -2, 3e-38F, 4, 5, 6};
const std::vector<double> kDoubles = {0.1, -1e300};
const std::vector<int64_t> kLongs = {INT64_MIN, INT64_MAX, 0};
const std::vector<int32_t> kInts = {-7};

void write_sample(const std::string& path) {
  const TensorData tensors[] = {{"b.weight", "F32", {2, 3}, raw(kFloats)},
                                {"times", "I64", {3}, raw(kLongs)},
                                {"a", "I32", {}, raw(kInts)},
                                {"äöü \"quoted\"", "F64", {1, 2}, raw(kDoubles)},
                                {"empty", "F32", {0, 4}, {}}};
  write_safetensors(path, {{"version", "0.1.0"}, {"config", "{\"horizon\":12}"}}, tensors);
}

TEST_F(Safetensors, RoundTrip) {
  write_sample(path());
  const SafetensorsFile f(path());
  EXPECT_EQ(f.metadata().at("config"), "{\"horizon\":12}");
  EXPECT_EQ(f.metadata().size(), 2U);
  EXPECT_EQ(f.tensors().size(), 5U);
  EXPECT_EQ(f.tensors().at("b.weight").shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(f.tensors().at("b.weight").elements(), 6);
  EXPECT_EQ(f.tensors().at("empty").elements(), 0);
  EXPECT_EQ(f.floats("b.weight"), kFloats);
  EXPECT_EQ(f.floats("empty"), std::vector<float>());
  EXPECT_EQ(f.doubles("äöü \"quoted\""), kDoubles);
  EXPECT_EQ(f.doubles("b.weight")[0], 1.5);
  EXPECT_EQ(f.integers("times"), kLongs);
  EXPECT_EQ(f.integers("a"), std::vector<int64_t>{-7});
  EXPECT_EQ(f.doubles("a"), std::vector<double>{-7});
  EXPECT_THROW(f.floats("absent"), Error);
  EXPECT_THROW(f.integers("b.weight"), Error);
  EXPECT_EQ(files(), 1U);
}

TEST_F(Safetensors, SameInputSameBytesInCanonicalOrder) {
  write_sample(path("one"));
  write_sample(path("two"));
  const std::string bytes = bytes_of(path("one"));
  EXPECT_EQ(bytes, bytes_of(path("two")));
  uint64_t header = 0;
  std::memcpy(&header, bytes.data(), 8);
  EXPECT_EQ(header % 8, 0U);
  const std::string text = bytes.substr(8, header);
  EXPECT_EQ(text.rfind("{\"__metadata__\":{\"config\":", 0), 0U);
  EXPECT_LT(text.find("\"äöü"), text.find("\"times\""));
  EXPECT_LT(text.find("\"times\""), text.find("\"b.weight\""));
  EXPECT_LT(text.find("\"b.weight\""), text.find("\"a\""));
  write_safetensors(path("none"), {}, {});
  EXPECT_TRUE(SafetensorsFile(path("none")).tensors().empty());
}

TEST_F(Safetensors, MovedFileStaysMapped) {
  write_sample(path());
  SafetensorsFile f(path());
  const SafetensorsFile g(std::move(f));
  fs::remove(path());
  EXPECT_EQ(g.floats("b.weight"), kFloats);
}

TEST_F(Safetensors, FilesThatCannotBeOpened) {
  EXPECT_NE(error_of(path("absent")).find("No such file"), std::string::npos);
  EXPECT_NE(error_of(directory_.string()), "");
  EXPECT_NE(error_of(write("empty", "")).find("truncated"), std::string::npos);
}

TEST_F(Safetensors, EveryTruncationIsAnError) {
  write_sample(path());
  const std::string bytes = bytes_of(path());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_NE(error_of(write("cut", std::string_view(bytes).substr(0, size))), "") << size;
  }
  EXPECT_NE(error_of(write("long", bytes + "x")).find("behind its last tensor"), std::string::npos);
}

TEST_F(Safetensors, FlippedBitsNeverCrash) {
  write_sample(path());
  const std::string bytes = bytes_of(path());
  uint64_t header = 0;
  std::memcpy(&header, bytes.data(), 8);
  for (size_t bit = 0; bit < (8 + header) * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    const std::string file = write("flip", damaged);
    try {
      const SafetensorsFile f(file);  // a changed letter of a name is no structural damage
      for (const auto& [name, tensor] : f.tensors()) {
        EXPECT_EQ(tensor.bytes.size() % 4, 0U);
        digest(tensor.bytes);
      }
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::file);
    }
  }
}

TEST_F(Safetensors, DamagedHeaders) {
  const std::string data(16, 'x');
  const auto one = [&](const std::string& tensor) {
    return error_of(file_with("{\"t\":" + tensor + "}", data));
  };
  const std::pair<std::string, std::string> cases[] = {
      {R"({"dtype":"F32","shape":[4],"data_offsets":[0,17]})", "outside"},
      {R"({"dtype":"F32","shape":[4],"data_offsets":[8,0]})", "outside"},
      {R"({"dtype":"F32","shape":[4],"data_offsets":[-16,0]})", "non-negative"},
      {R"({"dtype":"F32","shape":[4],"data_offsets":[0,16.0]})", "non-negative"},
      {R"({"dtype":"F32","shape":[4],"data_offsets":[0,99999999999999999999]})", "non-negative"},
      {R"({"dtype":"F32","shape":[3],"data_offsets":[0,16]})", "need 12"},
      {R"({"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,16]})",
       "more than 2^63"},
      {R"({"dtype":"F31","shape":[4],"data_offsets":[0,16]})", "unknown dtype"},
      {R"({"dtype":7,"shape":[4],"data_offsets":[0,16]})", "unknown dtype"},
      {R"({"dtype":"F32","shape":4,"data_offsets":[0,16]})", "no list"},
      {R"({"dtype":"F32","shape":[4],"data_offsets":[0]})", "no list"},
      {R"({"dtype":"F32","shape":[4]})", "exactly"},
      {R"([])", "exactly"},
      {R"({"dtype":"F32","shape":[3],"data_offsets":[4,16]})", "does not follow"},
      {R"({"dtype":"F32","shape":[3],"data_offsets":[0,12]})", "behind its last"}};
  for (const auto& [tensor, expected] : cases) {
    const std::string message = one(tensor);
    EXPECT_NE(message.find(expected), std::string::npos) << tensor << " gave: " << message;
  }
  EXPECT_NE(error_of(file_with("{\"t\":", data)).find("no valid JSON"), std::string::npos);
  EXPECT_NE(error_of(file_with("[1]", data)).find("no JSON object"), std::string::npos);
  EXPECT_NE(error_of(file_with(std::string(100000, '['), data)).find("no valid JSON"),
            std::string::npos);
  EXPECT_NE(error_of(file_with("{\"\xff\":1}", data)).find("no valid JSON"), std::string::npos);
  EXPECT_NE(error_of(file_with(std::string("{}\0     ", 8), "")).find("zero byte"),
            std::string::npos);
  EXPECT_NE(error_of(file_with("{}", data, 100'000'001)).find("expected at most"),
            std::string::npos);
  EXPECT_NE(error_of(file_with("{}", data, 1000)).find("truncated"), std::string::npos);
  EXPECT_NE(error_of(file_with(R"({"__metadata__":{"a":1}})", "")).find("no string"),
            std::string::npos);
  EXPECT_NE(error_of(file_with(R"({"__metadata__":[]})", "")).find("no JSON object"),
            std::string::npos);
  const std::string half = R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  const std::string most = R"({"dtype":"F32","shape":[3],"data_offsets":[4,16]})";
  EXPECT_NE(error_of(file_with("{\"a\":" + half + ",\"b\":" + most + "}", data)).find("overlaps"),
            std::string::npos);
  EXPECT_NE(error_of(file_with("{\"a\":" + half + ",\"a\":" + half + "}", data)).find("twice"),
            std::string::npos);
  std::string odd = R"({"t":{"dtype":"F64","shape":[2],"data_offsets":[0,16]}})";
  odd.resize((odd.size() + 7) / 8 * 8 + 4, ' ');
  EXPECT_NE(error_of(file_with(odd, data, odd.size())).find("not aligned"), std::string::npos);
}

TEST_F(Safetensors, FailedWriteLeavesTheOldFileAndNoOther) {
  write_sample(path());
  const std::string before = bytes_of(path());
  EXPECT_THROW(write_safetensors(path(), {{"a", "\xff"}}, {}), Error);
  EXPECT_THROW(write_safetensors(path("absent/m"), {}, {}), Error);
  EXPECT_THROW(write_safetensors(directory_.string(), {}, {}), Error);
  EXPECT_EQ(bytes_of(path()), before);
  EXPECT_EQ(files(), 1U);
}

TEST_F(Safetensors, FullDiskRemovesTheTemporaryFile) {
  // A limit on the size of files, in a child process, stands in for a full disk.
  const auto child = [&] {
    const rlimit limit{4096, 4096};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(2);
    std::signal(SIGXFSZ, SIG_IGN);
    const std::vector<float> big(10'000);
    const TensorData tensor{"t", "F32", {10'000}, raw(big)};
    try {
      write_safetensors(path(), {}, std::span(&tensor, 1));
    } catch (const Error& e) {
      ::_exit(e.code() == Code::file ? 0 : 3);
    }
    ::_exit(4);
  };
  EXPECT_EXIT(child(), ::testing::ExitedWithCode(0), "");
  EXPECT_EQ(files(), 0U);
}

TEST_F(Safetensors, NextWriteRemovesWhatAKilledOneLeft) {
  // Passing the limit on the size of files kills the child in the middle of its write.
  const auto child = [&] {
    const rlimit small{4096, 4096}, none{0, 0};
    if (::setrlimit(RLIMIT_FSIZE, &small) != 0 || ::setrlimit(RLIMIT_CORE, &none) != 0) ::_exit(2);
    const std::vector<float> big(10'000);
    const TensorData tensor{"t", "F32", {10'000}, raw(big)};
    write_safetensors(path(), {}, std::span(&tensor, 1));
  };
  EXPECT_EXIT(child(), ::testing::KilledBySignal(SIGXFSZ), "");
  EXPECT_EQ(files(), 1U);
  EXPECT_FALSE(fs::exists(path()));
  write_sample(path("other"));
  EXPECT_EQ(files(), 2U) << "another target's temporary files are left alone";
  write_sample(path());
  EXPECT_EQ(files(), 2U);
  EXPECT_EQ(SafetensorsFile(path()).floats("b.weight"), kFloats);
}

TEST_F(Safetensors, OnlyLeftoversAreRemoved) {
  const std::string dead = write("m.safetensors.tmp-123-0", "x"),
                    living = write("m.safetensors.tmp-123-1", "x");
  const int file = ::open(living.c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_EQ(::flock(file, LOCK_EX), 0);
  const std::vector<std::string> kept = {
      living,
      write("m.safetensors.tmp-123", ""),
      write("m.safetensors.tmp-mine-1", ""),
      write("m.safetensors.tmp-1-2-3", ""),
      write("m.safetensors.tmp--1", ""),
      write("n.m.safetensors.tmp-1-2", ""),
  };
  fs::create_directory(path("m.safetensors.tmp-5-5"));
  fs::create_symlink(path("n.m.safetensors.tmp-1-2"), path("m.safetensors.tmp-6-6"));
  write_sample(path());
  EXPECT_FALSE(fs::exists(dead));
  for (const std::string& name : kept) EXPECT_TRUE(fs::exists(name)) << name;
  EXPECT_TRUE(fs::is_directory(path("m.safetensors.tmp-5-5")));
  EXPECT_TRUE(fs::is_symlink(path("m.safetensors.tmp-6-6")));
  ::close(file);
  write_sample(path());
  EXPECT_FALSE(fs::exists(living)) << "its writer has ended";
}

TEST_F(Safetensors, ConcurrentWritersLeaveOneWholeFile) {
  std::vector<std::thread> writers;
  for (int k = 0; k < 4; ++k) {
    writers.emplace_back([&] {
      for (int i = 0; i < 50; ++i) write_sample(path());
    });
  }
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(files(), 1U);
  EXPECT_EQ(SafetensorsFile(path()).floats("b.weight"), kFloats);
}

TEST_F(Safetensors, ReplacesTheFileBehindALinkAndKeepsItsMode) {
  write_safetensors(path("real"), {}, {});
  ASSERT_EQ(::chmod(path("real").c_str(), 0600), 0);
  fs::create_symlink(path("real"), path("link"));
  write_sample(path("link"));
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(SafetensorsFile(path("real")).tensors().size(), 5U);
  EXPECT_EQ(fs::status(path("real")).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST(Digest, KnownValuesAndSensitivity) {
  EXPECT_EQ(digest({}), "99aa06d3014798d86001c324468d497f");  // XXH3-128 of nothing, from the
                                                              // specification's test vectors
  const std::vector<float> changed = {1.5F, -2, 3e-38F, 4, 5, 7};
  EXPECT_NE(digest(raw(kFloats)), digest(raw(changed)));
  EXPECT_EQ(digest(raw(kFloats)).size(), 32U);
}

}  // namespace
}  // namespace nd::io
