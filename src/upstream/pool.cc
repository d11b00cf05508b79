// Connections by endpoint, most recently used first, and the queue of requests when a cluster is at
// its limits.
#include "upstream/pool.h"

#include <algorithm>
#include <cassert>
#include <unordered_map>
#include <utility>

namespace weir::upstream {
namespace {

// How often a worker whose requests wait looks whether another worker has freed a slot.
constexpr net::TimeMs kQueuePollMs = 20;
constexpr int kCalledAtOnce = 64;
// How often a worker with idle connections looks whether another worker's requests wait for a slot.
constexpr net::TimeMs kYieldLookMs = 250;

std::uint32_t share_of_worker(std::uint32_t limit, std::uint32_t workers) {
  return (limit + workers - 1) / workers;
}

}  // namespace

void LeaseRequest::cancel() {
  if (connecting_ != nullptr) {
    Connection* connection = std::exchange(connecting_, nullptr);
    connection->requester_ = nullptr;
    connection->pool_.close(*connection);
  }
  if (joined_ != nullptr) joined_->stop_waiting(*this);
  called_ = false;
  if (queued_in_ != nullptr) {
    link_.unlink();
    std::exchange(queued_in_, nullptr)->cluster_->remove_waiting();
  }
}

EndpointPool::EndpointPool(ClusterPool& cluster, std::shared_ptr<Endpoint> endpoint)
    : cluster_(cluster), endpoint_(std::move(endpoint)), h2_(*this) {}

EndpointPool::~EndpointPool() {
  h2_.end_all();
  idle_.for_each([this](Connection& connection) { close(connection); });
  busy_.for_each([this](Connection& connection) { close(connection); });
}

void EndpointPool::begin_attempt() {
  ++attempts_;
  endpoint_->begin_request();
}

void EndpointPool::end_attempt() {
  --attempts_;
  endpoint_->end_request();
}

void EndpointPool::forget_manner() {
  session_.forget();
  h2_.retire_all();
  while (close_oldest_idle()) {
  }
}

void EndpointPool::leave() {
  leaving_ = true;
  h2_.retire_all();
  while (close_oldest_idle()) {
  }
}

const PoolEnvironment& EndpointPool::environment() const {
  return cluster_.environment_;
}

Connection* EndpointPool::find_idle(const LeaseRequest& request) {
  if (idle_.empty()) return nullptr;
  if (!cluster_.names_clients()) return &idle_.front();
  Connection* found = nullptr;
  idle_.for_each([&](Connection& connection) {
    if (found == nullptr && connection.client_ == request.client) found = &connection;
  });
  return found;
}

Lease EndpointPool::take_idle(const LeaseRequest& request) {
  if (cluster_.manner_.http2()) return h2_.take();
  Connection* idle = find_idle(request);
  if (idle == nullptr) return {};
  Connection& connection = *idle;
  connection.link_.unlink();
  --idle_count_;
  busy_.push_front(connection);
  connection.idle_timer_.cancel();
  connection.state_ = Connection::State::leased;
  ++connection.uses_;
  return Lease(connection);
}

void EndpointPool::connect(LeaseRequest& request) {
  if (cluster_.manner_.http2()) return h2_.connect(request);
  auto* connection =
      new Connection(*this);  // owned by the lists; close() hands it to the retire list
  busy_.push_front(*connection);
  connection->requester_ = &request;
  request.connecting_ = connection;
  connection->client_ = request.client;
  connection->manner_ = cluster_.manners_;
  connection->ticket_ = dial(request.client, *connection);
}

std::unique_ptr<net::ConnectTicket> EndpointPool::dial(const net::ProxyAddresses& client,
                                                       net::ConnectEvents& events) {
  const PoolEnvironment& its = environment();
  const auto timeout = cluster_.settings().connections.connect_timeout;
  if (cluster_.manner_.plain()) {
    return its.connector.connect(endpoint_->address(), timeout, events);
  }
  net::ConnectSetup setup = cluster_.manner_.setup_for(*endpoint_, client);
  setup.session = &session_;
  return net::connect(its.connector, endpoint_->address(), timeout, std::move(setup),
                      {&its.wheel, its.tls}, events);
}

// There is room for all, but those beyond the limit idle for a moment only (idle_timeout_ms). Where
// each client has its own connections, those of clients that are gone make room instead.
bool EndpointPool::has_idle_room() {
  const std::size_t most = cluster_.idle_max_per_endpoint_;
  if (most == 0) return false;
  if (cluster_.names_clients() && idle_count_ >= most) close_oldest_idle();
  return idle_count_ < most || !cluster_.names_clients();
}

void EndpointPool::give_back(Connection& connection) {
  connection.events_ = nullptr;
  connection.response_ = nullptr;
  const bool keep = connection.clean() && connection.manner_ == cluster_.manners_ &&
                    endpoint_->state() == EndpointState::active && !leaving_ && has_idle_room();
  if (!keep) {
    close(connection);
    return;
  }
  connection.link_.unlink();
  connection.state_ = Connection::State::idle;
  idle_.push_front(connection);
  ++idle_count_;
  connection.stream_->resume_reading();
  environment().wheel.arm_in(connection.idle_timer_, idle_timeout_ms(connection));
  cluster_.watch_others();
  cluster_.slot_freed();
}

net::TimeMs EndpointPool::idle_timeout_ms(const Connection& connection) const {
  const bool beyond = idle_count_ > cluster_.idle_max_per_endpoint_;
  const config::Millis most = cluster_.settings().connections.idle_timeout;
  const auto ours =
      static_cast<net::TimeMs>((beyond ? std::min(most, limits::kRushIdleTimeout) : most).count());
  // Below the origin's own timeout, so that we close first and no request meets a closing
  // connection.
  const net::TimeMs theirs = connection.origin_idle_timeout_ms_;
  if (theirs == 0) return ours;
  return std::min(ours, theirs > 2000 ? theirs - 1000 : theirs / 2);
}

void EndpointPool::close(Connection& connection) {
  if (connection.state_ == Connection::State::closed) return;
  discard(connection);
  cluster_.slot_freed();
}

void EndpointPool::discard(Connection& connection) {
  if (connection.state_ == Connection::State::idle) --idle_count_;
  connection.state_ = Connection::State::closed;
  connection.events_ = nullptr;
  connection.idle_timer_.cancel();
  connection.ticket_.reset();
  connection.stream_.reset();
  connection.link_.unlink();
  environment().retired.retire(std::unique_ptr<net::Retirable>(&connection));
  cluster_.remove_connection();
}

bool EndpointPool::close_oldest_idle() {
  if (idle_.empty()) return h2_.close_oldest_idle();
  discard(idle_.back());
  return true;
}

ClusterPool::ClusterPool(std::shared_ptr<Cluster> cluster,
                         std::shared_ptr<const ClusterSetup> setup,
                         std::unique_ptr<Balancer> balancer, const PoolEnvironment& environment)
    : cluster_(std::move(cluster)),
      environment_(environment),
      queue_timer_([](void* owner) { static_cast<ClusterPool*>(owner)->queue_timer_fired(); },
                   this),
      yield_timer_([](void* owner) { static_cast<ClusterPool*>(owner)->yield_timer_fired(); },
                   this) {
  update(std::move(setup), std::move(balancer));
}

void ClusterPool::update(std::shared_ptr<const ClusterSetup> setup,
                         std::unique_ptr<Balancer> balancer) {
  std::unordered_map<const Endpoint*, std::unique_ptr<EndpointPool>> known;
  for (auto& pool : pools_) known.emplace(&pool->endpoint(), std::move(pool));
  pools_.clear();
  endpoint_pointers_.clear();
  for (const auto& endpoint : setup->endpoints) {
    auto mine = std::move(known[endpoint.get()]);
    if (mine == nullptr) mine = std::make_unique<EndpointPool>(*this, endpoint);
    endpoint_pointers_.push_back(endpoint.get());
    pools_.push_back(std::move(mine));
  }
  take_up_manner(Manner::of(*setup));
  setup_ = std::move(setup);
  idle_max_per_endpoint_ = share_of_worker(settings().connections.idle, environment_.workers);
  ++generation_;
  if (balancer) balancer_ = std::move(balancer);
  balancer_->update(endpoint_pointers_);
  for (auto& [endpoint, pool] : known) {
    if (pool == nullptr) continue;
    pool->leave();
    leaving_.push_back(std::move(pool));
  }
  drop_unused();
}

void ClusterPool::take_up_manner(Manner manner) {
  if (manner == manner_) return;
  manner_ = std::move(manner);
  ++manners_;
  if (manner_.http2() && h2_toolbox_ == nullptr) {
    h2_toolbox_ = std::make_unique<H2Toolbox>(environment_.chunks);
  }
  for (const auto& pool : pools_) pool->forget_manner();
}

void ClusterPool::close_idle_of_stopped() {
  for (const auto& pool : pools_) {
    if (pool->endpoint().state() == EndpointState::active) continue;
    while (pool->close_oldest_idle()) {
    }
  }
}

// Called when nothing of a leaving pool is on the stack.
void ClusterPool::drop_unused() {
  std::erase_if(leaving_, [](const auto& pool) { return !pool->in_use(); });
}

ClusterPool::~ClusterPool() {
  assert(queue_.empty());
  leaving_.clear();
  pools_.clear();
}

std::size_t ClusterPool::pick(const PickContext& context) {
  const std::size_t picked = balancer_->pick(endpoint_pointers_, context);
  if (picked != kNoEndpoint) return picked;
  if (force_all()) return balancer_->pick(endpoint_pointers_, context);
  return context.tried == 0 ? kNoEndpoint : last_resort(context.tried);
}

// Every primary was tried in vain: for this request they are down, and a backup serves; or, better
// than an error, one that was ejected and may be back.
std::size_t ClusterPool::last_resort(std::uint64_t tried) const {
  std::size_t ejected = kNoEndpoint;
  for (std::size_t i = 0; i < endpoint_pointers_.size() && i < 64; ++i) {
    const Endpoint& endpoint = *endpoint_pointers_[i];
    if ((tried >> i & 1) != 0) continue;
    if (endpoint.backup() && endpoint.takes_requests()) return i;
    if (endpoint.ejected() && endpoint.healthy() && endpoint.in_service()) ejected = i;
  }
  return ejected;
}

// With use_all, when health alone leaves nobody. Taken back by the supervisor when somebody is
// well.
bool ClusterPool::force_all() {
  if (settings().when_all_unhealthy != config::WhenAllUnhealthy::use_all) return false;
  const auto takes = [](const Endpoint* endpoint) { return endpoint->takes_requests(); };
  if (std::ranges::any_of(endpoint_pointers_, takes)) return false;
  bool any = false;
  for (const auto& endpoint : setup_->endpoints) {
    if (!endpoint->in_service()) continue;
    endpoint->set_forced(true);
    any = true;
  }
  return any;
}

Error ClusterPool::request(EndpointPool& to, LeaseRequest& request) {
  const config::Connections& limits = settings().connections;
  if (to.join(request)) {
    request.called_ = false;
    return {};
  }
  if (cluster_->add_connection(limits.max) ||
      (make_room() && cluster_->add_connection(limits.max))) {
    request.called_ = false;
    to.connect(request);
    return {};
  }
  if (!cluster_->add_waiting(limits.max_pending)) return {Errc::overloaded};
  request.queued_in_ = this;
  // One that was called and found its slot taken keeps its place.
  if (std::exchange(request.called_, false)) {
    queue_.push_front(request);
  } else {
    queue_.push_back(request);
  }
  if (!queue_timer_.armed()) environment_.wheel.arm_in(queue_timer_, kQueuePollMs);
  return {};
}

bool ClusterPool::make_room() {
  return std::ranges::any_of(pools_, [](const auto& pool) { return pool->close_oldest_idle(); });
}

bool ClusterPool::slot_freed() {
  if (queue_.empty()) return false;
  LeaseRequest& next = queue_.pop_front();
  next.queued_in_ = nullptr;
  next.called_ = true;
  cluster_->remove_waiting();
  next.events_.on_slot_free();  // may end it
  return queue_.empty() || &queue_.front() != &next;
}

void ClusterPool::queue_timer_fired() {
  const std::uint32_t max = settings().connections.max;
  const auto has_room = [&] { return max == 0 || cluster_->connections() < max; };
  for (int n = 0; n < kCalledAtOnce && !queue_.empty() && has_room(); ++n) slot_freed();
  if (!queue_.empty()) environment_.wheel.arm_in(queue_timer_, kQueuePollMs);
}

void ClusterPool::watch_others() {
  const bool shared = environment_.workers > 1 && settings().connections.max != 0;
  if (shared && !yield_timer_.armed()) environment_.wheel.arm_in(yield_timer_, kYieldLookMs);
}

// Gives idle connections up for requests that wait on other workers: the limit is one for all.
void ClusterPool::yield_timer_fired() {
  if (queue_.empty()) {
    for (std::uint32_t n = cluster_->waiting(); n > 0 && make_room(); --n) {
    }
  }
  const auto idles = [](const auto& pool) { return pool->idle_count() > 0; };
  if (std::ranges::any_of(pools_, idles)) watch_others();
}

}  // namespace weir::upstream
