// What is wrong with a configuration file, and where. Collected while a file is read, so that one
// run shows all of it; printed by `weir check`, by a failed start and by a refused reload. Never
// thrown.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <weir/config_values.h>

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
// The same for what is found wrong with a file that was read well: the message alone without one.
std::string placed(const Place& place, std::string_view message);

// Which of a load's files: 0 is the main one, the others follow in the order they are read in.
using FileIndex = std::uint16_t;

// Errors as they are found, bounded by limits::kConfigErrors.
class ErrorList {
 public:
  explicit ErrorList(std::string main_file) : files_{std::move(main_file)} {}

  // What is added without a file is about this one from now on.
  void begin_file(std::string name) { files_.push_back(std::move(name)); }
  FileIndex reading() const { return static_cast<FileIndex>(files_.size() - 1); }
  FileIndex index_of(std::string_view name) const;  // 0 when it is none of them
  const std::string& file(FileIndex index = 0) const { return files_[index]; }

  void add(int line, int column, std::string message) {
    add(reading(), line, column, std::move(message));
  }
  void add(FileIndex file, int line, int column, std::string message);
  bool full() const;
  bool empty() const { return found_.empty(); }

  // Everything found: in the order of the files, each thing once, with a last line that counts what
  // did not fit.
  std::vector<ConfigError> take();

 private:
  struct Found {
    FileIndex file;
    int line, column;
    std::string message;
    bool operator==(const Found&) const = default;
  };
  std::vector<std::string> files_;
  std::vector<Found> found_;
  std::size_t left_out_ = 0;
};

}  // namespace weir::config
