// One worker: a thread, a loop, and everything that lives on it: listeners' accepting ends, client
// connections, pools. Nothing of it is shared but what ARCHITECTURE.md's state table lists. The
// supervisor talks to it through its mailbox and never touches what is inside.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "base/buffer.h"
#include "base/clock.h"
#include "net/connector.h"
#include "net/loop.h"
#include "net/tls_engine.h"
#include "observe/access_log.h"
#include "observe/metrics.h"
#include "proxy/downstream_connection.h"
#include "proxy/exchange_pool.h"
#include "proxy/mirror_runner.h"
#include "proxy/snapshot.h"
#include "proxy/worker_context.h"
#include "server/countdown.h"
#include "server/instruments.h"
#include "server/listen_sockets.h"
#include "server/mailbox.h"

namespace weir::server {

class Worker final : proxy::Recorder {
 public:
  // `library`: its own, with which the snapshots' TLS contexts for this worker are made.
  Worker(int index, int workers, Instruments& instruments,
         std::shared_ptr<net::TlsLibrary> library);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Starts the thread with a first snapshot. Once.
  void start(std::shared_ptr<const proxy::Snapshot> snapshot, WorkerSockets sockets);

  // --- from the supervisor's thread ---

  // Goes on with another snapshot; `countdown` is told when it does, or will not because it is
  // stopping.
  void take_up(std::shared_ptr<const proxy::Snapshot> snapshot, WorkerSockets sockets,
               std::shared_ptr<Countdown> countdown);
  // Goes on with other endpoints of some clusters, or (no updates) with what became of them.
  void take_up(std::vector<proxy::ClusterUpdate> updates, std::shared_ptr<Countdown> countdown);
  // Duplicates of its listening sockets, for another process: added to `sockets`, which nobody else
  // touches until `countdown` is told. None when it is stopping.
  void hand_out_sockets(std::shared_ptr<std::vector<HandedSocket>> sockets,
                        std::shared_ptr<Countdown> countdown);
  // Stops accepting and finishes what runs: answers say Connection: close, connections that stay
  // idle close. The thread ends when the last connection has. `handed_over`: another process goes
  // on with the sockets, and their files are its own.
  void drain(bool handed_over);
  // Ends everything at once.
  void stop_now();
  // True when the thread has ended or is about to.
  bool finished() const { return finished_.load(std::memory_order_acquire); }
  void join();

 private:
  class Door;  // accepts for one listener

  void run();
  void adopt(std::shared_ptr<const proxy::Snapshot> snapshot, WorkerSockets sockets);
  void arrange_doors(WorkerSockets sockets);
  void close_door(Door& door);
  // Connections that came by it end after what they are doing.
  void part_with(proxy::ListenerPort& port);
  void on_wake();
  bool empty() const;
  void look_whether_empty();
  void close_everything();
  void make_room();
  void post(Mailbox::Message message);
  void on_exchange_end(const observe::ExchangeRecord& record, const proxy::ListenerPlan& listener,
                       const proxy::RoutePlan* route) override;
  void on_tunnel_begin(const proxy::RoutePlan& route) override;
  void on_copy_end(const proxy::MirrorPlan& mirror, MirrorOutcome outcome,
                   std::uint64_t duration_ns) override;
  void on_copy_dropped(const proxy::MirrorPlan& mirror, MirrorDrop reason) override;
  void on_copy_line(const observe::ExchangeRecord& record) override;
  void on_arrival_failed(const proxy::ListenerPlan& listener, const proxy::Client& client,
                         proxy::ArrivalFailure failure) override;
  void on_handshake(const proxy::TlsPlan& listener, const net::TlsFacts& facts) override;
  void on_handshake_failed(const proxy::TlsPlan& listener, const proxy::Client& client,
                           const net::TlsFailure& failure) override;
  void on_h2_abuse(H2Abuse abuse, const proxy::ListenerPlan& listener,
                   const IpAddress& client) override;

  const int index_;
  const int workers_;
  Instruments& instruments_;
  observe::Cells& cells_;
  observe::WorkerLog& log_;
  SystemClock clock_;
  net::Loop loop_;
  net::TlsEngine tls_;
  net::TcpConnector connector_;
  proxy::ExchangePool exchanges_;
  proxy::MirrorRunner mirrors_;
  proxy::WorkerContext context_;
  Buffer shed_answer_;  // to who waits in vain for a descriptor
  proxy::DownstreamList connections_;
  std::vector<std::unique_ptr<Door>> doors_;  // one or more of each listener
  net::TimerEntry drain_timer_;
  Mailbox mailbox_;
  std::atomic<bool> finished_{false};
  std::thread thread_;
};

}  // namespace weir::server
