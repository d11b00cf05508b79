// What a check makes of an endpoint's answer while it comes: well, not well and why, or not known
// yet. Fed by server/health_probe with the steps of whichever protocol is spoken; no IO, no clock.
#pragma once

#include <optional>
#include <string>

#include "http/h1_parser.h"
#include "http/head.h"
#include "server/check_plan.h"

namespace weir::server {

struct ProbeResult {
  // stalled: this process was held up, which says nothing of the endpoint.
  enum class Kind : std::uint8_t { success, failure, timeout, stalled };
  Kind kind = Kind::success;
  std::string cause;  // of anything but a success, for people
};
ProbeResult failed_probe(std::string cause);

class CheckAnswer {
 public:
  // Another answer, to a request of that plan, which outlives it.
  void begin(const CheckPlan& plan);
  // Forgets it and gives the memory back.
  void end();
  // Where its head is parsed into.
  http::ResponseHead& head() { return head_; }

  // What the answer comes to with this step; nothing while more must come. Not called after that.
  // Interim answers come as steps with an interim head.
  std::optional<ProbeResult> take(const http::ParseStep& step);
  // The connection's end was the answer's, as its head said.
  ProbeResult judge_whole() const;

 private:
  std::optional<ProbeResult> take_interim();
  std::optional<ProbeResult> judge_head() const;
  ProbeResult judge_body() const;
  ProbeResult judge_call() const;

  const CheckPlan* plan_ = nullptr;
  http::ResponseHead head_;
  std::string body_;  // as much as is looked at
  int interim_answers_ = 0;
};

}  // namespace weir::server
