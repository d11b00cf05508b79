// From sampling to sending. Every copy that was sampled is sent or dropped, and counted, once.
#include "proxy/mirror_draft.h"

#include <utility>

#include "http/h1_writer.h"
#include "proxy/mirror_runner.h"
#include "traffic/sampling.h"

namespace weir::proxy {
namespace {

MirrorDrop reason_of(MirrorCopy::Hold full) {
  return full == MirrorCopy::Hold::mirror_full ? MirrorDrop::bytes : MirrorDrop::process_bytes;
}

}  // namespace

void MirrorDraft::begin(const std::shared_ptr<WorkerSnapshot>& snapshot, const RoutePlan& route,
                        const traffic::RequestView& view, const traffic::Point* key_point,
                        const CopySource& source) {
  if (source.request.wants_upgrade() || traffic::is_a_copy(view)) return;
  for (const MirrorPlan& plan : route.mirrors) {
    const auto verdict = traffic::sample(*plan.settings, view.method, key_point, context_.random);
    if (verdict == traffic::SampleVerdict::taken) compose(snapshot, plan, source);
  }
}

// The cheap reasons to drop come first: a mirror in trouble costs its primary next to nothing.
void MirrorDraft::compose(const std::shared_ptr<WorkerSnapshot>& snapshot, const MirrorPlan& plan,
                          const CopySource& source) {
  if (source.request.announces_more_than(plan.settings->max_body)) {
    return refuse(plan, MirrorDrop::body);
  }
  if (plan.load->in_flight() >= plan.settings->max_in_flight) {
    return refuse(plan, MirrorDrop::in_flight);
  }
  if (!snapshot->mirrors[plan.index].lets_through(context_.wheel.now())) {
    return refuse(plan, MirrorDrop::paused);
  }
  MirrorCopy& copy = context_.mirrors.acquire(context_);
  copy.compose(snapshot, plan, source);
  copies_[count_++] = &copy;
  const auto held = copy.hold(copy.head_bytes());
  if (held != MirrorCopy::Hold::held) drop(count_ - 1, reason_of(held));
}

void MirrorDraft::take(const http::RequestHead& request,
                       std::span<const std::string_view> content) {
  std::uint64_t bytes = 0;
  for (std::string_view run : content) bytes += run.size();
  if (bytes == 0) return;
  content_bytes_ += bytes;
  for (std::size_t i = count_; i-- > 0;) {
    if (content_bytes_ > copies_[i]->plan().settings->max_body) drop(i, MirrorDrop::body);
  }
  if (!waiting()) return;
  if (!content_) content_ = context_.mirrors.new_content();
  ChunkQueue& kept = *content_.bytes();
  const std::size_t before = kept.size();
  Buffer& out = context_.out;
  out.clear();
  const bool chunked = request.framing() == http::Framing::chunked;
  if (chunked) http::write_chunk_size(out, bytes);
  kept.append(out.view());
  for (std::string_view run : content) kept.append(run);
  if (chunked) kept.append("\r\n");
  hold(kept.size() - before);
}

void MirrorDraft::hold(std::uint64_t bytes) {
  for (std::size_t i = count_; i-- > 0;) {
    const auto held = copies_[i]->hold(bytes);
    if (held != MirrorCopy::Hold::held) drop(i, reason_of(held));
  }
}

void MirrorDraft::request_complete(const http::RequestHead& request) {
  complete_ = true;
  if (request.framing() == http::Framing::chunked) {
    if (!content_) content_ = context_.mirrors.new_content();
    context_.out.clear();
    http::write_last_chunk(context_.out, &request);
    content_.bytes()->append(context_.out.view());
    hold(context_.out.size());
  }
  send_where(config::MirrorWhen::concurrent);
}

void MirrorDraft::exchange_over(bool succeeded) {
  if (complete_ && succeeded) send_where(config::MirrorWhen::after);
  while (waiting()) {
    drop(count_ - 1, complete_ ? MirrorDrop::primary_failed : MirrorDrop::incomplete);
  }
}

void MirrorDraft::send_where(config::MirrorWhen when) {
  for (std::size_t i = 0; i < count_;) {
    if (copies_[i]->plan().settings->when != when) {
      ++i;
      continue;
    }
    MirrorCopy& copy = take_out(i);
    const MirrorPlan& plan = copy.plan();  // the copy may be over before start() returns
    const bool last = !waiting();
    const auto dropped = copy.start(last ? std::exchange(content_, {}) : content_);
    note(plan, dropped ? name_of(*dropped) : "sent");
  }
}

MirrorCopy& MirrorDraft::take_out(std::size_t index) {
  MirrorCopy& copy = *copies_[index];
  for (std::size_t i = index + 1; i < count_; ++i) copies_[i - 1] = copies_[i];
  --count_;
  return copy;
}

void MirrorDraft::drop(std::size_t index, MirrorDrop reason) {
  MirrorCopy& copy = take_out(index);
  note(copy.plan(), name_of(reason));
  copy.drop(reason);
  if (!waiting()) content_.reset();
}

void MirrorDraft::refuse(const MirrorPlan& plan, MirrorDrop reason) {
  note(plan, name_of(reason));
  context_.recorder.on_copy_dropped(plan, reason);
}

void MirrorDraft::note(const MirrorPlan& plan, std::string_view word) {
  if (!outcome_.empty()) outcome_.append(',');
  outcome_.append(plan.settings->cluster);
  outcome_.append('=');
  outcome_.append(word);
}

void MirrorDraft::reset() {
  content_.reset();
  content_bytes_ = 0;
  complete_ = false;
  outcome_.clear();
}

}  // namespace weir::proxy
