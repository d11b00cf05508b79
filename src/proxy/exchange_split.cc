// Which variant of a split serves a request, and what happens when that one cannot: its share
// falls back to the stable variant (failover), and what it failed is repeated there (rescue). Both
// are told of the candidate and neither moves the user. The stable variant's failures stay its own.
#include <algorithm>

#include "proxy/exchange.h"
#include "proxy/issued_cookie.h"

namespace weir::proxy {

void Exchange::choose_cluster(const traffic::RequestView& view) {
  if (!plan_->split) {
    cluster_ = plan_->cluster;
    return;
  }
  const SplitPlan& plan = *plan_->split;
  choice_ =
      plan.split.choose(view, client_ip_, plan.weights->get(plan.split.size()), context_.random);
  observe::SplitTrail& trail = record_.split;
  trail.assigned = static_cast<std::uint8_t>(choice_.variant);
  trail.assigned_for = choice_.reason;
  trail.wrong_secret = choice_.override_verdict == traffic::OverrideVerdict::not_permitted;
  trail.unknown_override = choice_.override_verdict == traffic::OverrideVerdict::unknown_value;
  take_variant(choice_.variant, choice_.reason);
  snapshot_->rescues[route_index()].earn();
  if (plan.hide_override) edits_.push(*plan.hide_override);
}

void Exchange::take_variant(std::size_t variant, VariantReason reason) {
  const VariantPlan& taken = plan_->split->variants[variant];
  if (variant != record_.split.assigned) {
    record_.assigned_variant = plan_->split->variants[record_.split.assigned].settings->name;
  }
  cluster_ = taken.cluster;
  record_.split.served = static_cast<std::uint8_t>(variant);
  record_.variant = taken.settings->name;
  record_.variant_reason = name_of(reason);
}

bool Exchange::on_candidate() const {
  return plan_->split && record_.split.served != 0;
}

// The variant has no endpoint, or no room for another request.
bool Exchange::may_fail_over() const {
  return on_candidate() && !anything_sent_ &&
         plan_->split->split.settings().on_unavailable == config::OnUnavailable::failover;
}

bool Exchange::fail_over() {
  record_.split.failed_over = true;
  return start_on_stable(VariantReason::failover);
}

// As start_attempt().
bool Exchange::start_on_stable(VariantReason reason) {
  attempt_.end();
  retry_slot_.release();
  take_variant(0, reason);
  tried_ = 0;
  const PickContext context = pick_context();
  return start_attempt(context, pool().pick(context));
}

// True: the request was taken to the stable variant (and may have ended there).
bool Exchange::rescue(const AttemptOutcome& outcome) {
  if (!on_candidate()) return false;
  const Errc code = outcome.error.code;
  bool started = false;
  if (code == Errc::no_endpoint || code == Errc::overloaded) {
    if (!may_fail_over()) return false;
    note_try(code, outcome.status);
    started = fail_over();
  } else {
    const config::Rescue& policy = plan_->split->split.settings().rescue;
    const auto& methods = policy.methods;
    const bool listed = std::ranges::find(methods, request_.method_name()) != methods.end();
    if (!may_rescue(outcome, policy, listed) || !spend_rescue(outcome.error)) return false;
    record_.split.rescued = true;
    note_try(code, outcome.status);
    started = start_on_stable(VariantReason::rescue);
  }
  if (started && attempt_.ready()) on_attempt_ready();
  return true;
}

bool Exchange::spend_rescue(Error error) {
  if (!loads_an_origin(error)) return true;
  const int percent = plan_->split->split.settings().rescue.budget_percent;
  if (snapshot_->rescues[route_index()].spend(percent, context_.wheel.now())) return true;
  record_.split.rescue_refused = true;
  return false;
}

// A user without an id is given one, whichever variant served them.
void Exchange::issue_cookie() {
  const config::IssuedCookie& settings = plan_->split->split.settings().issued_cookie;
  if (!settings.force && is_publicly_cacheable(response_)) return;
  issued_cookie_.clear();
  write_set_cookie(settings, *choice_.issued, client_on_tls(), issued_cookie_);
  edits_.push(http::EditKind::add, http::FieldId::other, "Set-Cookie", issued_cookie_.view());
}

}  // namespace weir::proxy
