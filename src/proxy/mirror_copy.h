// One copy of a request on its way to a mirror: composed while the request is there, sent on
// connections of the mirror's own, its answer read and thrown away, ended by its own deadline. It
// knows nothing of the exchange it came from and outlives it; nothing it meets comes back to a
// client. Owned by the worker's MirrorRunner; on one worker's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include <weir/mirror.h>

#include "base/buffer.h"
#include "base/intrusive_list.h"
#include "http/head.h"
#include "net/retire_list.h"
#include "net/timer_wheel.h"
#include "observe/exchange_record.h"
#include "proxy/attempt.h"
#include "proxy/shared_content.h"
#include "proxy/snapshot.h"
#include "proxy/worker_context.h"

namespace weir::proxy {

// What a copy is made of; views are borrowed until compose() returns.
struct CopySource {
  const http::RequestHead& request;
  std::string_view path;                  // as forwarded
  std::span<const http::HeadEdit> edits;  // as forwarded
  const ListenerPlan& listener;
  IpAddress client;
  http::ForwardedIds ids;
  net::ProxyAddresses addresses;  // the client's
};

class MirrorCopy final : public net::Retirable, AttemptEvents {
 public:
  explicit MirrorCopy(WorkerContext& context);
  ~MirrorCopy() override;
  MirrorCopy(const MirrorCopy&) = delete;
  MirrorCopy& operator=(const MirrorCopy&) = delete;

  // Writes the head that will be sent. Then hold() its bytes, and those of the content as it comes.
  void compose(std::shared_ptr<WorkerSnapshot> snapshot, const MirrorPlan& plan,
               const CopySource& source);
  std::size_t head_bytes() const { return head_.size(); }
  // Counts bytes against the caps of the mirror and the process; a drop reason when one is reached.
  // What was counted is given back when the copy ends or is discarded.
  enum class Hold : std::uint8_t { held, mirror_full, process_full };
  Hold hold(std::uint64_t bytes);

  // Sends it, unless the mirror has too many under way or nowhere to go: then it has been dropped
  // and counted for that reason. Either way it belongs to itself from now on.
  std::optional<MirrorDrop> start(ContentRef content);
  // Counts the drop and gives everything back; for a copy that was not started.
  void drop(MirrorDrop reason);
  // The worker stops: ends at once.
  void stop();

  const MirrorPlan& plan() const { return *plan_; }

  // --- for the runner, when nothing of it is in use ---
  void shrink(std::size_t kept);
  void retire(std::unique_ptr<MirrorCopy> self) { context_.retired.retire(std::move(self)); }

 private:
  void on_attempt_ready() override;
  void on_attempt_response(const http::ParseStep& step) override;
  void on_attempt_failed(Error error) override;
  void on_attempt_drained() override {}

  void keep_words(const CopySource& source);
  void end(MirrorOutcome outcome);
  void learn(MirrorOutcome outcome);
  void write_record(MirrorOutcome outcome);
  void give_back();
  WorkerMirror& mirror() { return snapshot_->mirrors[plan_->index]; }

  // Where a text of the log line stands in words_.
  struct Span {
    std::uint32_t offset = 0, length = 0;
  };
  Span keep(std::string_view text);
  std::string_view word(Span span) const { return words_.view(span.offset, span.length); }

  WorkerContext& context_;
  std::shared_ptr<WorkerSnapshot> snapshot_;
  const MirrorPlan* plan_ = nullptr;
  Attempt attempt_;
  net::TimerEntry timer_;
  http::ResponseHead response_;
  Buffer head_;
  ContentRef content_;
  PickContext pick_;
  http::Method method_ = http::Method::get;
  std::uint64_t held_ = 0;
  std::uint64_t answer_bytes_ = 0;
  bool started_ = false;

  // For a line of the access log (`log: true`).
  Buffer words_;
  Span id_, trace_id_, method_name_, host_, path_;
  IpAddress client_;
  const ListenerPlan* listener_ = nullptr;
  observe::Times times_;

 public:
  Link link_;  // in the runner's list, while under way
};

}  // namespace weir::proxy
