// Where a split finds what tells users apart, source by source: what is a value, what is garbage,
// and which of several counts.
#include "traffic/split_key.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>

#include <weir/limits.h>

#include "unit/traffic/fake_request.h"
#include "unit/traffic/fake_split.h"

namespace weir::traffic {
namespace {

using config::KeySource;

constexpr const char* kNone = "(none)";
constexpr std::string_view kId = "0123456789abcdef0123456789abcdef";

std::string found(const config::SplitKey& key, const RequestView& request) {
  const auto room = std::make_unique<char[]>(limits::kTargetBytes);
  const IpAddress client = *parse_ip("192.0.2.1");
  return std::string(
      find_key(key, request, client, {room.get(), limits::kTargetBytes}).value_or(kNone));
}

std::string in_fields(const config::SplitKey& key, const FakeFields& fields) {
  RequestView request = get("a.test", "/");
  request.fields = &fields;
  return found(key, request);
}

TEST(SplitKey, Header) {
  const config::SplitKey key = key_of(KeySource::header, "X-User-Id");
  EXPECT_EQ(in_fields(key, {{"x-user-id", "42"}}), "42");
  EXPECT_EQ(in_fields(key, {{"X-USER-ID", "a, b"}}), "a, b");
  EXPECT_EQ(in_fields(key, {{"X-User-Id", "first"}, {"X-User-Id", "second"}}), "first");
  EXPECT_EQ(in_fields(key, {{"X-User-Id", ""}}), kNone);
  EXPECT_EQ(in_fields(key, {{"X-User", "42"}}), kNone);
  EXPECT_EQ(in_fields(key, {}), kNone);
  EXPECT_EQ(found(key, get("a.test", "/")), kNone);  // no fields at all
}

TEST(SplitKey, Cookie) {
  const config::SplitKey key = key_of(KeySource::cookie, "sid");
  EXPECT_EQ(in_fields(key, {{"Cookie", "a=b; sid=1; c=d"}}), "1");
  EXPECT_EQ(in_fields(key, {{"Cookie", "a=b"}, {"Cookie", "sid=2"}}), "2");
  EXPECT_EQ(in_fields(key, {{"Cookie", "sid=%31"}}), "%31");  // the bytes once set
  EXPECT_EQ(in_fields(key, {{"Cookie", "sid=; sid=1"}}), kNone);
  EXPECT_EQ(in_fields(key, {{"Cookie", "SID=1"}}), kNone);
}

TEST(SplitKey, QueryIsDecoded) {
  const config::SplitKey key = key_of(KeySource::query, "user id");
  const auto in_query = [&](std::string_view query) {
    return found(key, get("a.test", "/", query));
  };
  EXPECT_EQ(in_query("user+id=4%32"), "42");
  EXPECT_EQ(in_query("x=1&user%20id=a+b&user+id=c"), "a b");
  EXPECT_EQ(in_query("user+id=%"), "%");
  EXPECT_EQ(in_query("user+id="), kNone);
  EXPECT_EQ(in_query("user+id"), kNone);
  EXPECT_EQ(in_query(""), kNone);
  const std::string longest(limits::kTargetBytes, '+');
  EXPECT_EQ(in_query("user+id=" + longest), std::string(limits::kTargetBytes, ' '));
}

TEST(SplitKey, ClientAddress) {
  const std::string bytes = found(key_of(KeySource::client_ip), get("a.test", "/"));
  const IpAddress client = *parse_ip("::ffff:192.0.2.1");
  EXPECT_EQ(bytes, std::string(client.bytes.begin(), client.bytes.end()));
}

TEST(SplitKey, OnlyAnIssuedIdIsTakenFromItsCookie) {
  const config::SplitKey key = key_of(KeySource::issued_cookie, "weir-id");
  const auto in_cookie = [&](std::string_view value) {
    return in_fields(key, {{"Cookie", "weir-id=" + std::string(value)}});
  };
  EXPECT_EQ(in_cookie(kId), kId);
  EXPECT_EQ(in_cookie(" " + std::string(kId) + " "), kId);  // white space is the field's
  std::string upper(kId);
  std::ranges::transform(upper, upper.begin(), [](char c) { return c == 'a' ? 'A' : c; });
  for (const std::string& garbage :
       {upper, std::string(), std::string(kId.substr(1)), std::string(kId) + "0",
        std::string(32, 'g'), std::string(32, '/'), std::string(32, ':'), std::string(32, '`'),
        std::string(32, '\0'), "\"" + std::string(kId.substr(2)) + "\"", std::string(32, ' '),
        std::string(1'000'000, 'a')}) {
    EXPECT_EQ(in_cookie(garbage), kNone) << garbage.substr(0, 40);
    EXPECT_FALSE(is_issued_id(garbage));
  }
}

TEST(SplitKey, IssuedIdsAreWellFormedAndDifferent) {
  Random random(3);
  std::set<std::string> ids;
  std::set<char> digits[kIssuedIdBytes];
  for (int i = 0; i < 1'000; ++i) {
    const IssuedId id = make_issued_id(random);
    ASSERT_TRUE(is_issued_id({id.data(), id.size()}));
    ids.emplace(id.data(), id.size());
    for (std::size_t at = 0; at < id.size(); ++at) digits[at].insert(id[at]);
  }
  EXPECT_EQ(ids.size(), 1'000U);
  for (const auto& seen : digits) EXPECT_EQ(seen.size(), 16U);  // all 128 bits are random
}

}  // namespace
}  // namespace weir::traffic
