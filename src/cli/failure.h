// How commands end badly: a line for people on stderr, and the exit code that goes with it. 0 is
// done, 1 failed, 2 wrong usage.
#pragma once

#include <string_view>

namespace weir::cli {

int failed(std::string_view reason);       // 1
int wrong_usage(std::string_view reason);  // 2

}  // namespace weir::cli
