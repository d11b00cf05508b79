// Where ${NAME} in a value and token_env come from. The process environment by default; tests and
// the fuzzer bring their own. Used by the reader for every scalar; never changes the environment,
// never runs anything.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace weir::config {

// Returns the value of a variable, null when it is not set. The text must stay valid while a file
// is loaded.
struct Environment {
  using Lookup = const char* (*)(const void* context, const char* name);

  Lookup lookup;
  const void* context = nullptr;

  const char* get(const char* name) const { return lookup(context, name); }
};

Environment process_environment();

// Replaces ${NAME} and ${NAME:-default}, $$ becomes $, any other dollar stands for itself. As in a
// shell, the default serves for a variable that is unset or empty. The error is a message without a
// place.
std::expected<std::string, std::string> expand(std::string_view text,
                                               const Environment& environment);

}  // namespace weir::config
