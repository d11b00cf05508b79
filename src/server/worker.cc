// A worker's life: doors open, connections come and go, messages from the supervisor, the drain,
// the end.
#include "server/worker.h"

#include <algorithm>
#include <array>
#include <pthread.h>
#include <utility>

#include <weir/limits.h>

#include "base/bounded_count.h"
#include "base/random.h"
#include "observe/exchange_metrics.h"
#include "observe/log.h"
#include "proxy/arrival.h"
#include "proxy/own_answer.h"
#include "upstream/pool.h"

namespace weir::server {
namespace {

constexpr net::TimeMs kDrainLookMs = 20;
constexpr std::size_t kScratchBytes = 64 * 1024;

const observe::ExchangeSeries& series_of(const observe::ExchangeRecord& record,
                                         const proxy::ListenerPlan& listener,
                                         const proxy::RoutePlan* route) {
  if (route == nullptr) return listener.unrouted;
  if (record.split.served == observe::kNoVariant) return route->series[listener.index];
  return route->split->variants[record.split.served].series[listener.index];
}

const observe::GrpcSeries& grpc_series_of(const observe::ExchangeRecord& record,
                                          const proxy::RoutePlan& route) {
  const bool by_variant = record.split.served != observe::kNoVariant;
  return by_variant ? route.split->variants[record.split.served].grpc : route.grpc;
}

// Whether clients have to prove something else, or say in another way who they are: those who are
// in already have not.
bool demands_otherwise(const proxy::ListenerPlan& before, const proxy::ListenerPlan& now) {
  if (before.settings->proxy_protocol != now.settings->proxy_protocol) return true;
  if (before.tls == nullptr || now.tls == nullptr) return before.tls != now.tls;
  return before.tls->settings.client_auth != now.tls->settings.client_auth ||
         before.tls->settings.client_ca != now.tls->settings.client_ca;
}

}  // namespace

// Accepts connections of one listener for this worker, for as long as the listener's address stays.
class Worker::Door final : net::AcceptEvents {
 public:
  Door(Worker& worker, net::ListenSocket socket)
      : worker_(worker), socket_(std::move(socket)), acceptor_(worker.loop_, socket_.fd(), *this) {}

  void accept_now() { acceptor_.accept_now(); }
  net::ListenSocket& socket() { return socket_; }
  proxy::ListenerPort& port() { return *port_; }
  const config::Listener& settings() const { return *port_->plan->settings; }
  void serve(std::shared_ptr<proxy::WorkerSnapshot> snapshot, const proxy::ListenerPlan& plan) {
    port_->snapshot = std::move(snapshot);
    port_->plan = &plan;
  }
  const proxy::ListenerPlan& plan() const { return *port_->plan; }
  // Those who came by the port until now end after what they are doing; the next come by another.
  void change_port() {
    const auto before = std::exchange(port_, std::make_shared<proxy::ListenerPort>());
    worker_.part_with(*before);
  }

 private:
  void on_accept(net::StreamPtr stream, const net::Peer& peer) override {
    const std::uint32_t limit = settings().limits.connections;
    std::atomic<std::uint32_t>& open = *port_->plan->open_connections;
    if (!add_within(open, 1U, limit == 0 ? ~0U : limit)) {
      worker_.cells_.add(worker_.instruments_.refused_by_listener);
      return;
    }
    auto place = port_->plan->place_for(peer.ip, peer.is_unix);
    if (!place) {
      open.fetch_sub(1, std::memory_order_relaxed);
      worker_.cells_.add(worker_.instruments_.refused_by_address);
      return;
    }
    worker_.cells_.add(worker_.instruments_.accepted_connections);
    const proxy::Client client{.peer = peer.ip, .port = peer.port, .is_unix = peer.is_unix};
    worker_.connections_.push_back(
        proxy::welcome(worker_.context_, port_, std::move(stream), client, *std::move(place)));
  }

  void on_accept_starved(Error error) override {
    worker_.cells_.add(worker_.instruments_.accept_starvations);
    static observe::LogLimiter limiter;
    observe::log_limited(limiter, config::LogLevel::error,
                         "listener {}: {} (errno {}): accepting pauses", settings().name,
                         words_of(error.code), error.sys);
    if (error.code == Errc::out_of_descriptors) worker_.make_room();
  }

