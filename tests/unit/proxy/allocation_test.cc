// The second exchange on kept-alive connections allocates nothing. Counts every call of operator
// new while it runs; the streams here own their memory beforehand, so what is counted is the
// proxy's.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "support/allocation_count.h"
#include "support/h2_frames.h"
#include "support/scenario.h"

namespace weir::proxy {
namespace {

// Takes everything at once and keeps it where it can be looked at.
class RoomyStream final : public net::Stream {
 public:
  struct Ends {
    net::StreamEvents* events = nullptr;
    std::array<char, 512 * 1024> taken;
    std::size_t size = 0;

    std::string_view text() const { return {taken.data(), size}; }
  };
  explicit RoomyStream(Ends& ends) : ends_(ends) {}
  ~RoomyStream() override { ends_.events = nullptr; }

  void start(net::StreamEvents& events) override { ends_.events = &events; }
  bool write(std::span<const std::string_view> parts) override {
    for (std::string_view part : parts) {
      if (ends_.size + part.size() > ends_.taken.size()) return false;
      std::memcpy(ends_.taken.data() + ends_.size, part.data(), part.size());
      ends_.size += part.size();
    }
    return true;
  }
  std::size_t pending_bytes() const override { return 0; }
  void pause_reading() override {}
  void resume_reading() override {}
  void finish_writing() override {}
  void abort_on_close() override {}

 private:
  Ends& ends_;
};

// Two origins: 10.0.0.1, and 10.0.1.1 for what is mirrored. Each connect is answered by accept().
class RoomyConnector final : public net::Connector {
 public:
  RoomyConnector(RoomyStream::Ends& origin, RoomyStream::Ends& mirror)
      : origin_(origin), mirror_(mirror) {}
  std::unique_ptr<net::ConnectTicket> connect(const SocketAddress& to, std::chrono::milliseconds,
                                              net::ConnectEvents& events) override {
    (to_string(to) == "10.0.1.1:80" ? mirror_waits_ : origin_waits_) = &events;
    return std::make_unique<net::ConnectTicket>();
  }
  void accept() {
    answer(origin_waits_, origin_);
    answer(mirror_waits_, mirror_);
  }

 private:
  static void answer(net::ConnectEvents*& waiting, RoomyStream::Ends& ends) {
    if (waiting == nullptr) return;
    std::exchange(waiting, nullptr)->on_connected(std::make_unique<RoomyStream>(ends));
  }

  RoomyStream::Ends& origin_;
  RoomyStream::Ends& mirror_;
  net::ConnectEvents* origin_waits_ = nullptr;
  net::ConnectEvents* mirror_waits_ = nullptr;
};

class Allocations : public testing::Test {
 protected:
  Allocations() : connector_(origin_, mirror_) {
    scenario_.use(connector_);
    scenario_.keeps_records = false;
  }

  // One whole exchange; bytes come as a socket brings them.
  void exchange(const std::string& request, const std::string& response) {
    client_.size = origin_.size = mirror_.size = 0;
    give(client_, request);
    connector_.accept();
    give(origin_, response);
    if (mirror_.size > 0) give(mirror_, response);
  }
  static void give(RoomyStream::Ends& ends, std::string_view bytes) {
    ASSERT_NE(ends.events, nullptr);
    for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), limits::kReceiveBuffer))) {
      ends.events->on_read(bytes.substr(0, limits::kReceiveBuffer));
    }
  }
  void expect_none_after_the_first(const std::string& request, const std::string& response) {
    scenario_.take_client(std::make_unique<RoomyStream>(client_));
    exchange(request, response);
    const std::string first(client_.text());
    const std::uint64_t before = test::allocations();
    exchange(request, response);
    EXPECT_EQ(test::allocations(), before);
    EXPECT_EQ(client_.text(), first);
    EXPECT_TRUE(client_.text().starts_with("HTTP/1.1 200 OK\r\n"));
  }

  RoomyStream::Ends client_, origin_, mirror_;
  RoomyConnector connector_;
  test::Scenario scenario_;
};

std::string length_of(std::size_t size) {
  return "Content-Length: " + std::to_string(size) + "\r\n\r\n" + std::string(size, 'x');
}
const std::string kRequest =
    "GET /a/path?with=query HTTP/1.1\r\nHost: a.test\r\nUser-Agent: t/1\r\nAccept: */*\r\n\r\n";

TEST_F(Allocations, NoneForTheSecondGet) {
  expect_none_after_the_first(kRequest, "HTTP/1.1 200 OK\r\n" + length_of(5));
}

// nghttp2 has an allocator of its own; what is counted is ours.
TEST_F(Allocations, NoneForTheSecondHttp2Exchange) {
  namespace h2 = test::h2;
  const auto post = [](std::int32_t stream) {
    return h2::headers(stream, h2::request_fields("POST", "/a", {{"accept", "*/*"}}), false) +
           h2::data(stream, std::string(1000, 'x'), true);
  };
  const std::string first = h2::hello() + post(1);
  const std::string second = post(3);
  const std::string response = "HTTP/1.1 200 OK\r\n" + length_of(20 * 1024);
  const auto run = [&](std::string_view request) {
    client_.size = origin_.size = 0;
    give(client_, request);
    scenario_.settle();
    connector_.accept();
    give(origin_, response);
    scenario_.settle();
  };
  scenario_.take_client(std::make_unique<RoomyStream>(client_));
  run(first);
  const std::uint64_t before = test::allocations();
  run(second);
  EXPECT_EQ(test::allocations(), before);
  EXPECT_GT(origin_.size, 1000U);
  EXPECT_GT(client_.size, 20U * 1024);
}

