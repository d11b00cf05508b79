// Secrets of which a file names only the environment variable: token_env, secret_env. Called by the
// sections that have one. A secret is never dumped, logged or quoted in a message.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/reader.h"

namespace weir::config {

// The value of `variable`; nothing, and an error at `at`, when it is unset, empty or does not fit
// into a header's value. `key` is the key that named it, `purpose` what it should be set to.
std::optional<std::string> secret_of(Reader& reader, const Node& at, const std::string& variable,
                                     std::string_view key, std::string_view purpose);

}  // namespace weir::config