  bool wants_connections() override {
    const proxy::Snapshot& snapshot = *port_->snapshot->shared;
    if (snapshot.buffer_pressure() < limits::kBuffersSpent) return true;
    worker_.cells_.add(worker_.instruments_.memory_pauses);
    static observe::LogLimiter limiter;
    observe::log_limited(limiter, config::LogLevel::error,
                         "listener {}: buffers hold {} of {} bytes: accepting pauses",
                         settings().name, snapshot.buffer_bytes->held(),
                         snapshot.config.buffer_bytes);
    return false;
  }

  std::string_view on_accept_shed() override {
    worker_.cells_.add(worker_.instruments_.refused_for_descriptors);
    return worker_.shed_answer_.view();
  }

  Worker& worker_;
  net::ListenSocket socket_;
  std::shared_ptr<proxy::ListenerPort> port_ = std::make_shared<proxy::ListenerPort>();
  net::Acceptor acceptor_;
};

Worker::Worker(int index, int workers, Instruments& instruments,
               std::shared_ptr<net::TlsLibrary> library)
    : index_(index),
      workers_(workers),
      instruments_(instruments),
      cells_(instruments.registry.cells(index)),
      log_(instruments.access_log.worker(index)),
      tls_(clock_, &loop_, std::move(library)),
      connector_(loop_),
      mirrors_(loop_.chunks()),
      context_{.clock = clock_,
               .wheel = loop_.wheel(),
               .retired = loop_.retired(),
               .flushes = loop_.flushes(),
               .chunks = loop_.chunks(),
               .recorder = *this,
               .exchanges = exchanges_,
               .mirrors = mirrors_,
               .random = Random(random_seed()),
               .out = Buffer(kScratchBytes),
               .snapshot = nullptr,
               .tls = &tls_,
               .index = static_cast<std::size_t>(index),
               .draining = false},
      drain_timer_([](void* owner) { static_cast<Worker*>(owner)->look_whether_empty(); }, this) {
  const proxy::ErrorAnswer error(Errc::out_of_descriptors);
  http::OwnAnswer answer = error.answer();
  answer.keep_alive = false;
  http::write_own_answer(shed_answer_, answer);
  loop_.set_wake([](void* owner) { static_cast<Worker*>(owner)->on_wake(); }, this);
}

Worker::~Worker() {
  join();
}

void Worker::start(std::shared_ptr<const proxy::Snapshot> snapshot, WorkerSockets sockets) {
  loop_.chunks().count_in(snapshot->buffer_bytes);
  adopt(std::move(snapshot), std::move(sockets));
  thread_ = std::thread([this] { run(); });
}

void Worker::run() {
  pthread_setname_np(pthread_self(), ("weir-" + std::to_string(index_)).c_str());
  loop_.run();
  close_everything();
  finished_.store(true, std::memory_order_release);
}

void Worker::take_up(std::shared_ptr<const proxy::Snapshot> snapshot, WorkerSockets sockets,
                     std::shared_ptr<Countdown> countdown) {
  // Messages are copied, sockets are not.
  auto carried = std::make_shared<WorkerSockets>(std::move(sockets));
  post([this, snapshot = std::move(snapshot), carried, countdown = std::move(countdown)] {
    if (!context_.draining) adopt(snapshot, std::move(*carried));
    countdown->done();
  });
}

void Worker::take_up(std::vector<proxy::ClusterUpdate> updates,
                     std::shared_ptr<Countdown> countdown) {
  post([this, updates = std::move(updates), countdown = std::move(countdown)] {
    proxy::take_up(updates, *context_.snapshot);
    countdown->done();
  });
}

void Worker::adopt(std::shared_ptr<const proxy::Snapshot> snapshot, WorkerSockets sockets) {
  const upstream::PoolEnvironment environment{.connector = connector_,
                                              .wheel = loop_.wheel(),
                                              .retired = loop_.retired(),
                                              .out = context_.out,
                                              .chunks = context_.chunks,
                                              .flushes = context_.flushes,
                                              .workers = static_cast<std::uint32_t>(workers_),
                                              .tls = &tls_};
  auto mine = proxy::make_worker_snapshot(std::move(snapshot), context_.snapshot.get(), environment,
                                          context_.random.next());
  // The last exchange of an old snapshot may end inside one of its pools: it is destroyed when the
  // turn is over.
  context_.snapshot = std::shared_ptr<proxy::WorkerSnapshot>(
      mine.release(), [&retired = loop_.retired()](proxy::WorkerSnapshot* old) {
        retired.retire(std::unique_ptr<net::Retirable>(old));
      });
  arrange_doors(std::move(sockets));
}

// Doors whose listener is still there, at the same address, stay open; new ones open, others close.
void Worker::arrange_doors(WorkerSockets sockets) {
  std::vector<std::unique_ptr<Door>> before = std::exchange(doors_, {});
  for (const proxy::ListenerPlan& plan : context_.snapshot->shared->listeners) {
    const std::size_t first = doors_.size();
    for (auto& door : before) {
      if (door == nullptr || !same_socket(door->settings(), *plan.settings)) continue;
      if (demands_otherwise(door->plan(), plan)) door->change_port();
      doors_.push_back(std::move(door));
    }
    const auto [begin, end] = sockets.equal_range(plan.index);
    for (auto it = begin; it != end; ++it) {
      doors_.push_back(std::make_unique<Door>(*this, std::move(it->second)));
    }
    for (std::size_t i = first; i < doors_.size(); ++i) doors_[i]->serve(context_.snapshot, plan);
  }
  for (const auto& door : before) {
    if (door != nullptr) close_door(*door);
  }
}

// What waits in the kernel's queue is still accepted: closing the socket would reset it.
void Worker::close_door(Door& door) {
  door.accept_now();
  part_with(door.port());
}

void Worker::part_with(proxy::ListenerPort& port) {
  port.leaving = true;
  connections_.for_each([&](proxy::DownstreamConnection& connection) {
    if (connection.came_by(port)) connection.drain();
  });
}

void Worker::post(Mailbox::Message message) {
  mailbox_.put(std::move(message));
  loop_.post();
}

void Worker::on_wake() {
  for (const Mailbox::Message& message : mailbox_.take()) message();
}

void Worker::hand_out_sockets(std::shared_ptr<std::vector<HandedSocket>> sockets,
                              std::shared_ptr<Countdown> countdown) {
  post([this, sockets = std::move(sockets), countdown = std::move(countdown)] {
    for (const auto& door : doors_) {
      auto handed = hand_out(door->socket(), door->settings(), index_);
      if (handed) sockets->push_back(std::move(*handed));
    }
    countdown->done();
  });
}

void Worker::drain(bool handed_over) {
  post([this, handed_over] {
    if (context_.draining) return;
    for (const auto& door : doors_) {
      door->accept_now();  // closing would reset what waits there
      if (handed_over) door->socket().leave_file();
    }
    context_.draining = true;
    if (handed_over) context_.idle_grace = limits::kHandOverGrace;
    doors_.clear();
    connections_.for_each([](proxy::DownstreamConnection& connection) { connection.drain(); });
    look_whether_empty();
  });
}

void Worker::stop_now() {
  post([this] { loop_.stop(); });
}

bool Worker::empty() const {
  return connections_.empty() && mirrors_.idle();  // copies end by their own deadline
}

void Worker::look_whether_empty() {
  if (empty()) {
    loop_.stop();
  } else {
    loop_.wheel().arm_in(drain_timer_, kDrainLookMs);
  }
}

void Worker::close_everything() {
  doors_.clear();
  while (!connections_.empty()) connections_.front().close_now();  // each close may close others
  mirrors_.stop_all();
  context_.snapshot.reset();
  loop_.retired().sweep();
}

// Who has been idle longest goes first. Who was answered a moment ago is spared: the next request
// may be on its way.
void Worker::make_room() {
  struct Idle {
    net::TimeMs since;
    proxy::DownstreamConnection* connection;
  };
  const auto longer = [](const Idle& a, const Idle& b) { return a.since < b.since; };
  const auto spared = static_cast<net::TimeMs>(limits::kIdleSpared.count());
  const net::TimeMs now = loop_.wheel().now();
  std::array<Idle, limits::kIdleClosed> oldest;
  std::size_t count = 0;
  connections_.for_each([&](proxy::DownstreamConnection& connection) {
    const auto since = connection.idle_since();
    if (!since || now - *since < spared) return;
    if (count == oldest.size()) {
      if (*since >= oldest.front().since) return;
      std::pop_heap(oldest.begin(), oldest.end(), longer);
      --count;
    }
    oldest[count++] = {*since, &connection};
    std::push_heap(oldest.begin(), oldest.begin() + count, longer);
  });
  for (std::size_t i = 0; i < count; ++i) oldest[i].connection->close_now();
  cells_.add(instruments_.closed_idle, count);
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::on_exchange_end(const observe::ExchangeRecord& record,
                             const proxy::ListenerPlan& listener, const proxy::RoutePlan* route) {
  observe::count(cells_, series_of(record, listener, route), record);
  if (route != nullptr && record.split.assigned != observe::kNoVariant) {
    const proxy::SplitPlan& split = *route->split;
    observe::count(cells_, split.variants[record.split.assigned].counts, split.overrides,
                   record.split);
  }
  if (route != nullptr && route->rate_limit) {
    observe::count(cells_, route->rate_limit->series, record);
  }
  if (route != nullptr) observe::count(cells_, grpc_series_of(record, *route), record);
  if (record.tunnel) observe::count_end(cells_, route->tunnels, record);
  log_.write(record);
}

void Worker::on_tunnel_begin(const proxy::RoutePlan& route) {
  observe::count_begin(cells_, route.tunnels);
}

void Worker::on_copy_end(const proxy::MirrorPlan& mirror, MirrorOutcome outcome,
                         std::uint64_t duration_ns) {
  cells_.add(mirror.series.of(outcome));
  cells_.observe(mirror.series.duration, duration_ns);
  if (is_answer(outcome)) return;
  static observe::LogLimiter limiter;
  observe::log_limited(limiter, config::LogLevel::warn, "mirror of route {} to {}: {}",
                       mirror.route->name, mirror.settings->cluster, name_of(outcome));
}

void Worker::on_copy_dropped(const proxy::MirrorPlan& mirror, MirrorDrop reason) {
  cells_.add(mirror.series.of(reason));
}

void Worker::on_arrival_failed(const proxy::ListenerPlan& listener, const proxy::Client& client,
                               proxy::ArrivalFailure failure) {
  if (failure == proxy::ArrivalFailure::address_limit) {
    cells_.add(instruments_.refused_by_address);
    return;
  }
  cells_.add(instruments_.refused_by_header);
  static observe::LogLimiter limiter;
  observe::log_limited(limiter, config::LogLevel::warn,
                       "listener {}: {} sent no valid PROXY header: closed",
                       listener.settings->name, to_string(client.peer));
}

void Worker::on_handshake(const proxy::TlsPlan& listener, const net::TlsFacts& facts) {
  const std::size_t version = facts.version == TlsVersion::v1_3 ? 1 : 0;
  cells_.add(listener.handshakes[version][facts.resumed ? 1 : 0]);
}

void Worker::on_handshake_failed(const proxy::TlsPlan& listener, const proxy::Client& client,
                                 const net::TlsFailure& failure) {
  cells_.add(listener.failures[static_cast<std::size_t>(failure.kind)]);
  static observe::LogLimiter limiter;
  observe::log_limited(limiter, config::LogLevel::info,
                       "listener {}: no TLS handshake with {}: {} ({})", listener.settings.identity,
                       to_string(client.peer), name_of(failure.kind), failure.words);
}

void Worker::on_copy_line(const observe::ExchangeRecord& record) {
  log_.write(record);
}

// Malformed requests are in the access log.
void Worker::on_h2_abuse(H2Abuse abuse, const proxy::ListenerPlan& listener,
                         const IpAddress& client) {
  cells_.add(instruments_.h2_abuses[static_cast<std::size_t>(abuse)]);
  if (abuse == H2Abuse::malformed) return;
  static observe::LogLimiter limiter;
  observe::log_limited(limiter, config::LogLevel::warn,
                       "listener {}: HTTP/2 with client {} ended: {}", listener.settings->name,
                       to_string(client), name_of(abuse));
}

}  // namespace weir::server