TEST_F(Allocations, NoneForTheSecondLargeResponse) {
  expect_none_after_the_first(kRequest, "HTTP/1.1 200 OK\r\n" + length_of(100 * 1024));
}

TEST_F(Allocations, NoneForTheSecondChunkedResponse) {
  expect_none_after_the_first(kRequest,
                              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
                              "4\r\ndefg\r\n0\r\nX-Sum: 1\r\n\r\n");
}

TEST_F(Allocations, NoneForTheSecondPost) {
  expect_none_after_the_first("POST / HTTP/1.1\r\nHost: a.test\r\n" + length_of(100 * 1024),
                              "HTTP/1.1 200 OK\r\n" + length_of(5));
}

TEST_F(Allocations, NoneForTheSecondRewrittenAndEditedExchange) {
  scenario_.route().rewrite.prefix = "/elsewhere";
  scenario_.route().normalize_path = true;
  scenario_.route().request_headers.set.push_back({"X-Set", "value"});
  scenario_.route().response_headers.remove.push_back("Server");
  expect_none_after_the_first(kRequest, "HTTP/1.1 200 OK\r\nServer: o\r\n" + length_of(5));
}

TEST_F(Allocations, NoneForTheSecondSplitByACookie) {
  config::Route& route = scenario_.route();
  route.action = config::ActionKind::split;
  route.split.variants = {{.name = "stable", .cluster = "origins", .weight = 1},
                          {.name = "canary", .cluster = "origins", .weight = 1}};
  route.split.key = {{config::KeySource::header, "X-User"}, {config::KeySource::cookie, "sid"}};
  expect_none_after_the_first(
      "GET / HTTP/1.1\r\nHost: a.test\r\nCookie: a=b; sid=0123456789\r\n\r\n",
      "HTTP/1.1 200 OK\r\n" + length_of(5));
}

TEST_F(Allocations, NoneForTheSecondLimitedByAHeader) {
  scenario_.route().rate_limit = {
      .requests = 5, .burst = 5, .key = {{config::KeySource::header, "X-Api-Key"}}};
  expect_none_after_the_first(
      "GET / HTTP/1.1\r\nHost: a.test\r\nX-Api-Key: a key that no small string holds\r\n\r\n",
      "HTTP/1.1 200 OK\r\n" + length_of(5));
}

TEST_F(Allocations, NoneForTheSecondAnswerThatALimitGives) {
  scenario_.route().rate_limit = {.requests = 1, .burst = 1, .key = {}};
  scenario_.take_client(std::make_unique<RoomyStream>(client_));
  exchange(kRequest, "HTTP/1.1 200 OK\r\n" + length_of(5));
  give(client_, kRequest);
  client_.size = 0;
  const std::uint64_t before = test::allocations();
  give(client_, kRequest);
  EXPECT_EQ(test::allocations(), before);
  EXPECT_TRUE(client_.text().starts_with("HTTP/1.1 429 "));
}

// An end that was not there before: the tunnel's connections are never used again.
TEST_F(Allocations, NoneForWhatGoesThroughATunnel) {
  scenario_.take_client(std::make_unique<RoomyStream>(client_));
  exchange("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
           "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  ASSERT_TRUE(client_.text().starts_with("HTTP/1.1 101 "));
  client_.size = origin_.size = 0;
  const std::string some(50 * 1024, 'x');
  const std::uint64_t before = test::allocations();
  for (int i = 0; i < 5; ++i) {
    give(client_, some);
    give(origin_, some);
  }
  EXPECT_EQ(test::allocations(), before);
  EXPECT_EQ(client_.size, 5 * some.size());
  EXPECT_EQ(origin_.size, 5 * some.size());
}

TEST_F(Allocations, NoneForTheSecondMirroredPost) {
  config::Cluster next;
  next.name = "next";
  next.endpoints.push_back({.address = {.host = "10.0.1.1", .port = 80, .unix_path = {}}});
  scenario_.file.clusters.push_back(next);
  config::Mirror mirror;
  mirror.cluster = "next";
  mirror.share = {1, 1};
  mirror.methods = {"POST"};
  scenario_.route().mirrors.push_back(mirror);
  expect_none_after_the_first("POST / HTTP/1.1\r\nHost: a.test\r\n" + length_of(20 * 1024),
                              "HTTP/1.1 200 OK\r\n" + length_of(5));
  EXPECT_GT(mirror_.size, 20U * 1024);
  EXPECT_EQ(scenario_.mirror().load->in_flight(), 0U);
}

}  // namespace
}  // namespace weir::proxy
