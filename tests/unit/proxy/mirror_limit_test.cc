// The bounds of mirrors, one below, at, and one above: copies are dropped and counted, requests are
// not held up.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "release_scenario.h"

namespace weir::proxy {
namespace {

using test::kGet;
using test::kOk;
using test::Party;

class MirrorLimits : public test::ReleaseTest {
 protected:
  static std::string post(std::size_t size) {
    return "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: " + std::to_string(size) +
           "\r\n\r\n" + std::string(size, 'x');
  }
  static std::string chunked_post(std::size_t size) {
    return "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n" +
           hex(size - 1) + "\r\n" + std::string(size - 1, 'x') + "\r\n0\r\n\r\n";
  }
  static std::string hex(std::size_t n) {
    char digits[20];
    snprintf(digits, sizeof digits, "%zx", n);
    return digits;
  }
  // One request whose client is answered whatever becomes of the copy.
  void ask(const std::string& request) {
    Party& client = connect();
    client.sends(request);
    Party& origin = accept_at(kStable);
    origin.sends("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(client.receives().status(), 200);
    client.closes();
  }
  using Words = std::vector<std::string>;
};

TEST_F(MirrorLimits, Content) {
  config::Mirror& mirror = use_mirror();
  mirror.methods = {"POST"};
  mirror.max_body = 1000;
  for (const auto& make : {post, chunked_post}) {
    const std::size_t before = copies_dropped().size();
    ask(make(999));
    ask(make(1000));
    EXPECT_EQ(connecting(), 2U);
    EXPECT_EQ(copies_dropped().size(), before);
    ask(make(1001));
    EXPECT_EQ(copies_dropped().size(), before + 1);
    EXPECT_EQ(copies_dropped().back(), "body");
    EXPECT_EQ(last_record().mirror, "next=body");
    accept();
    accept();
  }
}

TEST_F(MirrorLimits, CopiesUnderWay) {
  use_mirror().max_in_flight = 2;
  ask(std::string(kGet));
  ask(std::string(kGet));
  EXPECT_EQ(mirror().load->in_flight(), 2U);
  EXPECT_TRUE(copies_dropped().empty());
  ask(std::string(kGet));
  EXPECT_EQ(copies_dropped(), Words{"in_flight"});
  accept().sends(kOk);
  ask(std::string(kGet));
  EXPECT_EQ(copies_dropped().size(), 1U);
}

TEST_F(MirrorLimits, BytesOfTheMirror) {
  config::Mirror& settings = use_mirror();
  settings.methods = {"POST"};
  settings.max_bytes = 4000;
  ask(post(3000));
  EXPECT_TRUE(copies_dropped().empty());
  EXPECT_LE(mirror().load->bytes.held(), 4000U);
  ask(post(3000));
  EXPECT_EQ(copies_dropped(), Words{"bytes"});
  accept().sends(kOk);
  EXPECT_EQ(mirror().load->bytes.held(), 0U);
  ask(post(3000));
  EXPECT_EQ(copies_dropped().size(), 1U);
}

TEST_F(MirrorLimits, BytesOfTheProcess) {
  file.mirror_bytes = 4000;
  use_mirror().methods = {"POST"};
  use_mirror().methods = {"POST"};
  ask(post(3000));
  EXPECT_EQ(copies_dropped(), Words{"process_bytes"});
  EXPECT_EQ(connecting(), 1U);
}

TEST_F(MirrorLimits, AHeadAloneCanBeTooMuch) {
  use_mirror().max_bytes = 10;
  ask(std::string(kGet));
  EXPECT_EQ(copies_dropped(), Words{"bytes"});
}

TEST_F(MirrorLimits, AMirrorWithoutEndpoints) {
  use_mirror();
  start_now();
  candidate_endpoint().set_healthy(false);
  ask(std::string(kGet));
  EXPECT_EQ(copies_dropped(), Words{"no_endpoint"});
  EXPECT_EQ(last_record().mirror, "next=no_endpoint");
}

TEST_F(MirrorLimits, FailuresInARowPauseItAndASuccessEndsThat) {
  use_mirror();
  for (std::uint32_t i = 0; i < limits::kMirrorFailures; ++i) {
    ask(std::string(kGet));
    refuse();
  }
  EXPECT_EQ(copies_ended().size(), limits::kMirrorFailures);
  ask(std::string(kGet));
  EXPECT_EQ(copies_dropped(), Words{"paused"});
  EXPECT_EQ(connecting(), 0U);

  advance(limits::kMirrorPause);
  ask(std::string(kGet));  // one is let through, to see
  EXPECT_EQ(connecting(), 1U);
  ask(std::string(kGet));
  EXPECT_EQ(copies_dropped().size(), 2U);
  accept().sends(kOk);
  ask(std::string(kGet));
  EXPECT_EQ(copies_dropped().size(), 2U);
  EXPECT_EQ(copies_ended().back(), "2xx");
}

TEST_F(MirrorLimits, StoppingEndsWhatIsUnderWay) {
  use_mirror();
  ask(std::string(kGet));
  mirrors().stop_all();
  EXPECT_EQ(copies_dropped(), Words{"stopping"});
  EXPECT_TRUE(mirrors().idle());
  EXPECT_EQ(connecting(), 0U);
}

TEST_F(MirrorLimits, TheShareByKeyIsTheHighEndOfTheSplitsRing) {
  use_split(1, 0);
  config::Mirror& settings = use_mirror(100);
  settings.by = config::MirrorBy::key;
  settings.share = {50, 100};
  int copied = 0;
  for (int user = 0; user < 200; ++user) {
    const std::string name = "u" + std::to_string(user);
    Party& client = connect();
    client.sends("GET / HTTP/1.1\r\nHost: a.test\r\nX-User: " + name + "\r\n\r\n");
    accept_at(kStable).sends("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    client.closes();
    const traffic::Point point = context().snapshot->shared->routes[0].split->split.point_of(name);
    EXPECT_EQ(last_record().mirror == "next=sent", point >= std::uint64_t{1} << 63) << name;
    copied += last_record().mirror == "next=sent";
    while (connecting() > 0) accept().sends(kOk);
  }
  EXPECT_NEAR(copied, 100, 25);
}

}  // namespace
}  // namespace weir::proxy
