#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "io/format.h"
#include "io/safetensors.h"

namespace nd::io {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& path, const char* what, int number) {
  io::fail(path, std::string(what) + ": " + std::strerror(number));
}

/// A new file beside the target, removed again unless it was renamed.
class TemporaryFile {
 public:
  /// The name holds process and counter; a leftover of the same name (a killed process, another
  /// host) is stepped over.
  explicit TemporaryFile(const std::string& target) : target_(target) {
    static std::atomic<uint64_t> counter{0};
    struct stat status {};
    const mode_t mode = ::stat(target.c_str(), &status) == 0 ? status.st_mode & 0777 : 0666;
    for (int attempt = 0; file_ < 0; ++attempt) {
      name_ = target + ".tmp-" + std::to_string(::getpid()) + "-" +
              std::to_string(counter.fetch_add(1));
      file_ = ::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
      if (file_ < 0 && (errno != EEXIST || attempt == 1000))
        fail(target_, "cannot be written", errno);
    }
  }
  ~TemporaryFile() {
    if (file_ >= 0) ::close(file_);
    if (!renamed_) ::unlink(name_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail(target_, "cannot be written", errno);
      bytes = bytes.subspan(static_cast<size_t>(written));
    }
  }

  void publish() {
    if (::fsync(file_) != 0) fail(target_, "cannot be flushed", errno);
    const int file = file_;
    file_ = -1;
    if (::close(file) != 0) fail(target_, "cannot be closed", errno);
    if (::rename(name_.c_str(), target_.c_str()) != 0) fail(target_, "cannot be replaced", errno);
    renamed_ = true;
  }

 private:
  std::string target_, name_;
  int file_ = -1;
  bool renamed_ = false;
};

/// Makes a rename durable. Some network file systems cannot flush a directory; the file itself is
/// whole either way.
void flush_directory(const fs::path& directory) {
  const int file =
      ::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return;
  ::fsync(file);
  ::close(file);
}

}  // namespace

void write_file_atomically(const std::string& path,
                           std::span<const std::span<const std::byte>> pieces) {
  std::error_code ignored;
  // The file behind a link is replaced, not the link.
  const fs::path target =
      fs::is_symlink(path, ignored) ? fs::weakly_canonical(path, ignored) : fs::path(path);
  if (target.empty() || fs::is_directory(target, ignored)) fail(path, "cannot be written", EISDIR);
  TemporaryFile file(target.string());
  for (const auto piece : pieces) file.write(piece);
  file.publish();
  flush_directory(target.parent_path());
}

}  // namespace nd::io
