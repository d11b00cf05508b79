// The lists retry.on and rescue.on: no connection, a broken one, a timeout, a status. Read by both
// sections, written by the dump. What is done about a cause is proxy/'s.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <weir/config.h>

#include "config/reader.h"

namespace weir::config {

// Which words a list may have, and how its errors begin: "'x' is not retried on".
struct CauseWords {
  std::string_view refusal;
  bool timeout;
};

// The list says all that counts: what it leaves out does not.
void read_causes(Reader& reader, const Node& node, const CauseWords& words, Causes& out);

std::vector<std::string> words_of(const Causes& causes);

}  // namespace weir::config
