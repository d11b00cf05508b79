// Rate limits: what a bucket lets through, whose bucket a request takes from, and what is forgotten
// when there are more keys than places. Time is given, never read.
#include "traffic/rate_limiter.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "unit/traffic/fake_request.h"

namespace weir::traffic {
namespace {

using config::KeySource;

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kStart = 1'000'000 * kMs;

config::RateLimit limit_of(std::uint32_t requests, std::uint32_t burst) {
  return {.requests = requests, .per = std::chrono::seconds(1), .burst = burst, .key = {}};
}
config::RateLimit keyed(config::RateLimit limit, KeySource source, std::string name = {}) {
  limit.key = {.source = source, .name = std::move(name)};
  return limit;
}

// A limiter with a time of its own.
class Limited {
 public:
  explicit Limited(const config::RateLimit& settings) : limiter_(settings, 7) {}

  RateVerdict ask(const FakeFields& fields = {}, std::string_view client = "192.0.2.1") {
    RequestView request = get("a.test", "/");
    request.fields = &fields;
    return limiter_.take(request, parse_ip(client).value(), now_);
  }
  bool admits(const FakeFields& fields = {}, std::string_view client = "192.0.2.1") {
    return ask(fields, client).admitted;
  }
  bool admits_from(std::string_view client) { return admits({}, client); }
  int admitted(int requests) {
    int count = 0;
    for (int i = 0; i < requests; ++i) count += admits() ? 1 : 0;
    return count;
  }
  void pass(std::uint64_t ms) { now_ += ms * kMs; }

