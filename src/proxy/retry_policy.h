// The one place that decides whether a request may be sent again. Pure; called by the exchange when
// an attempt failed or answered with a status the route retries.
//
// A request is replayable when nothing of it was sent, when its method is safe and none of its
// content is gone, or when an HTTP/2 endpoint says that it has not looked at it (RFC 9113 section
// 8.7) and none of its content is gone. Else the bytes of a POST, PUT, PATCH or DELETE are never
// sent twice.
#pragma once

#include <algorithm>
#include <cstdint>

#include <weir/config.h>
#include <weir/error.h>

namespace weir::proxy {

struct AttemptOutcome {
  Error error;  // none: the endpoint answered with `status`
  int status = 0;
  bool safe_method = false;    // RFC 9110 section 9.2.1
  bool anything_sent = false;  // of this request, in any attempt
  bool content_gone = false;   // some content was sent and is no longer held
  bool reused_connection = false;
  bool response_begun = false;    // a byte of the response was seen
  bool already_replaced = false;  // the free replacement was used
  int retries_made = 0;
};

enum class RetryVerdict : std::uint8_t {
  give_up,
  replace,  // the idle-close race, or a request not looked at: another connection to the same
            // endpoint, free of charge, once
  again,    // another endpoint, if the budget allows
};

// May the request be sent again at all, wherever?
bool replayable(const AttemptOutcome& outcome);

RetryVerdict decide_retry(const AttemptOutcome& outcome, const config::Retry& policy);

// May a candidate's failed try be repeated on the stable variant? `listed_method`: the request's is
// one of policy.methods. What was never sent may be, whatever its method.
bool may_rescue(const AttemptOutcome& outcome, const config::Rescue& policy, bool listed_method);

// How long before the `retry`th try after the first, by a random number: the first of them goes at
// once, as it goes to another endpoint.
std::uint32_t backoff_ms(const config::Backoff& backoff, int retry, std::uint64_t random);

// Did the failed try reach an origin, so that another one adds to the load of the origins?
bool loads_an_origin(Error error);

}  // namespace weir::proxy
