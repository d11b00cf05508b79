// What connections and exchanges need of the worker they live on. Owned by server/worker; tests
// build their own with memory streams, a manual clock and a seed. On one worker's thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include <weir/http2.h>
#include <weir/limits.h>
#include <weir/mirror.h>

#include "base/buffer.h"
#include "base/chunk.h"
#include "base/clock.h"
#include "base/random.h"
#include "net/deferred.h"
#include "net/retire_list.h"
#include "net/timer_wheel.h"
#include "net/tls_facts.h"
#include "observe/exchange_record.h"
#include "proxy/client.h"
#include "proxy/date_cache.h"

namespace weir::net {
class TlsEngine;
}

namespace weir::proxy {

struct RoutePlan;
struct ListenerPlan;
struct TlsPlan;
struct MirrorPlan;
struct WorkerSnapshot;
class ExchangePool;
class H2Workshop;
class MirrorRunner;

// Why an accepted connection never came to speak HTTP.
enum class ArrivalFailure : std::uint8_t {
  proxy_header,   // none that is valid, or not in time
  address_limit,  // the client it names has connections_per_address already
};

// Takes the record of every exchange that ends: the worker's log ring and metric cells behind it.
class Recorder {
 public:
  // `route` is null when no route was reached. Views in `record` are valid during the call.
  virtual void on_exchange_end(const observe::ExchangeRecord& record, const ListenerPlan& listener,
                               const RoutePlan* route) = 0;
  // An exchange of the route has become a tunnel, until on_exchange_end().
  virtual void on_tunnel_begin(const RoutePlan& route) = 0;
  // A mirror's copy ended, `duration_ns` after it was sent; or was sampled and not sent.
  virtual void on_copy_end(const MirrorPlan& mirror, MirrorOutcome outcome,
                           std::uint64_t duration_ns) = 0;
  virtual void on_copy_dropped(const MirrorPlan& mirror, MirrorDrop reason) = 0;
  // The access log line of a copy whose mirror wants one.
  virtual void on_copy_line(const observe::ExchangeRecord& record) = 0;
  // A connection was closed before its first request.
  virtual void on_arrival_failed(const ListenerPlan& listener, const Client& client,
                                 ArrivalFailure failure) = 0;
  // A client and a listener with TLS have shaken hands, or have not.
  virtual void on_handshake(const TlsPlan& listener, const net::TlsFacts& facts) = 0;
  virtual void on_handshake_failed(const TlsPlan& listener, const Client& client,
                                   const net::TlsFailure& failure) = 0;
  // A client's HTTP/2 connection or stream was ended for that.
  virtual void on_h2_abuse(H2Abuse abuse, const ListenerPlan& listener,
                           const IpAddress& client) = 0;

 protected:
  ~Recorder() = default;
};

struct WorkerContext {
  const Clock& clock;
  net::TimerWheel& wheel;
  net::RetireList& retired;
  net::DeferredList& flushes;
  ChunkPool& chunks;
  Recorder& recorder;
  ExchangePool& exchanges;
  MirrorRunner& mirrors;
  Random random;
  Buffer out;  // scratch for composing one write; empty between writes
  std::shared_ptr<WorkerSnapshot> snapshot;  // the newest
  DateCache date = {};
  net::TlsEngine* tls = nullptr;             // for listeners with TLS
  std::size_t index = 0;                     // of the worker, among those of the process
  std::shared_ptr<H2Workshop> h2 = nullptr;  // from the first HTTP/2 connection on
  bool draining = false;                     // stopping: answer with Connection: close
  // How long clients that were promised to be kept may still send a request then.
  limits::Millis idle_grace = limits::kStopGrace;
};

}  // namespace weir::proxy
