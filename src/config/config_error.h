// What is wrong with a configuration file, and where. Collected while a file is read, so that one
// run shows all of it; printed by `weir check`, by a failed start and by a refused reload. Never
// thrown.
#pragma once

#include <string>
#include <vector>

namespace weir::config {

// Line and column count from 1; 0 = about the file as a whole.
struct ConfigError {
  std::string file;
  int line = 0;
  int column = 0;
  std::string message;  // what is wrong and the mend, one line

  bool operator==(const ConfigError&) const = default;
};

// "file:line:column: message", or "file: message" without a place.
std::string to_string(const ConfigError& error);

// Errors as they are found, bounded by limits::kConfigErrors.
class ErrorList {
 public:
  explicit ErrorList(std::string file) : file_(std::move(file)) {}

  void add(int line, int column, std::string message);
  bool full() const;
  const std::string& file() const { return file_; }

  // Everything found: in the order of the file, each thing once, with a last line that counts what
  // did not fit.
  std::vector<ConfigError> take();

 private:
  std::string file_;
  std::vector<ConfigError> errors_;
  std::size_t left_out_ = 0;
};

}  // namespace weir::config
