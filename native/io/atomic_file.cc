#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "io/format.h"
#include "io/safetensors.h"

namespace nd::io {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& path, const char* what, int number) {
  io::fail(path, std::string(what) + ": " + std::strerror(number));
}

constexpr std::string_view kTemporary = ".tmp-";

/// A new file beside the target, locked while it lives and removed again unless it was renamed.
class TemporaryFile {
 public:
  /// The name holds process and counter; a leftover of the same name (a killed process, another
  /// host) is stepped over, and so is a new file that another writer took for a leftover before it
  /// was locked.
  explicit TemporaryFile(const std::string& target) : target_(target) {
    static std::atomic<uint64_t> counter{0};
    struct stat status {};
    const mode_t mode = ::stat(target.c_str(), &status) == 0 ? status.st_mode & 0777 : 0666;
    for (int attempt = 0; file_ < 0; ++attempt) {
      name_ = target + std::string(kTemporary) + std::to_string(::getpid()) + "-" +
              std::to_string(counter.fetch_add(1));
      file_ = ::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
      if (file_ < 0 && (errno != EEXIST || attempt == 1000))
        fail(target_, "cannot be written", errno);
      if (file_ >= 0 && !is_ours()) {
        ::close(file_);
        file_ = -1;
      }
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
    // Closed last: without its lock it would look like a leftover.
    if (::fsync(file_) != 0) fail(target_, "cannot be flushed", errno);
    if (::rename(name_.c_str(), target_.c_str()) != 0) fail(target_, "cannot be replaced", errno);
    renamed_ = true;
  }

 private:
  /// Locks the file. A file system without locks is fine: there no leftover is removed either.
  bool is_ours() const {
    if (::flock(file_, LOCK_EX | LOCK_NB) != 0) return errno != EWOULDBLOCK;
    struct stat status {};
    return ::fstat(file_, &status) == 0 && status.st_nlink > 0;
  }

  std::string target_, name_;
  int file_ = -1;
  bool renamed_ = false;
};

/// Whether `name` is that of a temporary file of `target`: target.tmp-<process>-<counter>.
bool is_temporary_of(std::string_view name, std::string_view target) {
  if (!name.starts_with(target)) return false;
  name.remove_prefix(target.size());
  if (!name.starts_with(kTemporary)) return false;
  name.remove_prefix(kTemporary.size());
  const size_t dash = name.find('-');
  const auto is_number = [](std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return dash != std::string_view::npos && is_number(name.substr(0, dash)) &&
         is_number(name.substr(dash + 1));
}

/// Removes temporary files of `target` whose writer was killed. A living writer holds a lock, which
/// tells more than the number of its process: those repeat, and differ between containers.
void remove_leftovers(const fs::path& target) {
  std::error_code ignored;
  const fs::path parent = target.parent_path();
  const std::string wanted = target.filename().string();
  for (fs::directory_iterator entry(parent.empty() ? "." : parent, ignored), end;
       !ignored && entry != end; entry.increment(ignored)) {
    if (!is_temporary_of(entry->path().filename().string(), wanted)) continue;
    const int file = ::open(entry->path().c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) continue;
    struct stat status {};
    if (::fstat(file, &status) == 0 && S_ISREG(status.st_mode) &&
        ::flock(file, LOCK_EX | LOCK_NB) == 0) {
      ::unlink(entry->path().c_str());
    }
    ::close(file);
  }
}

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
  remove_leftovers(target);
  TemporaryFile file(target.string());
  for (const auto piece : pieces) file.write(piece);
  file.publish();
  flush_directory(target.parent_path());
}

}  // namespace nd::io
