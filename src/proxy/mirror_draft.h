// The copies of a request that is still arriving: which mirrors get one, their heads, the content
// so far. Embedded in the exchange; costs nothing on a route without mirrors. The exchange tells
// what happens to the request and never waits for an answer.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include <weir/limits.h>
#include <weir/mirror.h>

#include "base/buffer.h"
#include "proxy/mirror_copy.h"
#include "proxy/shared_content.h"
#include "proxy/snapshot.h"
#include "proxy/worker_context.h"
#include "traffic/request_view.h"
#include "traffic/share.h"

namespace weir::proxy {

class MirrorDraft {
 public:
  explicit MirrorDraft(WorkerContext& context) : context_(context) {}
  MirrorDraft(const MirrorDraft&) = delete;
  MirrorDraft& operator=(const MirrorDraft&) = delete;

  // Samples the route's mirrors, and composes the copies. `key_point` is null without a key.
  void begin(const std::shared_ptr<WorkerSnapshot>& snapshot, const RoutePlan& route,
             const traffic::RequestView& view, const traffic::Point* key_point,
             const CopySource& source);
  bool waiting() const { return count_ > 0; }

  // Content, as it arrives.
  void take(const http::RequestHead& request, std::span<const std::string_view> content);
  // The request has arrived whole: copies are sent, but for those that follow a success.
  void request_complete(const http::RequestHead& request);
  // The exchange is over: what still waits is sent or dropped, and the draft is empty again.
  void exchange_over(bool succeeded);

  // "shop-next=sent,other=body": what became of each sampled copy so far. Until reset().
  std::string_view outcome() const { return outcome_.view(); }
  void reset();

 private:
  void compose(const std::shared_ptr<WorkerSnapshot>& snapshot, const MirrorPlan& plan,
               const CopySource& source);
  void refuse(const MirrorPlan& plan, MirrorDrop reason);
  void hold(std::uint64_t bytes);
  void send_where(config::MirrorWhen when);
  // Takes the copy at that place out of the draft.
  MirrorCopy& take_out(std::size_t index);
  void drop(std::size_t index, MirrorDrop reason);
  void note(const MirrorPlan& plan, std::string_view word);

  WorkerContext& context_;
  std::array<MirrorCopy*, limits::kMirrors> copies_{};
  std::size_t count_ = 0;
  ContentRef content_;
  std::uint64_t content_bytes_ = 0;  // without framing
  bool complete_ = false;
  Buffer outcome_;
};

}  // namespace weir::proxy
