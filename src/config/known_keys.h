// Every key a file can have, as paths: what the parser's tables say, for the tests that hold the
// reference file, the schema and the documentation against it. Each section adds its own keys (its
// list_ function in sections.h). While a file is read, only the words for a
// key in the wrong file ask for it.
#pragma once

#include <string>
#include <vector>

namespace weir::config {

struct KnownKey {
  std::string path;  // "listeners.NAME.limits.headers", "routes[].name": NAME is the user's, [] an
                     // element of a list
  bool supported;    // false: belongs to a later version and is refused
};
using KeyList = std::vector<KnownKey>;

KeyList known_keys();

}  // namespace weir::config
