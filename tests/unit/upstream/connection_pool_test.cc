// A worker's pool by itself: which connection is taken, what is kept, and what the counts say.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "balance/registry.h"
#include "support/memory_connector.h"
#include "upstream/pool.h"

namespace weir::upstream {
namespace {

struct Asking final : LeaseEvents {
  Asking() : request(*this) {}
  void on_lease(Lease given) override { lease = std::move(given); }
  void on_lease_failed(Error given) override { error = given; }
  void on_slot_free() override { ++told; }

  LeaseRequest request;
  Lease lease;
  Error error;
  int told = 0;
};

class Pool : public testing::Test {
 protected:
  Pool() { settings_.name = "origins"; }
  ~Pool() override {
    pool_.reset();
    retired_.sweep();
    EXPECT_EQ(cluster_->connections(), 0U);
    EXPECT_EQ(cluster_->waiting(), 0U);
    EXPECT_EQ(wheel_.advance(wheel_.now() + 3'600'000), 0U);
  }

  void make(std::uint32_t workers = 1) {
    std::vector<std::shared_ptr<Endpoint>> endpoints;
    for (const std::uint16_t port : std::to_array<std::uint16_t>({81, 82})) {
      endpoints.push_back(std::make_shared<Endpoint>(
          std::to_string(port), SocketAddress{.port = port, .unix_path = {}}, 1, false));
    }
    cluster_ = std::make_shared<Cluster>(
        std::make_shared<const ClusterSetup>(settings_, std::move(endpoints)));
    pool_ = std::make_unique<ClusterPool>(cluster_, cluster_->setup(),
                                          balance::make_balancer("round_robin", 1),
                                          PoolEnvironment{.connector = connector_,
                                                          .wheel = wheel_,
                                                          .retired = retired_,
                                                          .out = out_,
                                                          .chunks = chunks_,
                                                          .flushes = flushes_,
                                                          .workers = workers});
  }

