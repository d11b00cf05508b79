// Failures on stderr.
#include "cli/failure.h"

#include <fmt/core.h>

#include <cstdio>

namespace weir::cli {
namespace {

int told(std::string_view reason, int code) {
  fmt::print(stderr, "weir: {}\n", reason);
  return code;
}

}  // namespace

int failed(std::string_view reason) {
  return told(reason, 1);
}

int wrong_usage(std::string_view reason) {
  return told(reason, 2);
}

}  // namespace weir::cli
