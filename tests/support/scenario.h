// A worker in miniature, without threads, sockets or time of its own: clients and origins are
// parties of a script, time is moved by hand, and every exchange leaves its record. For tests of
// proxy/; the configuration is changed through `file` before the first client connects.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <weir/config.h>

#include "base/clock.h"
#include "proxy/arrival.h"
#include "proxy/exchange_pool.h"
#include "proxy/mirror_runner.h"
#include "support/http_text.h"
#include "support/memory_connector.h"
#include "support/party.h"
#include "support/seen_record.h"

namespace weir::test {

class Scenario : proxy::Recorder {
 public:
  Scenario() : file(plain_file()) { chunks_.count_in(buffer_bytes_); }
  ~Scenario() { end(); }
  Scenario(const Scenario&) = delete;
  Scenario& operator=(const Scenario&) = delete;

  // One listener, one route that takes everything, one cluster with one endpoint.
  static config::Config plain_file();
  config::Config file;
  config::Listener& listener() { return file.listeners[0]; }
  config::Route& route() { return file.routes[0]; }
  config::Cluster& cluster() { return file.clusters[0]; }
  void set_endpoints(std::size_t count);  // 10.0.0.1:80, 10.0.0.2:80 ...

  // --- the parties; references live as long as the scenario ---

  Party& connect(net::FaultPlan to_client = {}, std::string_view from = "192.0.2.1");
  // The endpoint that waits longest for an answer to its connect accepts.
  Party& accept(net::FaultPlan to_origin = {});
  Party& accept_at(std::string_view address);  // the one of that address that waits longest
  void refuse(Error error = {Errc::connect_refused});
  std::size_t connecting() const { return connector.waiting(); }
  // Where the last connect went: "10.0.0.2:80".
  std::string connected_to() const { return to_string(connector.targets().back().address); }

  // Lets everything happen that can without time passing.
  void settle();
  void advance(std::chrono::milliseconds time);

  // For tests with streams of their own: before anybody connects, and instead of connect().
  void use(net::Connector& other) { connector_in_use_ = &other; }
  void take_client(net::StreamPtr stream, std::string_view from = "192.0.2.1");
  bool keeps_records = true;

  void start_now() { start(); }  // builds the snapshot of `file` before anybody connects
  void reload();                 // takes up `file` as it is now
  proxy::ListenerPort& port() { return *port_; }
  Endpoint& endpoint(std::size_t index = 0) { return *clusters()[0]->endpoints()[index]; }
  upstream::Cluster& live_cluster() { return *clusters()[0]; }
  std::uint32_t in_flight();
  const std::vector<SeenRecord>& records() const { return records_; }
  const SeenRecord& last_record() const { return records_.at(records_.size() - 1); }
  std::size_t tunnels_begun() const { return tunnels_begun_; }
  // What became of copies, in the order in which it did.
  const std::vector<std::string>& copies_ended() const { return copies_ended_; }
  const std::vector<std::string>& copies_dropped() const { return copies_dropped_; }
  const std::vector<SeenRecord>& copy_lines() const { return copy_lines_; }
  const std::vector<proxy::ArrivalFailure>& arrivals_failed() const { return arrivals_failed_; }
  // Why HTTP/2 connections and streams were ended.
  const std::vector<std::string>& abuses() const { return abuses_; }
  const proxy::MirrorPlan& mirror(std::size_t index = 0) {
    start();
    return shared_->routes[0].mirrors[index];
  }
  traffic::SplitWeights& weights() {
    start();
    return *shared_->routes[0].split->weights;
  }
  proxy::MirrorRunner& mirrors() { return mirrors_; }
  proxy::WorkerContext& context() { return context_; }
  // Every client connection is told that the worker stops.
  void drain() {
    downstreams_.for_each([](proxy::DownstreamConnection& connection) { connection.drain(); });
  }
  // ... and that it stops at once.
  void stop_now() {
    downstreams_.for_each([](proxy::DownstreamConnection& connection) { connection.close_now(); });
    settle();
  }
  std::size_t open_downstreams();
  std::size_t open_upstreams();
  std::size_t chunks_in_use() const { return chunks_.in_use(); }
  BufferBytes& buffer_bytes() { return *buffer_bytes_; }

  // Ends every connection and expects that nothing is left of any: no request in flight or
  // waiting, no connection counted, no chunk in use, no deadline set.
  void expect_nothing_left();

  MemoryConnector connector;
  ManualClock clock;