  config::Cluster settings_;
  test::MemoryConnector connector_;
  net::TimerWheel wheel_{0};
  net::RetireList retired_;
  Buffer out_;
  ChunkPool chunks_;
  net::DeferredList flushes_;
  std::shared_ptr<Cluster> cluster_;
  std::unique_ptr<ClusterPool> pool_;
};

TEST_F(Pool, HasNoIdleConnectionAtFirst) {
  make();
  EXPECT_FALSE(pool_->at(0).take_idle(Asking().request));
  EXPECT_EQ(pool_->endpoint_count(), 2U);
}

TEST_F(Pool, ConnectsToTheEndpointAskedFor) {
  make();
  Asking asking;
  EXPECT_FALSE(pool_->request(pool_->at(1), asking.request));
  EXPECT_TRUE(asking.request.waiting());
  EXPECT_EQ(connector_.targets().back().address.port, 82);
  EXPECT_EQ(connector_.targets().back().timeout, settings_.connections.connect_timeout);
  const auto origin = connector_.accept();
  EXPECT_TRUE(asking.lease);
  EXPECT_FALSE(asking.lease->reused());
  EXPECT_FALSE(asking.request.waiting());
  EXPECT_EQ(cluster_->connections(), 1U);
}

TEST_F(Pool, ALeaseThatCarriedNothingIsClosed) {
  make();
  Asking asking;
  EXPECT_FALSE(pool_->request(pool_->at(0), asking.request));
  const auto origin = connector_.accept();
  asking.lease.release();
  EXPECT_FALSE(pool_->at(0).take_idle(asking.request));
  EXPECT_FALSE(origin->other_is_open());
  EXPECT_EQ(cluster_->connections(), 0U);
}

TEST_F(Pool, AFailedConnectIsToldAndForgotten) {
  make();
  Asking asking;
  EXPECT_FALSE(pool_->request(pool_->at(0), asking.request));
  connector_.refuse({Errc::connect_timeout});
  EXPECT_EQ(asking.error.code, Errc::connect_timeout);
  EXPECT_EQ(cluster_->connections(), 0U);
}

TEST_F(Pool, ACancelledRequestCancelsItsConnect) {
  make();
  {
    Asking asking;
    EXPECT_FALSE(pool_->request(pool_->at(0), asking.request));
  }
  EXPECT_EQ(connector_.waiting(), 0U);
  EXPECT_EQ(cluster_->connections(), 0U);
}

TEST_F(Pool, WithUseAllTheUnhealthyServeWhenNobodyElseDoes) {
  settings_.when_all_unhealthy = config::WhenAllUnhealthy::use_all;
  make();
  pool_->at(0).endpoint().set_healthy(false);
  EXPECT_EQ(pool_->pick({}), 1U);
  EXPECT_FALSE(pool_->at(0).endpoint().forced());
  pool_->at(1).endpoint().set_healthy(false);
  std::vector<std::size_t> picked = {pool_->pick({}), pool_->pick({})};
  std::ranges::sort(picked);
  EXPECT_EQ(picked, (std::vector<std::size_t>{0, 1}));
}

TEST_F(Pool, UseAllLeavesOutWhoWasTakenOutOnPurpose) {
  settings_.when_all_unhealthy = config::WhenAllUnhealthy::use_all;
  make();
  pool_->at(0).endpoint().set_healthy(false);
  pool_->at(1).endpoint().set_state(EndpointState::down);
  EXPECT_EQ(pool_->pick({}), 0U);
  EXPECT_EQ(pool_->pick({}), 0U);
  pool_->at(0).endpoint().set_weight(0);
  EXPECT_EQ(pool_->pick({}), kNoEndpoint);
}

TEST_F(Pool, WithoutUseAllNobodyServesThen) {
  make();
  for (const std::size_t i : {0U, 1U}) pool_->at(i).endpoint().set_healthy(false);
  EXPECT_EQ(pool_->pick({}), kNoEndpoint);
}

TEST_F(Pool, TheLastResortOfARetryIsOneThatWasEjected) {
  make();
  pool_->at(0).endpoint().set_ejected(true);
  EXPECT_EQ(pool_->pick({}), 1U);
  EXPECT_EQ(pool_->pick({.tried = 0b10}), 0U);
  EXPECT_EQ(pool_->pick({.tried = 0b11}), kNoEndpoint);
  pool_->at(0).endpoint().set_healthy(false);
  EXPECT_EQ(pool_->pick({.tried = 0b10}), kNoEndpoint);
}

TEST_F(Pool, AtItsLimitRequestsWaitAndAreToldInOrder) {
  settings_.connections.max = 1;
  make();
  Asking one, two, three;
  EXPECT_FALSE(pool_->request(pool_->at(0), one.request));
  EXPECT_FALSE(pool_->request(pool_->at(0), two.request));
  EXPECT_FALSE(pool_->request(pool_->at(0), three.request));
  EXPECT_EQ(cluster_->waiting(), 2U);
  const auto origin = connector_.accept();
  one.lease.release();
  EXPECT_EQ(two.told, 1);
  EXPECT_EQ(three.told, 0) << "one slot, one request";
  EXPECT_EQ(cluster_->waiting(), 1U);
  three.request.cancel();
  EXPECT_EQ(cluster_->waiting(), 0U);
}

TEST_F(Pool, AFullQueueIsOverload) {
  settings_.connections.max = 1;
  settings_.connections.max_pending = 1;
  make();
  Asking one, two, three;
  EXPECT_FALSE(pool_->request(pool_->at(0), one.request));
  EXPECT_FALSE(pool_->request(pool_->at(0), two.request));
  EXPECT_EQ(pool_->request(pool_->at(0), three.request).code, Errc::overloaded);
  EXPECT_FALSE(three.request.waiting());
}

TEST_F(Pool, WithoutALimitNobodyWaits) {
  settings_.connections.max = 0;
  make();
  std::vector<std::unique_ptr<Asking>> many;
  for (int i = 0; i < 100; ++i) {
    many.push_back(std::make_unique<Asking>());
    EXPECT_FALSE(pool_->request(pool_->at(0), many.back()->request));
  }
  EXPECT_EQ(connector_.waiting(), 100U);
  EXPECT_EQ(cluster_->connections(), 100U);
}

TEST_F(Pool, NoQueueIsNoQueue) {
  settings_.connections.max = 1;
  settings_.connections.max_pending = 0;
  make();
  Asking first;
  Asking second;
  EXPECT_FALSE(pool_->request(pool_->at(0), first.request));
  EXPECT_EQ(pool_->request(pool_->at(0), second.request).code, Errc::overloaded);
}

TEST(RetryBudget, ThreeASecondAreFree) {
  RetryBudget budget;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(budget.spend(0, 500)) << i;
  EXPECT_FALSE(budget.spend(0, 900));
  EXPECT_TRUE(budget.spend(0, 2000));
}

TEST(RetryBudget, FiveRequestsSaveForOneRetryAtTwentyPercent) {
  RetryBudget budget;
  while (budget.spend(20, 0)) {
  }
  for (int i = 0; i < 4; ++i) budget.earn();
  EXPECT_FALSE(budget.spend(20, 0));
  budget.earn();
  EXPECT_TRUE(budget.spend(20, 0));
  EXPECT_FALSE(budget.spend(20, 0));
}

TEST(RetryBudget, SavingsAreBoundedAndNoneServeAtZeroPercent) {
  RetryBudget budget;
  for (int i = 0; i < 100'000; ++i) budget.earn();
  int retries = 0;
  while (budget.spend(0, 0)) ++retries;
  EXPECT_EQ(retries, 3);
  while (budget.spend(20, 0)) ++retries;
  EXPECT_EQ(retries, 3 + 200);
}

TEST(ClusterCounts, StopAtTheirLimits) {
  Cluster cluster(std::make_shared<const ClusterSetup>());
  EXPECT_TRUE(cluster.add_connection(2));
  EXPECT_TRUE(cluster.add_connection(2));
  EXPECT_FALSE(cluster.add_connection(2));
  EXPECT_EQ(cluster.connections(), 2U);
  cluster.remove_connection();
  EXPECT_TRUE(cluster.add_connection(2));
  EXPECT_TRUE(cluster.add_connection(0)) << "0 is no limit";
  EXPECT_TRUE(cluster.add_waiting(1));
  EXPECT_FALSE(cluster.add_waiting(1));
  EXPECT_EQ(cluster.waiting(), 1U);
}

// --- a pool whose cluster becomes another ---

class ChangedPool : public Pool {
 protected:
  std::shared_ptr<Endpoint> endpoint(std::uint16_t port) const {
    return std::make_shared<Endpoint>(std::to_string(port),
                                      SocketAddress{.port = port, .unix_path = {}}, 1, false);
  }
  void become(std::vector<std::shared_ptr<Endpoint>> endpoints) {
    cluster_->set_setup(std::make_shared<const ClusterSetup>(settings_, std::move(endpoints)));
    pool_->update(cluster_->setup(), nullptr);
  }
  std::shared_ptr<Endpoint> present(std::size_t index) const {
    return cluster_->endpoints()[index];
  }
};

TEST_F(ChangedPool, KeepsTheConnectionsOfEndpointsThatStay) {
  make();
  Asking asking;
  EXPECT_FALSE(pool_->request(pool_->at(1), asking.request));
  const auto origin = connector_.accept();
  const auto* connection = asking.lease.operator->();
  become({endpoint(83), present(1)});
  EXPECT_TRUE(asking.lease);
  EXPECT_TRUE(origin->other_is_open());
  EXPECT_EQ(&pool_->at(1).endpoint(), &*cluster_->endpoints()[1]);
  EXPECT_EQ(asking.lease.operator->(), connection);
  EXPECT_EQ(cluster_->connections(), 1U);
}

TEST_F(ChangedPool, LetsBusyConnectionsOfEndpointsThatWentFinish) {
  make();
  Asking asking;
  EXPECT_FALSE(pool_->request(pool_->at(0), asking.request));
  const auto origin = connector_.accept();
  become({present(1)});
  EXPECT_TRUE(origin->other_is_open());
  EXPECT_EQ(pool_->endpoint_count(), 1U);
  asking.lease.release();
  retired_.sweep();
  EXPECT_FALSE(origin->other_is_open());
  EXPECT_EQ(cluster_->connections(), 0U);
  become({present(0)});
}

TEST_F(ChangedPool, AnAttemptKeepsItsEndpointUntilItIsOver) {
  make();
  const auto gone = present(0);
  EndpointPool& target = pool_->at(0);
  target.begin_attempt();
  become({endpoint(83)});
  become({endpoint(84)});
  EXPECT_EQ(gone->in_flight(), 1U);
  target.end_attempt();
  EXPECT_EQ(gone->in_flight(), 0U);
  become({endpoint(85)});
}

TEST_F(ChangedPool, TellsThatIndexesMeanSomethingElse) {
  make();
  const std::uint64_t before = pool_->generation();
  become({present(1)});
  EXPECT_NE(pool_->generation(), before);
}

TEST(KeepAliveTimeout, IsReadFromTheField) {
  EXPECT_EQ(keep_alive_timeout_ms(""), 0U);
  EXPECT_EQ(keep_alive_timeout_ms("timeout=5"), 5000U);
  EXPECT_EQ(keep_alive_timeout_ms("max=100, timeout=15"), 15'000U);
  EXPECT_EQ(keep_alive_timeout_ms("timeout=5, max=1000"), 5000U);
  EXPECT_EQ(keep_alive_timeout_ms("max=3"), 0U);
  EXPECT_EQ(keep_alive_timeout_ms("timeout=soon"), 0U);
  EXPECT_EQ(keep_alive_timeout_ms("timeout=0"), 1U) << "told, and not the default";
  EXPECT_LT(keep_alive_timeout_ms("timeout=99999999999999999999"), 10'000'000'000U) << "no wrap";
}

}  // namespace
}  // namespace weir::upstream
