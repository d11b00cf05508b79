// Resolving by a name server on loopback and by the hosts file: what an answer has, how it fails,
// and that nothing is heard of a lookup that is gone.
#include "net/resolver.h"

#include <cstdlib>
#include <functional>
#include <optional>

#include "net_fixture.h"
#include "support/name_server.h"

namespace weir::net {
namespace {

using test::NameServer;
using Kind = ResolveFailure::Kind;

class ResolveRecorder final : public ResolveEvents {
 public:
  void on_resolved(Resolved found) override {
    answer = std::move(found);
    ++answers;
    if (after) after();
  }
  void on_resolve_failed(const ResolveFailure& why) override {
    failure = why;
    ++answers;
    if (after) after();
  }
  std::vector<std::string> addresses() const {
    std::vector<std::string> text;
    for (const ResolvedAddress& one : answer.addresses) text.push_back(to_string(one.address));
    return text;
  }

  Resolved answer;
  std::optional<ResolveFailure> failure;
  int answers = 0;
  std::function<void()> after;
};

using Addresses = std::vector<std::string>;

class ResolverTest : public NetTest {
 protected:
  ResolverSettings settings(std::chrono::milliseconds timeout = 10s) const {
    return {.servers = {server_.address()}, .timeout = timeout, .families = AddressFamilies::both};
  }
  // The whole of a lookup.
  ResolveRecorder found(const std::string& name, bool service = false) {
    if (!resolver_) resolver_.emplace(loop_, settings());
    ResolveRecorder seen;
    const auto lookup =
        service ? resolver_->find_service(name, seen) : resolver_->find_addresses(name, seen);
    EXPECT_EQ(seen.answers, 0) << "inside the call";
    run_until([&] { return seen.answers == 1; });
    settle();
    EXPECT_EQ(seen.answers, 1);
    return seen;
  }
  void expect_failure(const ResolveRecorder& seen, Kind kind) {
    ASSERT_TRUE(seen.failure);
    EXPECT_EQ(seen.failure->kind, kind) << seen.failure->cause;
    EXPECT_FALSE(seen.failure->cause.empty());
  }