 private:
  RateLimiter limiter_;
  std::uint64_t now_ = kStart;
};

TEST(RateLimiter, AdmitsABurstAndThenTheRate) {
  Limited limited(limit_of(10, 20));
  EXPECT_EQ(limited.admitted(30), 20);
  for (int i = 0; i < 50; ++i) {
    limited.pass(99);
    EXPECT_FALSE(limited.admits());
    limited.pass(1);
    EXPECT_TRUE(limited.admits());
    EXPECT_FALSE(limited.admits());
  }
}

TEST(RateLimiter, SaysHowLongToWait) {
  Limited limited(limit_of(4, 1));
  EXPECT_TRUE(limited.admits());
  EXPECT_EQ(limited.ask().wait_ns, 250 * kMs);
  limited.pass(100);
  const RateVerdict verdict = limited.ask();
  EXPECT_FALSE(verdict.admitted);
  EXPECT_EQ(verdict.wait_ns, 150 * kMs);
  limited.pass(150);
  EXPECT_TRUE(limited.admits());
}

TEST(RateLimiter, AQuietTimeSavesNoMoreThanTheBurst) {
  Limited limited(limit_of(10, 20));
  limited.pass(24 * 3600 * 1000);
  EXPECT_EQ(limited.admitted(100), 20);
}

TEST(RateLimiter, WhatIsRefusedCostsNothing) {
  Limited limited(limit_of(10, 1));
  EXPECT_EQ(limited.admitted(1000), 1);
  limited.pass(100);
  EXPECT_TRUE(limited.admits());
}

TEST(RateLimiter, NeverAdmitsMoreThanBurstAndRate) {
  Random random(3);
  for (const auto& [requests, burst] : {std::pair{7U, 1U}, std::pair{3U, 10U}, std::pair{999U, 5U},
                                        std::pair{1'000'000U, 1'000'000U}}) {
    Limited limited(limit_of(requests, burst));
    std::uint64_t ms = 0;
    std::uint64_t admitted = 0;
    for (int i = 0; i < 20'000; ++i) {
      const std::uint64_t step = random.below(3);
      ms += step;
      limited.pass(step);
      admitted += limited.admits() ? 1 : 0;
      ASSERT_LE(admitted, burst + ms * requests / 1000);
    }
    if (requests < 500) {  // asked for more often than that
      EXPECT_GE(admitted + 1, ms * requests / 1000);
    }
  }
}

TEST(RateLimiter, EachKeyHasABucketOfItsOwn) {
  Limited limited(keyed(limit_of(1, 2), KeySource::header, "X-Api-Key"));
  const FakeFields alice{{"x-api-key", "alice"}}, bob{{"X-Api-Key", "bob"}};
  EXPECT_TRUE(limited.admits(alice));
  EXPECT_TRUE(limited.admits(alice));
  EXPECT_FALSE(limited.admits(alice));
  EXPECT_TRUE(limited.admits(bob));
  EXPECT_FALSE(limited.admits(alice));
}

TEST(RateLimiter, RequestsWithoutTheKeyShareOneBucket) {
  Limited limited(keyed(limit_of(1, 2), KeySource::cookie, "sid"));
  EXPECT_TRUE(limited.admits({{"Cookie", "a=b"}}, "192.0.2.1"));
  EXPECT_TRUE(limited.admits({{"Cookie", "sid="}}, "192.0.2.2"));
  EXPECT_FALSE(limited.admits({}, "192.0.2.3"));
  EXPECT_TRUE(limited.admits({{"Cookie", "sid=1"}}, "192.0.2.3"));
}

TEST(RateLimiter, ClientsAreAddressesAndIpv6Networks) {
  Limited limited(keyed(limit_of(1, 1), KeySource::client_ip));
  EXPECT_TRUE(limited.admits_from("192.0.2.1"));
  EXPECT_FALSE(limited.admits_from("192.0.2.1"));
  EXPECT_TRUE(limited.admits_from("192.0.2.2"));
  EXPECT_TRUE(limited.admits_from("2001:db8:0:1::1"));
  EXPECT_FALSE(limited.admits_from("2001:db8:0:1:ffff::2"));
  EXPECT_TRUE(limited.admits_from("2001:db8:0:2::1"));
}

FakeFields user(std::uint64_t number) {
  return {{"X-User", "user " + std::to_string(number)}};
}

TEST(RateLimiter, AKeyTakesThePlaceOfOneThatHasBeenQuiet) {
  config::RateLimit settings = keyed(limit_of(1, 1), KeySource::header, "X-User");
  settings.max_keys = 8;
  Limited limited(settings);
  for (std::uint64_t i = 0; i < 800; ++i) {
    const RateVerdict verdict = limited.ask(user(i));
    EXPECT_TRUE(verdict.admitted);
    EXPECT_FALSE(verdict.forgot_key);
    if (i % 8 == 7) limited.pass(1000);
  }
}

TEST(RateLimiter, AFloodOfKeysPushesOutEachOtherAndNotTheHeavyOnes) {
  config::RateLimit settings = keyed(limit_of(1, 10), KeySource::header, "X-User");
  settings.max_keys = 64;
  Limited limited(settings);
  const FakeFields heavy{{"X-User", "heavy"}};
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(limited.admits(heavy));
  std::uint64_t forgotten = 0;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const RateVerdict verdict = limited.ask(user(i));
    EXPECT_TRUE(verdict.admitted) << "a key that is not known has a full bucket";
    forgotten += verdict.forgot_key ? 1 : 0;
  }
  EXPECT_GT(forgotten, 9'000U);
  EXPECT_FALSE(limited.admits(heavy));
}

TEST(RateLimiter, AsManyKeysAsThereAreToBeAreKeptWithFewForgotten) {
  config::RateLimit settings = keyed(limit_of(1, 1), KeySource::header, "X-User");
  settings.max_keys = 100'000;
  Limited limited(settings);
  std::uint64_t forgotten = 0;
  for (std::uint64_t i = 0; i < 50'000; ++i) forgotten += limited.ask(user(i)).forgot_key ? 1 : 0;
  EXPECT_LT(forgotten, 1'000U);
  std::uint64_t again = 0;
  for (std::uint64_t i = 0; i < 50'000; ++i) again += limited.admits(user(i)) ? 1 : 0;
  EXPECT_LT(again, 2'000U);
}

// All threads ask at one moment: together they get the burst and not one more.
std::uint32_t admitted_by_threads(RateLimiter& limiter, const std::vector<FakeFields>& users) {
  std::atomic<std::uint32_t> admitted{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2'000; ++i) {
        for (const FakeFields& fields : users) {
          RequestView request = get("a.test", "/");
          request.fields = &fields;
          if (limiter.take(request, {}, kStart).admitted) ++admitted;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return admitted;
}

TEST(RateLimiter, ThreadsShareABucket) {
  RateLimiter limiter(limit_of(1, 1'000), 7);
  EXPECT_EQ(admitted_by_threads(limiter, {{}}), 1'000U);
}

TEST(RateLimiter, ThreadsShareTheBucketsOfKeys) {
  RateLimiter limiter(keyed(limit_of(1, 100), KeySource::header, "X-User"), 7);
  std::vector<FakeFields> users;
  for (std::uint64_t i = 0; i < 10; ++i) users.push_back(user(i));
  for (const FakeFields& fields : users) {  // each has its place
    RequestView request = get("a.test", "/");
    request.fields = &fields;
    EXPECT_TRUE(limiter.take(request, {}, kStart).admitted);
  }
  EXPECT_EQ(admitted_by_threads(limiter, users), 990U);
}

TEST(RateLimiter, ThreadsThatFightForPlacesStayWithinTheTable) {
  config::RateLimit settings = keyed(limit_of(1, 100), KeySource::header, "X-User");
  settings.max_keys = 8;
  RateLimiter limiter(settings, 7);
  std::vector<FakeFields> users;
  for (std::uint64_t i = 0; i < 32; ++i) users.push_back(user(i));
  EXPECT_GT(admitted_by_threads(limiter, users), 0U);
}

}  // namespace
}  // namespace weir::traffic
