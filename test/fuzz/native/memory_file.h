// A file in memory with a path, so that what reads files can be fuzzed without a disk.
#pragma once

#include <span>
#include <string>

#include "targets.h"

namespace nd::fuzz {

class MemoryFile {
 public:
  explicit MemoryFile(Bytes bytes);
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::string path() const;

 private:
  int file_;
};

}  // namespace nd::fuzz
