// The file with this process's id (weir run --pid-file). Whoever serves writes it, over another's;
// whoever stops removes it, unless it is another's by then. Called by the supervisor.
#pragma once

#include <string>

#include <weir/error.h>

namespace weir::server {

class PidFile {
 public:
  // An empty path: there is no such file.
  explicit PidFile(std::string path) : path_(std::move(path)) {}
  ~PidFile();
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;

  // Writes beside it and renames, so that it always holds one whole number.
  Error write();
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
  bool written_ = false;
};

}  // namespace weir::server
