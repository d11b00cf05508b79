// Looking a secret up in the environment.
// Called while a section is read.
// Never says more about the value than that it is missing, empty or unfit.
#include "config/secret_env.h"

#include <fmt/format.h>

#include "config/http_values.h"

namespace weir::config {

std::optional<std::string> secret_of(Reader& reader, const Node& at, const std::string& variable,
                                     std::string_view key, std::string_view purpose) {
  const char* secret = reader.environment().get(variable.c_str());
  if (secret == nullptr || *secret == '\0') {
    reader.error(at, fmt::format("the environment variable {} named by {} is {}: set it to {}",
                                 variable, key, secret == nullptr ? "not set" : "empty", purpose));
    return {};
  }
  // The value is compared with a header's, so it has to fit into one; it must not be shown.
  if (!parse_field_value(secret)) {
    reader.error(at, fmt::format("the environment variable {} holds characters that a header "
                                 "cannot carry",
                                 variable));
    return {};
  }
  return secret;
}

}  // namespace weir::config
