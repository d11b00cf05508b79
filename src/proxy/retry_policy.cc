// The retry decision as one pure function; its table is in tests/unit/proxy/retry_policy_test.cc.
#include "proxy/retry_policy.h"

namespace weir::proxy {
namespace {

bool is_listed(const config::Causes& on, const AttemptOutcome& outcome) {
  switch (outcome.error.code) {
    case Errc::none:
      return std::ranges::find(on.statuses, outcome.status) != on.statuses.end();
    case Errc::connect_refused:
    case Errc::connect_failed:
    case Errc::connect_timeout:
    case Errc::upstream_certificate:
    case Errc::upstream_certificate_expired:
    case Errc::upstream_certificate_name:
    case Errc::upstream_certificate_untrusted:
    case Errc::upstream_no_http2:
    case Errc::upstream_tls:
    case Errc::upstream_tls_alert:
      return on.connect;
    case Errc::upstream_refused:
    case Errc::upstream_reset:
      return on.reset;
    case Errc::response_timeout:
      return on.timeout;
    default:
      return false;
  }
}

// A try is timed only where it may be repeated for it.
bool is_retried(const config::Retry& policy, const AttemptOutcome& outcome) {
  if (outcome.error.code == Errc::response_timeout) return policy.per_try_timeout.count() > 0;
  return is_listed(policy.on, outcome);
}

// An answer that began and cannot be used tells of the version rather than of the endpoint: another
// endpoint of the same cluster is not tried for it, the stable variant is.
bool is_broken_answer(Errc code) {
  switch (code) {
    case Errc::upstream_truncated:
    case Errc::bad_response:
    case Errc::response_head_too_large:
    case Errc::unasked_upgrade:
    case Errc::too_many_interim:
      return true;
    default:
      return false;
  }
}

bool rescued_by(const config::Rescue& policy, const AttemptOutcome& outcome) {
  return is_listed(policy.on, outcome) || (policy.on.reset && is_broken_answer(outcome.error.code));
}

}  // namespace

bool replayable(const AttemptOutcome& outcome) {
  if (outcome.error.code == Errc::upstream_refused) return !outcome.content_gone;
  return !outcome.anything_sent || (outcome.safe_method && !outcome.content_gone);
}

bool may_rescue(const AttemptOutcome& outcome, const config::Rescue& policy, bool listed_method) {
  if (!policy.enabled || !replayable(outcome) || !rescued_by(policy, outcome)) return false;
  return !outcome.anything_sent || listed_method;
}

bool loads_an_origin(Error error) {
  return error.code != Errc::connect_refused && error.code != Errc::connect_failed;
}

RetryVerdict decide_retry(const AttemptOutcome& outcome, const config::Retry& policy) {
  if (!replayable(outcome)) return RetryVerdict::give_up;
  const bool idle_close = outcome.error.code == Errc::upstream_reset && outcome.reused_connection &&
                          !outcome.response_begun;
  const bool not_looked_at = outcome.error.code == Errc::upstream_refused;
  if ((idle_close || not_looked_at) && !outcome.already_replaced) return RetryVerdict::replace;
  if (outcome.retries_made >= policy.attempts || !is_retried(policy, outcome))
    return RetryVerdict::give_up;
  return RetryVerdict::again;
}

std::uint32_t backoff_ms(const config::Backoff& backoff, int retry, std::uint64_t random) {
  if (retry < 2 || backoff.base.count() == 0) return 0;
  const auto base = static_cast<std::uint64_t>(backoff.base.count());
  const auto max = static_cast<std::uint64_t>(backoff.max.count());
  const std::uint64_t most = std::min(base << std::min(retry - 2, 20), max);
  return static_cast<std::uint32_t>(random % (most + 1));
}

}  // namespace weir::proxy
