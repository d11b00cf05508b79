// Why a request goes where it goes, in words: one line per route up to the one that decides. For
// `weir explain` and its admin endpoint, never on the data path. It asks the same conditions as the
// router and cannot come to another answer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <weir/config.h>

#include "traffic/request_view.h"
#include "traffic/router.h"

namespace weir::traffic {

enum class TraceOutcome : std::uint8_t {
  passed_over,  // a condition fails, the search goes on
  matched,      // this route takes the request
  refused,      // the path cannot be normalised: answered with 400
};

struct TraceStep {
  std::uint32_t route = 0;  // index in config::Config::routes
  TraceOutcome outcome = TraceOutcome::passed_over;
  std::string reason;  // the first condition that fails, in words; empty when matched
};

// `router` was made from `config`. The last step has matched or refused, or no route takes the
// request. Empty when there are no routes.
std::vector<TraceStep> trace_match(const config::Config& config, const Router& router,
                                   const RequestView& request);

}  // namespace weir::traffic
