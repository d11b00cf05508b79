// The document of an explanation (server/explanation.h) as lines for people: a word, and what is to
// be said about it. Shows what is there and knows nothing of how it was decided.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace weir::cli {

// Throws nlohmann's exceptions when it is another document.
std::string explain_text(const nlohmann::ordered_json& explanation);

}  // namespace weir::cli
