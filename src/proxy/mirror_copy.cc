// A copy from composing to its end. Whatever the mirror does, the worst is a deadline.
#include "proxy/mirror_copy.h"

#include <cassert>
#include <utility>

#include <weir/limits.h>

#include "proxy/mirror_runner.h"
#include "proxy/pick_key.h"
#include "traffic/sampling.h"

namespace weir::proxy {
namespace {

constexpr std::string_view kIdempotencyKey = "Idempotency-Key";
constexpr std::string_view kIdempotencySuffix = "-mirror";
constexpr std::size_t kOwnEdits = 4;

using CopyEdits = http::EditsUpTo<http::EditList::kMax + limits::kRouteEdits + kOwnEdits>;

// The edits of the request, the mirror's, and what every copy says of itself.
void take_edits(std::span<const http::HeadEdit> forwarded, const MirrorPlan& plan,
                CopyEdits& edits) {
  edits.push_all(forwarded);
  edits.push_all(plan.edits);
  edits.push(http::EditKind::set, http::FieldId::other, traffic::kMirrorField, plan.route->name);
  // All of the content is there: nobody is asked whether it is wanted.
  edits.push(http::EditKind::remove, http::FieldId::expect, "Expect", {});
}

MirrorOutcome outcome_of(const Error& error) {
  switch (error.code) {
    case Errc::upstream_reset:
    case Errc::upstream_truncated:
      return MirrorOutcome::reset;
    case Errc::connect_timeout:
      return MirrorOutcome::timeout;
    default:
      return MirrorOutcome::connect;
  }
}

}  // namespace

MirrorCopy::MirrorCopy(WorkerContext& context)
    : context_(context),
      attempt_(*this),
      timer_([](void* owner) { static_cast<MirrorCopy*>(owner)->end(MirrorOutcome::timeout); },
             this) {}

MirrorCopy::~MirrorCopy() {
  assert(plan_ == nullptr);
}

void MirrorCopy::compose(std::shared_ptr<WorkerSnapshot> snapshot, const MirrorPlan& plan,
                         const CopySource& source) {
  snapshot_ = std::move(snapshot);
  plan_ = &plan;
  method_ = source.request.method();
  pick_ = pick_key(mirror().pool->settings().balance, source.request, source.client);
  attempt_.speak_for(source.addresses);
  CopyEdits edits;
  take_edits(source.edits, plan, edits);
  Buffer& scratch = words_;
  if (const http::Field* key = source.request.find(kIdempotencyKey)) {
    // A store that both versions share would take the copy for the request repeated.
    scratch.append(source.request.value(*key));
    scratch.append(kIdempotencySuffix);
    edits.push(http::EditKind::set, http::FieldId::other, kIdempotencyKey, scratch.view());
  }
  http::write_request_head(head_, source.request, source.path, source.request.authority(),
                           edits.edits());
  scratch.clear();
  times_.begin = context_.clock.mono_ns();
  if (plan.settings->log) keep_words(source);
}

void MirrorCopy::keep_words(const CopySource& source) {
  id_ = keep(source.ids.request_id);
  trace_id_ = keep(source.ids.trace_id);
  method_name_ = keep(source.request.method_name());
  host_ = keep(source.request.authority());
  path_ = keep(source.request.target());
  client_ = source.client;
  listener_ = &source.listener;
}

MirrorCopy::Span MirrorCopy::keep(std::string_view text) {
  const Span span{static_cast<std::uint32_t>(words_.size()),
                  static_cast<std::uint32_t>(text.size())};
  words_.append(text);
  return span;
}

MirrorCopy::Hold MirrorCopy::hold(std::uint64_t bytes) {
  ByteBudget& own = plan_->load->bytes;
  if (!own.hold(bytes, plan_->settings->max_bytes)) return Hold::mirror_full;
  if (!snapshot_->shared->mirror_bytes->hold(bytes, snapshot_->shared->config.mirror_bytes)) {
    own.let_go(bytes);
    return Hold::process_full;
  }
  held_ += bytes;
  return Hold::held;
}

std::optional<MirrorDrop> MirrorCopy::start(ContentRef content) {
  if (!plan_->load->begin(plan_->settings->max_in_flight)) {
    drop(MirrorDrop::in_flight);
    return MirrorDrop::in_flight;
  }
  started_ = true;
  content_ = std::move(content);
  context_.mirrors.started(*this);
  context_.wheel.arm_in(timer_, static_cast<net::TimeMs>(plan_->settings->timeout.count()));
  upstream::ClusterPool& pool = *mirror().pool;
  if (attempt_.start(pool, pick_, pool.pick(pick_))) {
    drop(MirrorDrop::no_endpoint);
    return MirrorDrop::no_endpoint;
  }
  if (attempt_.ready()) on_attempt_ready();
  return std::nullopt;
}

void MirrorCopy::on_attempt_ready() {
  times_.connected = context_.clock.mono_ns();
  const bool sent = attempt_.send_composed(head_.view(), method_, content_.bytes(), response_);
  content_.reset();  // what the socket did not take, the stream has copied
  if (!sent) end(MirrorOutcome::reset);
}

void MirrorCopy::on_attempt_response(const http::ParseStep& step) {
  if (step.error || (step.head && response_.status() == 101)) {
    end(MirrorOutcome::bad_response);
    return;
  }
  if (response_.interim()) return;
  if (step.head) {
    times_.first_byte = context_.clock.mono_ns();
    mirror().pool->observe_latency(attempt_.endpoint_index(), times_.first_byte - times_.connected,
                                   times_.first_byte);
    if (response_.framing() == http::Framing::length) answer_bytes_ = response_.content_length();
  }
  if (response_.framing() != http::Framing::length) {
    for (std::string_view run : step.content) answer_bytes_ += run.size();
  }
  // The status is all that is wanted: a long answer is not paid for.
  const bool enough = times_.first_byte != 0 && answer_bytes_ > limits::kMirrorResponseBytes;
  if (step.complete || enough) end(outcome_of_status(response_.status()));
}

void MirrorCopy::on_attempt_failed(Error error) {
  end(outcome_of(error));
}

void MirrorCopy::end(MirrorOutcome outcome) {
  times_.end = context_.clock.mono_ns();
  learn(outcome);
  const std::uint64_t sent = times_.connected != 0 ? times_.connected : times_.begin;
  context_.recorder.on_copy_end(*plan_, outcome, times_.end - sent);
  if (plan_->settings->log) write_record(outcome);
  give_back();
}

void MirrorCopy::learn(MirrorOutcome outcome) {
  WorkerMirror& its = mirror();
  if (is_answer(outcome)) {
    its.failures = 0;
  } else if (++its.failures >= limits::kMirrorFailures) {
    its.paused_until =
        context_.wheel.now() + static_cast<net::TimeMs>(limits::kMirrorPause.count());
  }
}

void MirrorCopy::write_record(MirrorOutcome outcome) {
  observe::ExchangeRecord record;
  record.times = times_;
  record.id = word(id_);
  record.client = client_;
  record.listener = listener_->settings->name;
  record.method = word(method_name_);
  record.host = word(host_);
  record.path = word(path_);
  if (is_answer(outcome)) record.status = record.upstream_status = response_.status();
  record.route = plan_->route->name;
  record.cluster = plan_->settings->cluster;
  if (attempt_.begun()) record.endpoint = attempt_.endpoint().name();
  record.attempts = 1;
  record.trace_id = word(trace_id_);
  record.mirror = name_of(outcome);
  record.is_copy = true;
  context_.recorder.on_copy_line(record);
}

void MirrorCopy::drop(MirrorDrop reason) {
  context_.recorder.on_copy_dropped(*plan_, reason);
  give_back();
}

void MirrorCopy::stop() {
  drop(MirrorDrop::stopping);
}

void MirrorCopy::shrink(std::size_t kept) {
  response_.shrink(kept);
  head_.shrink(kept);
  words_.shrink(kept);
}

void MirrorCopy::give_back() {
  timer_.cancel();
  attempt_.end();
  content_.reset();
  if (std::exchange(started_, false)) plan_->load->end();
  plan_->load->bytes.let_go(held_);
  snapshot_->shared->mirror_bytes->let_go(held_);
  held_ = answer_bytes_ = 0;
  times_ = {};
  plan_ = nullptr;
  head_.clear();
  words_.clear();
  snapshot_.reset();
  context_.mirrors.release(*this);  // may be composed anew from here on
}

}  // namespace weir::proxy