  NameServer server_;
  std::optional<Resolver> resolver_;
};

TEST_F(ResolverTest, AllAddressesInAnOrderOfTheirOwn) {
  server_.hosts("app.test", {"10.0.0.2", "2001:db8::1", "10.0.0.1", "10.0.0.2"}, 60);
  const auto seen = found("app.test");
  EXPECT_EQ(seen.addresses(), (Addresses{"10.0.0.1:0", "10.0.0.2:0", "[2001:db8::1]:0"}));
  EXPECT_EQ(seen.answer.ttl, 60s);
}

TEST_F(ResolverTest, AnAliasThatExpiresEarlierCounts) {
  server_.hosts("app.test", {"10.0.0.1"}, 60);
  server_.alias("alias.test", "app.test", 7);
  const auto seen = found("alias.test");
  EXPECT_EQ(seen.addresses(), (Addresses{"10.0.0.1:0"}));
  EXPECT_EQ(seen.answer.ttl, 7s);
}

TEST_F(ResolverTest, TheHostsFileComesFirst) {
  const auto seen = found("localhost");
  ASSERT_FALSE(seen.answer.addresses.empty());
  for (const ResolvedAddress& one : seen.answer.addresses) {
    EXPECT_TRUE(one.address.ip.is_loopback());
  }
  EXPECT_EQ(seen.answer.ttl, 0s);
  EXPECT_EQ(server_.asked("localhost", NameServer::kA), 0);
}

TEST_F(ResolverTest, OnlyTheFamiliesWanted) {
  server_.hosts("app.test", {"10.0.0.1", "2001:db8::1"}, 60);
  ResolverSettings wanted = settings();
  wanted.families = AddressFamilies::ipv4;
  resolver_.emplace(loop_, wanted);
  EXPECT_EQ(found("app.test").addresses(), (Addresses{"10.0.0.1:0"}));
  EXPECT_EQ(server_.asked("app.test", NameServer::kAaaa), 0);
  wanted.families = AddressFamilies::ipv6;
  resolver_.emplace(loop_, wanted);
  EXPECT_EQ(found("app.test").addresses(), (Addresses{"[2001:db8::1]:0"}));
}

TEST_F(ResolverTest, WhatIsNotThereIsNoFailureOfTheServer) {
  server_.hosts("empty.test", {}, 60);
  expect_failure(found("nowhere.test"), Kind::not_found);
  expect_failure(found("empty.test"), Kind::not_found);
}

TEST_F(ResolverTest, AServerThatFails) {
  server_.fail("app.test", NameServer::kServerFailure);
  expect_failure(found("app.test"), Kind::failed);
}

TEST_F(ResolverTest, ANameThatCannotExist) {
  ASSERT_TRUE(found(std::string(300, 'n')).failure);
}

TEST_F(ResolverTest, SilenceEndsInTime) {
  server_.fail("app.test", NameServer::kSilence);
  resolver_.emplace(loop_, settings(50ms));
  expect_failure(found("app.test"), Kind::timeout);
  server_.fail("app.test", 0);
  server_.hosts("app.test", {"10.0.0.1"}, 60);
  EXPECT_EQ(found("app.test").addresses(), (Addresses{"10.0.0.1:0"}));
}

TEST_F(ResolverTest, ALostQuestionIsAskedAgain) {
  server_.fail("app.test", NameServer::kSilence);
  server_.hosts("app.test", {"10.0.0.1"}, 60);
  resolver_.emplace(loop_, settings(2s));
  ResolveRecorder seen;
  const auto lookup = resolver_->find_addresses("app.test", seen);
  run_until([&] { return server_.asked("app.test", NameServer::kA) >= 1; });
  server_.fail("app.test", 0);
  run_until([&] { return seen.answers == 1; });
  EXPECT_EQ(seen.addresses(), (Addresses{"10.0.0.1:0"}));
}

TEST_F(ResolverTest, SearchDomainsAndWhatIsNone) {
  // As resolv.conf's "search . ns.svc" and "options ndots:2".
  ::setenv("LOCALDOMAIN", ". ns.svc", 1);
  ::setenv("RES_OPTIONS", "ndots:2", 1);
  resolver_.emplace(loop_, settings());
  ::unsetenv("LOCALDOMAIN");
  ::unsetenv("RES_OPTIONS");
  server_.hosts("app.ns.svc", {"10.0.0.1"}, 60);
  server_.hosts("app.test", {"10.0.0.2"}, 60);
  EXPECT_EQ(found("app").addresses(), (Addresses{"10.0.0.1:0"}));
  EXPECT_EQ(found("app.test").addresses(), (Addresses{"10.0.0.2:0"}));
  EXPECT_EQ(server_.asked("app.test.ns.svc", NameServer::kA), 1) << "one dot is fewer than two";
  expect_failure(found("nowhere"), Kind::not_found);
}

TEST_F(ResolverTest, AServicesAddressesHaveItsPortsAndPriorities) {
  server_.service("_http._tcp.app.test",
                  {{10, 1, 8082, "b.test"}, {0, 5, 8081, "a.test"}, {0, 7, 8083, "gone.test"}}, 30);
  server_.hosts("a.test", {"10.0.0.2", "10.0.0.1"}, 60);
  server_.hosts("b.test", {"10.0.0.1"}, 20);
  const auto seen = found("_http._tcp.app.test", true);
  ASSERT_EQ(seen.addresses(), (Addresses{"10.0.0.1:8081", "10.0.0.2:8081", "10.0.0.1:8082"}));
  EXPECT_EQ(seen.answer.addresses[0].weight, 5);
  EXPECT_EQ(seen.answer.addresses[2].priority, 10);
  EXPECT_EQ(seen.answer.ttl, 20s);
}

TEST_F(ResolverTest, AServiceFailsWithATargetThatCannotBeAskedFor) {
  server_.service("_a._tcp.test", {{0, 1, 80, "a.test"}, {0, 1, 80, "b.test"}}, 30);
  server_.hosts("a.test", {"10.0.0.1"}, 60);
  server_.fail("b.test", NameServer::kServerFailure);
  expect_failure(found("_a._tcp.test", true), Kind::failed);
}

TEST_F(ResolverTest, AServiceThatIsDecidedlyNotThere) {
  server_.service("_a._tcp.test", {{0, 0, 0, ""}}, 30);
  server_.service("_b._tcp.test", {{0, 1, 80, "gone.test"}}, 30);
  expect_failure(found("_a._tcp.test", true), Kind::not_found);
  expect_failure(found("_b._tcp.test", true), Kind::not_found);
  expect_failure(found("_c._tcp.test", true), Kind::not_found);
}

TEST_F(ResolverTest, NothingIsHeardOfADestroyedLookup) {
  server_.fail("silent.test", NameServer::kSilence);
  server_.hosts("app.test", {"10.0.0.1"}, 60);
  server_.service("_a._tcp.test", {{0, 1, 80, "silent.test"}}, 30);
  resolver_.emplace(loop_, settings());
  ResolveRecorder seen;
  resolver_->find_addresses("silent.test", seen).reset();
  resolver_->find_addresses("app.test", seen).reset();
  resolver_->find_addresses("localhost", seen).reset();
  auto service = resolver_->find_service("_a._tcp.test", seen);
  run_until([&] { return server_.asked("silent.test", NameServer::kA) > 1; });
  service.reset();
  EXPECT_EQ(found("app.test").answers, 1);
  EXPECT_EQ(seen.answers, 0);
}

TEST_F(ResolverTest, ALookupMayBeDestroyedInItsEvent) {
  server_.hosts("app.test", {"10.0.0.1"}, 60);
  server_.service("_a._tcp.test", {{0, 1, 80, "app.test"}}, 30);
  server_.fail("silent.test", NameServer::kSilence);
  resolver_.emplace(loop_, settings(50ms));
  ResolveRecorder seen;
  std::unique_ptr<Lookup> lookup;
  seen.after = [&] { lookup.reset(); };
  for (const char* name : {"app.test", "nowhere.test", "localhost", "silent.test"}) {
    lookup = resolver_->find_addresses(name, seen);
    run_until([&] { return lookup == nullptr; });
  }
  lookup = resolver_->find_service("_a._tcp.test", seen);
  run_until([&] { return lookup == nullptr; });
  EXPECT_EQ(seen.answers, 5);
}

TEST_F(ResolverTest, TheResolverMayGoWithQuestionsUnderWay) {
  server_.fail("silent.test", NameServer::kSilence);
  resolver_.emplace(loop_, settings());
  ResolveRecorder seen;
  auto lookup = resolver_->find_addresses("silent.test", seen);
  run_until([&] { return server_.asked("silent.test", NameServer::kA) >= 1; });
  lookup.reset();
  resolver_.reset();
  settle();
  EXPECT_EQ(seen.answers, 0);
}

}  // namespace
}  // namespace weir::net
