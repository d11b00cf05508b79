// The way of one request through a configuration, and why: every route passed over, the one taken,
// the variant, the copies, and which endpoints may get it. One document for weir explain, offline
// from a file and live from a running process; asks the router, splits and balancers that serve
// requests. On the supervisor's thread or in a command; changes nothing.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "server/explained_request.h"
#include "server/json_parts.h"

namespace weir::server {

enum class Scene : std::uint8_t {
  file,     // every endpoint counts as up
  running,  // endpoints as they are
};

// The error is what is wrong with the question, in words. A request that is refused, or that no
// route takes, has an explanation too.
std::expected<Json, std::string> explain(const proxy::Snapshot& snapshot,
                                         const ExplainQuestion& question, Scene scene);

}  // namespace weir::server