 private:
  void start();
  void end();
  std::shared_ptr<upstream::Cluster> make_cluster(const config::Cluster& its_cluster,
                                                  const proxy::Snapshot* before);
  void build();
  void adopt();
  Party& take_origin(std::unique_ptr<MemoryPeer> peer);
  const std::vector<std::shared_ptr<upstream::Cluster>>& clusters() {
    start();
    return shared_->clusters;
  }
  void on_exchange_end(const observe::ExchangeRecord& record, const proxy::ListenerPlan&,
                       const proxy::RoutePlan*) override {
    if (keeps_records) records_.emplace_back(record);
  }
  void on_tunnel_begin(const proxy::RoutePlan&) override { ++tunnels_begun_; }
  void on_copy_end(const proxy::MirrorPlan&, MirrorOutcome outcome, std::uint64_t) override {
    if (keeps_records) copies_ended_.emplace_back(name_of(outcome));
  }
  void on_copy_dropped(const proxy::MirrorPlan&, MirrorDrop reason) override {
    if (keeps_records) copies_dropped_.emplace_back(name_of(reason));
  }
  void on_copy_line(const observe::ExchangeRecord& record) override {
    if (keeps_records) copy_lines_.emplace_back(record);
  }
  void on_handshake(const proxy::TlsPlan&, const net::TlsFacts&) override {}
  void on_handshake_failed(const proxy::TlsPlan&, const proxy::Client&,
                           const net::TlsFailure&) override {}

  void on_arrival_failed(const proxy::ListenerPlan&, const proxy::Client&,
                         proxy::ArrivalFailure failure) override {
    arrivals_failed_.push_back(failure);
  }

  void on_h2_abuse(H2Abuse abuse, const proxy::ListenerPlan&, const IpAddress&) override {
    if (keeps_records) abuses_.emplace_back(name_of(abuse));
  }

  // A seed with which the rotation of up to four endpoints begins at the first.
  static constexpr std::uint64_t kFirstFirst = 2;

