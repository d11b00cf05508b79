// Entries of a file as endpoints: what needs no name server, what each address of a name becomes,
// and what is kept of answers.
#include "server/endpoint_names.h"

#include <gtest/gtest.h>

#include "server/cluster_setup.h"

namespace weir::server {
namespace {

config::Endpoint entry(std::string host, std::uint16_t port) {
  config::Endpoint endpoint;
  endpoint.address = {.host = std::move(host), .port = port, .unix_path = {}};
  return endpoint;
}

config::Endpoint service_entry(std::string name) {
  config::Endpoint endpoint;
  endpoint.service = std::move(name);
  return endpoint;
}

net::ResolvedAddress at(std::string_view ip, std::uint16_t port = 0, std::uint16_t priority = 0,
                        std::uint16_t weight = 0) {
  return {.address = {.ip = *parse_ip(ip), .port = port, .unix_path = {}},
          .priority = priority,
          .weight = weight};
}

net::Resolved answer(std::vector<net::ResolvedAddress> addresses) {
  return {.addresses = std::move(addresses), .ttl = std::chrono::seconds(60)};
}

TEST(EndpointNames, WhatNeedsNoNameServer) {
  EXPECT_FALSE(question_of(entry("10.0.0.1", 80)));
  EXPECT_FALSE(question_of(entry("::1", 80)));
  EXPECT_FALSE(question_of(entry("localhost", 80)));
  config::Endpoint socket;
  socket.address.unix_path = "/run/app.sock";
  EXPECT_FALSE(question_of(socket));
  EXPECT_EQ(question_of(entry("app.test", 80)), question_of(entry("app.test", 81)));
  EXPECT_NE(question_of(entry("_a._tcp.test", 80)), question_of(service_entry("_a._tcp.test")));
  const auto local = endpoints_of(entry("localhost", 80), {});
  ASSERT_EQ(local.size(), 1U);
  EXPECT_EQ(local[0].name, "localhost:80");
  EXPECT_EQ(to_string(local[0].address), "127.0.0.1:80");
  EXPECT_EQ(local[0].from, "");
}

TEST(EndpointNames, EachAddressOfANameIsAnEndpoint) {
  KnownNames names;
  names.learn({.name = "app.test"}, answer({at("10.0.0.1"), at("2001:db8::1")}));
  config::Endpoint app = entry("app.test", 8080);
  app.weight = 3;
  app.backup = true;
  const auto endpoints = endpoints_of(app, names);
  ASSERT_EQ(endpoints.size(), 2U);
  EXPECT_EQ(endpoints[0].name, "10.0.0.1:8080");
  EXPECT_EQ(endpoints[1].name, "[2001:db8::1]:8080");
  for (const EntryEndpoint& one : endpoints) {
    EXPECT_EQ(to_string(one.address), one.name);
    EXPECT_EQ(one.from, "app.test:8080");
    EXPECT_EQ(one.weight, 3U);
    EXPECT_TRUE(one.backup);
  }
}

TEST(EndpointNames, AServicesRecordsDecide) {
  KnownNames names;
  names.learn(
      {.name = "_a._tcp.test", .service = true},
      answer({at("10.0.0.1", 81, 5, 0), at("10.0.0.2", 82, 5, 7), at("10.0.0.3", 83, 6, 2)}));
  const auto endpoints = endpoints_of(service_entry("_a._tcp.test"), names);
  ASSERT_EQ(endpoints.size(), 3U);
  EXPECT_EQ(endpoints[0].name, "10.0.0.1:81");
  EXPECT_EQ(endpoints[0].from, "_a._tcp.test");
  EXPECT_EQ(endpoints[0].weight, 1U) << "0 is a small share, not none";
  EXPECT_EQ(endpoints[1].weight, 7U);
  EXPECT_FALSE(endpoints[1].backup);
  EXPECT_TRUE(endpoints[2].backup);
}

TEST(EndpointNames, AnAddressIsThereOnce) {
  KnownNames names;
  names.learn({.name = "a.test"}, answer({at("10.0.0.1"), at("10.0.0.2")}));
  names.learn({.name = "b.test"}, answer({at("10.0.0.2"), at("10.0.0.3")}));
  config::Cluster cluster;
  cluster.endpoints = {entry("a.test", 80), entry("b.test", 80), entry("10.0.0.1", 80)};
  const auto setup = plan_setup(cluster, names, nullptr, nullptr);
  ASSERT_EQ(setup->endpoints.size(), 3U);
  EXPECT_EQ(setup->endpoints[1]->from(), "a.test:80");
  EXPECT_EQ(setup->endpoints[2]->name(), "10.0.0.3:80");
  EXPECT_EQ(setup->memberships[2].entry, 1U);
}

TEST(EndpointNames, AFailureKeepsWhatIsKnown) {
  KnownNames names;
  const NameQuestion question{.name = "app.test"};
  names.fail(question, "no such name");
  EXPECT_EQ(names.find(question), nullptr);
  EXPECT_TRUE(names.learn(question, answer({at("10.0.0.1")})));
  EXPECT_FALSE(names.learn(question, answer({at("10.0.0.1")})));
  names.fail(question, "no such name");
  config::Cluster cluster;
  cluster.name = "app";
  cluster.endpoints = {entry("app.test", 80)};
  EXPECT_EQ(endpoints_of(cluster.endpoints[0], names)[0].name, "10.0.0.1:80");
  ASSERT_EQ(failing_names(cluster, names).size(), 1U);
  EXPECT_NE(failing_names(cluster, names)[0].find("app.test does not resolve (no such name)"),
            std::string::npos);
  EXPECT_TRUE(names.learn(question, answer({at("10.0.0.2")})));
  EXPECT_TRUE(failing_names(cluster, names).empty());
}

}  // namespace
}  // namespace weir::server
