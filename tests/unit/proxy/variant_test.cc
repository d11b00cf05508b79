// Splits over memory streams: who goes where, what the origin and the user see of it, and what the
// record says.
#include <gtest/gtest.h>

#include <string>

#include "release_scenario.h"

namespace weir::proxy {
namespace {

using test::HttpText;
using test::kGet;
using test::kOk;
using test::kUserGet;
using test::Party;

class Variants : public test::ReleaseTest {
 protected:
  // One request on a connection of its own, answered by whoever it went to.
  HttpText ask(std::string_view request, std::string_view answer = kOk) {
    Party& client = connect();
    client.sends(request);
    Party& origin = accept();
    seen_ = origin.receives();
    origin.sends(answer);
    HttpText got = client.receives();
    client.closes();
    origin.closes();
    return got;
  }
  const HttpText& seen() const { return seen_; }

 private:
  HttpText seen_;
};

TEST_F(Variants, WeightsOfAllAndNothingAreExact) {
  use_split(100, 0);
  ask(kUserGet);
  EXPECT_EQ(connected_to(), kStable);
  EXPECT_EQ(last_record().variant, "stable");
  EXPECT_EQ(last_record().variant_reason, "weight");
  EXPECT_EQ(last_record().cluster, "origins");
}

TEST_F(Variants, TheCandidateServesAtFullWeight) {
  use_split(0, 1);
  ask(kUserGet);
  EXPECT_EQ(connected_to(), kCandidate);
  EXPECT_EQ(last_record().variant, "canary");
  EXPECT_EQ(last_record().cluster, "next");
  EXPECT_EQ(last_record().assigned_variant, "");
  EXPECT_EQ(last_record().values.split.assigned, 1);
  EXPECT_EQ(last_record().values.split.served, 1);
}

TEST_F(Variants, ChangedWeightsCountFromTheNextRequestOnOpenConnections) {
  use_split(1, 0);
  Party& client = connect();
  client.sends(kUserGet);
  accept().sends(kOk);
  client.receives();
  weights().set({{0, 1}});
  client.sends(kUserGet);
  accept().sends(kOk);
  EXPECT_EQ(client.receives().status(), 200);
  EXPECT_EQ(connected_to(), kCandidate);
  weights().set({{1, 0}});
  client.sends(kUserGet);
  EXPECT_EQ(connecting(), 0U) << "the pooled connection to the stable origin is used";
  EXPECT_EQ(in_flight(), 1U);
}

TEST_F(Variants, WithoutAKeyTheReasonSaysSo) {
  use_split(1, 1);
  route().split.missing_key = config::MissingKey::stable;
  for (int i = 0; i < 4; ++i) {
    Party& client = connect();
    client.sends(kGet);
    if (connecting() > 0) accept();
    EXPECT_EQ(connected_to(), kStable);
    client.closes();
    EXPECT_EQ(last_record().variant_reason, "no_key");
  }
}

TEST_F(Variants, AnOverrideCountsAndIsNotPassedOn) {
  use_split(1, 0);
  route().split.override = {.header = "X-Variant", .secret = "s3cret"};
  ask("GET / HTTP/1.1\r\nHost: a.test\r\nX-Variant: canary:s3cret\r\n\r\n");
  EXPECT_EQ(connected_to(), kCandidate);
  EXPECT_EQ(last_record().variant_reason, "override");
  EXPECT_FALSE(seen().has("X-Variant"));
}

TEST_F(Variants, AWrongSecretIsIgnoredAndNoted) {
  use_split(1, 0);
  route().split.override = {.header = "X-Variant", .secret = "s3cret"};
  EXPECT_EQ(ask("GET / HTTP/1.1\r\nHost: a.test\r\nX-Variant: canary:guess\r\n\r\n").status(), 200);
  EXPECT_EQ(connected_to(), kStable);
  EXPECT_TRUE(last_record().values.split.wrong_secret);
  EXPECT_FALSE(seen().has("X-Variant"));
}

class IssuedCookies : public Variants {
 protected:
  IssuedCookies() {
    use_split(1, 1);
    route().split.key = {{config::KeySource::issued_cookie, "weir-id"}};
  }
};

TEST_F(IssuedCookies, AreGivenOnceAndKeepTheirVariant) {
  const std::string cookie = ask(kGet).field("Set-Cookie");
  ASSERT_TRUE(cookie.starts_with("weir-id=")) << cookie;
  EXPECT_TRUE(cookie.ends_with("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax")) << cookie;
  const std::string variant = last_record().variant;
  EXPECT_EQ(last_record().variant_reason, "weight");
  for (int i = 0; i < 3; ++i) {
    const HttpText again = ask("GET / HTTP/1.1\r\nHost: a.test\r\nCookie: a=b; " +
                               cookie.substr(0, cookie.find(';')) + "\r\n\r\n");
    EXPECT_FALSE(again.has("Set-Cookie"));
    EXPECT_EQ(last_record().variant, variant);
  }
}

TEST_F(IssuedCookies, GarbageIsTakenForNone) {
  for (const char* value : {"", "1", "canary", "ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ"}) {
    const HttpText answer =
        ask(std::string("GET / HTTP/1.1\r\nHost: a.test\r\nCookie: weir-id=") + value + "\r\n\r\n");
    EXPECT_TRUE(answer.has("Set-Cookie")) << value;
  }
}

TEST_F(IssuedCookies, StayOffResponsesThatCachesShare) {
  const char* shared =
      "HTTP/1.1 200 OK\r\nCache-Control: public, max-age=60\r\n"
      "Content-Length: 2\r\n\r\nok";
  EXPECT_FALSE(ask(kGet, shared).has("Set-Cookie"));
}

TEST_F(IssuedCookies, CanBeForcedOntoThem) {
  route().split.issued_cookie.force = true;
  const char* shared = "HTTP/1.1 200 OK\r\nCache-Control: public\r\nContent-Length: 2\r\n\r\nok";
  EXPECT_TRUE(ask(kGet, shared).has("Set-Cookie"));
}

TEST_F(IssuedCookies, StandBesideTheOriginsOwn) {
  const HttpText answer =
      ask(kGet, "HTTP/1.1 200 OK\r\nSet-Cookie: sid=1\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_TRUE(answer.field("Set-Cookie").starts_with("sid=1, weir-id="));
}

}  // namespace
}  // namespace weir::proxy
