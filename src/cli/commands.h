// The commands behind `weir`, one function each. Each prints what people need to stdout, failures
// to stderr, and returns the process's exit code.
#pragma once

#include <string>
#include <vector>

namespace weir::cli {

struct RunOptions {
  std::string file;
};
int run(const RunOptions& options);

struct CheckOptions {
  std::string file;
  bool dump = false;  // print the resolved configuration as YAML instead of a summary
};
int check(const CheckOptions& options);

struct ExplainOptions {
  std::string file;
  std::string method;
  std::string url;
  std::vector<std::string> headers;  // "Name: value"
  std::string from;                  // client address
  std::string listener;              // empty = the first
};
int explain(const ExplainOptions& options);

struct StatusOptions {
  std::string admin;  // address; empty = see admin_client.h
  std::string file;
  bool json = false;
};
int status(const StatusOptions& options);

int version();

}  // namespace weir::cli
