// One try at one endpoint, from the pick to giving everything back. Decides nothing about answers
// or retries.
#include "proxy/attempt.h"

#include <utility>

namespace weir::proxy {

Error Attempt::start(upstream::ClusterPool& pool, const PickContext& context, std::size_t picked,
                     bool fresh) {
  pool_ = &pool;
  context_ = context;
  fresh_ = fresh;
  if (picked == kNoEndpoint) return {Errc::no_endpoint};
  if (!pool.admit(place_)) return {Errc::overloaded};
  judged_ = false;
  picked_ = picked;
  picked_in_ = pool.generation();
  target_ = &pool.at(picked);
  target_->begin_attempt();
  if (!fresh) lease_ = target_->take_idle(request_);
  if (lease_) return {};
  const Error error = pool.request(*target_, request_);
  if (error) {
    leave_endpoint();
    place_.release();
  }
  return error;
}

Error Attempt::replace_connection() {
  lease_.release();
  lease_ = target_->take_shared();  // one that has ended takes no more requests
  if (lease_) return {};
  return pool_->request(*target_, request_);
}

void Attempt::end() {
  request_.cancel();
  leave_endpoint();
  lease_.release();
  place_.release();
}

void Attempt::judge(Fault fault) {
  if (target_ == nullptr || std::exchange(judged_, true)) return;
  pool_->judge(*target_, fault);
}

void Attempt::leave_endpoint() {
  if (target_ == nullptr) return;
  std::exchange(target_, nullptr)->end_attempt();
}

void Attempt::on_lease(upstream::Lease lease) {
  lease_ = std::move(lease);
  events_.on_attempt_ready();
}

void Attempt::on_lease_failed(Error error) {
  events_.on_attempt_failed(error);
}

void Attempt::on_slot_free() {
  leave_endpoint();
  if (picked_in_ != pool_->generation()) context_.tried = 0;
  const Error error = start(*pool_, context_, pool_->pick(context_), fresh_);
  if (error) {
    events_.on_attempt_failed(error);
  } else if (lease_) {
    events_.on_attempt_ready();
  }
}

}  // namespace weir::proxy