  net::TimerWheel wheel_{1000};
  ChunkPool chunks_;
  std::shared_ptr<BufferBytes> buffer_bytes_ = std::make_shared<BufferBytes>();
  net::RetireList retired_;
  net::DeferredList flushes_;
  proxy::ExchangePool exchanges_;
  proxy::MirrorRunner mirrors_{chunks_};
  proxy::DownstreamList downstreams_;
  proxy::WorkerContext context_{.clock = clock,
                                .wheel = wheel_,
                                .retired = retired_,
                                .flushes = flushes_,
                                .chunks = chunks_,
                                .recorder = *this,
                                .exchanges = exchanges_,
                                .mirrors = mirrors_,
                                .random = Random(7),
                                .out = Buffer(1024),
                                .snapshot = nullptr};
  net::Connector* connector_in_use_ = &connector;
  std::shared_ptr<proxy::ListenerPort> port_ = std::make_shared<proxy::ListenerPort>();
  std::shared_ptr<proxy::Snapshot> shared_;
  std::vector<std::unique_ptr<Party>> clients_;
  std::vector<std::unique_ptr<Party>> origins_;
  std::vector<SeenRecord> records_;
  std::size_t tunnels_begun_ = 0;
  std::vector<SeenRecord> copy_lines_;
  std::vector<std::string> copies_ended_;
  std::vector<std::string> copies_dropped_;
  std::vector<proxy::ArrivalFailure> arrivals_failed_;
  std::vector<std::string> abuses_;
};

// A test of the proxy that ends with nothing left over.
class ExchangeTest : public testing::Test, protected Scenario {
 protected:
  void TearDown() override { expect_nothing_left(); }
};

inline constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
inline constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// --- Party ---

inline void Party::sends(std::string_view bytes, std::size_t piece) {
  peer_->send(bytes, piece);
  scenario_.settle();
}
inline HttpText Party::take(bool bodiless) {
  scenario_.settle();
  received_ += peer_->take_received();
  HttpTextReader reader(received_);
  HttpText text = reader.read(bodiless);
  received_ = std::string(reader.rest());
  return text;
}
inline HttpText Party::receives() {
  return take(false);
}
inline HttpText Party::receives_bodiless() {
  return take(true);
}
inline std::string Party::receives_bytes() {
  scenario_.settle();
  received_ += peer_->take_received();
  return std::exchange(received_, {});
}
inline void Party::closes() {
  peer_->close();
  scenario_.settle();
}
inline void Party::finishes() {
  peer_->finish();
  scenario_.settle();
}
inline void Party::resets() {
  peer_->reset();
  scenario_.settle();
}
inline void Party::reads_some(std::size_t most) {
  peer_->read_some(most);
  scenario_.settle();
}
inline void Party::reads_on() {
  peer_->resume();
  scenario_.settle();
}

// --- Scenario ---

inline config::Config Scenario::plain_file() {
  config::Config plain;
  plain.listeners.push_back({.name = "web"});
  config::Route route;
  route.name = "all";
  route.cluster = "origins";
  plain.routes.push_back(route);
  config::Cluster cluster;
  cluster.name = "origins";
  cluster.endpoints.push_back({.address = {.host = "10.0.0.1", .port = 80, .unix_path = {}}});
  plain.clusters.push_back(cluster);
  return plain;
}

inline void Scenario::set_endpoints(std::size_t count) {
  cluster().endpoints.clear();
  for (std::size_t i = 1; i <= count; ++i) {
    cluster().endpoints.push_back(
        {.address = {.host = "10.0.0." + std::to_string(i), .port = 80, .unix_path = {}}});
  }
}

// As the snapshot builder does it, in short: clusters and endpoints that stay are the same objects.
inline std::shared_ptr<upstream::Cluster> Scenario::make_cluster(const config::Cluster& its_cluster,
                                                                 const proxy::Snapshot* before) {
  std::shared_ptr<upstream::Cluster> known;
  for (std::size_t i = 0; before != nullptr && i < before->clusters.size(); ++i) {
    if (before->clusters[i]->name() == its_cluster.name) known = before->clusters[i];
  }
  auto setup = std::make_shared<upstream::ClusterSetup>();
  setup->settings = its_cluster;
  for (const config::Endpoint& one : its_cluster.endpoints) {
    const SocketAddress address{
        .ip = parse_ip(one.address.host).value(), .port = one.address.port, .unix_path = {}};
    std::shared_ptr<Endpoint> endpoint;
    for (std::size_t i = 0; known && i < known->endpoints().size(); ++i) {
      if (known->endpoints()[i]->address() == address) endpoint = known->endpoints()[i];
    }
    if (!endpoint) {
      endpoint = std::make_shared<Endpoint>(to_string(address), address, one.weight, one.backup);
    }
    setup->endpoints.push_back(std::move(endpoint));
  }
  if (!known) return std::make_shared<upstream::Cluster>(std::move(setup));
  known->set_setup(std::move(setup));
  return known;
}

// Makes shared_ from the file as it is now.
inline void Scenario::build() {
  const auto before = std::exchange(shared_, std::make_shared<proxy::Snapshot>());
  shared_->config = file;
  shared_->names_clients = proxy::names_clients(file);
  shared_->generation = before ? before->generation + 1 : 1;
  shared_->buffer_bytes = buffer_bytes_;
  shared_->mirror_bytes = before ? before->mirror_bytes : std::make_shared<proxy::ByteBudget>();
  const config::Config& kept = shared_->config;
  for (std::uint32_t i = 0; i < kept.listeners.size(); ++i) {
    shared_->listeners.push_back(proxy::make_listener_plan(kept, i));
    if (before && i < before->listeners.size()) {
      shared_->listeners[i].open_connections = before->listeners[i].open_connections;
    }
  }
  for (const config::Cluster& its_cluster : kept.clusters) {
    shared_->clusters.push_back(make_cluster(its_cluster, before.get()));
    shared_->setups.push_back(shared_->clusters.back()->setup());
  }
  proxy::RoutePlanner planner(*shared_, before ? std::span<const proxy::RoutePlan>(before->routes)
                                               : std::span<const proxy::RoutePlan>());
  for (const config::Route& its_route : kept.routes) {
    shared_->routes.push_back(planner.plan(its_route).value());
  }
  shared_->router = traffic::Router::make(kept).value();
}

inline void Scenario::adopt() {
  auto mine = proxy::make_worker_snapshot(shared_, context_.snapshot.get(),
                                          {.connector = *connector_in_use_,
                                           .wheel = wheel_,
                                           .retired = retired_,
                                           .out = context_.out,
                                           .chunks = chunks_,
                                           .flushes = flushes_},
                                          kFirstFirst);
  context_.snapshot =
      std::shared_ptr<proxy::WorkerSnapshot>(mine.release(), [this](proxy::WorkerSnapshot* old) {
        retired_.retire(std::unique_ptr<net::Retirable>(old));
      });
  port_->snapshot = context_.snapshot;
  port_->plan = &shared_->listeners[0];
}

inline void Scenario::start() {
  if (shared_) return;
  build();
  adopt();
}

inline void Scenario::reload() {
  build();
  adopt();
  settle();
}

inline void Scenario::take_client(net::StreamPtr stream, std::string_view from) {
  start();
  port_->plan->open_connections->fetch_add(1, std::memory_order_relaxed);
  const IpAddress peer = from.empty() ? IpAddress{} : parse_ip(from).value();
  auto place = port_->plan->place_for(peer, false);
  ASSERT_TRUE(place) << "the address has too many connections";
  downstreams_.push_back(proxy::welcome(context_, port_, std::move(stream),
                                        {.peer = peer, .port = 4000}, *std::move(place)));
}

inline Party& Scenario::connect(net::FaultPlan to_client, std::string_view from) {
  auto peer = std::make_unique<MemoryPeer>(net::FaultPlan{}, to_client);
  take_client(peer->take_stream(), from);
  clients_.push_back(std::make_unique<Party>(*this, std::move(peer)));
  return *clients_.back();
}

inline Party& Scenario::accept(net::FaultPlan to_origin) {
  return take_origin(connector.accept({}, to_origin));
}

inline Party& Scenario::accept_at(std::string_view address) {
  return take_origin(connector.accept({}, {}, address));
}

inline Party& Scenario::take_origin(std::unique_ptr<MemoryPeer> peer) {
  EXPECT_NE(peer, nullptr) << "nobody is connecting";
  if (peer == nullptr) peer = std::make_unique<MemoryPeer>();
  origins_.push_back(std::make_unique<Party>(*this, std::move(peer)));
  settle();
  return *origins_.back();
}

inline void Scenario::refuse(Error error) {
  EXPECT_TRUE(connector.refuse(error)) << "nobody is connecting";
  settle();
}

inline void Scenario::settle() {
  for (bool moved = true; moved;) {
    moved = false;
    for (auto* parties : {&clients_, &origins_}) {
      for (std::size_t i = 0; i < parties->size(); ++i) {
        moved |= (*parties)[i]->peer().deliver() > 0;
      }
    }
    moved |= !flushes_.empty();
    flushes_.run();
    retired_.sweep();
  }
}

inline void Scenario::advance(std::chrono::milliseconds time) {
  const net::TimeMs until = wheel_.now() + static_cast<net::TimeMs>(time.count());
  while (wheel_.now() < until) {
    const net::TimeMs due = std::max(wheel_.next_due(), wheel_.now() + 1);
    const net::TimeMs next = std::min(due, until);
    clock.advance_ms(next - wheel_.now());
    wheel_.advance(next);
    settle();
  }
}

inline std::uint32_t Scenario::in_flight() {
  std::uint32_t count = 0;
  for (const auto& its_cluster : clusters()) {
    for (const auto& one : its_cluster->endpoints()) count += one->in_flight();
  }
  return count;
}

// Connections to origins, the mirrors' own included.
inline std::size_t Scenario::open_upstreams() {
  std::size_t count = 0;
  for (const auto& its_cluster : clusters()) count += its_cluster->connections();
  for (const proxy::RoutePlan& its_route : shared_->routes) {
    for (const proxy::MirrorPlan& one : its_route.mirrors) count += one.cluster->connections();
  }
  return count;
}

inline std::size_t Scenario::open_downstreams() {
  std::size_t count = 0;
  downstreams_.for_each([&](proxy::DownstreamConnection&) { ++count; });
  return count;
}

inline void Scenario::expect_nothing_left() {
  if (!shared_) return;
  for (auto& client : clients_) client->peer().close();
  settle();
  downstreams_.for_each([](proxy::DownstreamConnection& each) { each.close_now(); });
  mirrors_.stop_all();
  settle();
  std::size_t open = connecting();
  for (auto& origin : origins_) open += origin->is_connected();
  EXPECT_EQ(open_upstreams(), open);
  EXPECT_EQ(live_cluster().waiting(), 0U);
  EXPECT_EQ(in_flight(), 0U);
  EXPECT_EQ(connecting(), 0U) << "a connect nobody waits for";
  EXPECT_EQ(shared_->listeners[0].open_connections->load(), 0U);
  EXPECT_EQ(chunks_.in_use(), 0U);
  for (const proxy::RoutePlan& its_route : shared_->routes) {
    for (const proxy::MirrorPlan& one : its_route.mirrors) {
      EXPECT_EQ(one.load->in_flight(), 0U);
      EXPECT_EQ(one.load->bytes.held(), 0U);
    }
  }
  EXPECT_EQ(shared_->mirror_bytes->held(), 0U);
  context_.snapshot.reset();
  port_->snapshot.reset();
  retired_.sweep();
  EXPECT_EQ(open_upstreams(), 0U);
  EXPECT_EQ(buffer_bytes_->held(), 0U);
  EXPECT_EQ(wheel_.advance(wheel_.now() + 24 * 3600 * 1000), 0U) << "a deadline nobody waits for";
  EXPECT_EQ(wheel_.linked(), 0U);
}

inline void Scenario::end() {
  downstreams_.for_each([](proxy::DownstreamConnection& each) { each.close_now(); });
  mirrors_.stop_all();
  context_.snapshot.reset();
  port_->snapshot.reset();
  retired_.sweep();
}

}  // namespace weir::test
