// Which requests a mirror gets a copy of: by method, never of a copy, and by a share that is exact;
// by key from the end of the ring that a candidate's users reach last.
#include "traffic/sampling.h"

#include <gtest/gtest.h>

#include <array>

#include "traffic/splitter.h"
#include "unit/traffic/fake_request.h"
#include "unit/traffic/fake_split.h"

namespace weir::traffic {
namespace {

config::Mirror mirror_of(std::uint64_t numerator, std::uint64_t denominator,
                         config::MirrorBy by = config::MirrorBy::request) {
  config::Mirror mirror;
  mirror.share = {numerator, denominator};
  mirror.by = by;
  return mirror;
}

bool takes(const config::Mirror& mirror, Point point) {
  Random unused(1);
  return sample(mirror, "GET", &point, unused) == SampleVerdict::taken;
}

TEST(Sampling, OnlyTheMirrorsMethods) {
  Random random(1);
  const auto verdict = [&](const config::Mirror& mirror, std::string_view method) {
    return sample(mirror, method, nullptr, random);
  };
  config::Mirror mirror = mirror_of(1, 1);
  for (const char* method : {"GET", "HEAD", "OPTIONS"}) {
    EXPECT_EQ(verdict(mirror, method), SampleVerdict::taken) << method;
  }
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "CONNECT", "get", "GETS", ""}) {
    EXPECT_EQ(verdict(mirror, method), SampleVerdict::method) << method;
  }
  mirror.methods = {"POST"};
  EXPECT_EQ(verdict(mirror, "POST"), SampleVerdict::taken);
  EXPECT_EQ(verdict(mirror, "GET"), SampleVerdict::method);
}

TEST(Sampling, AMarkedRequestIsACopyWhateverTheMark) {
  RequestView request = get("a.test", "/");
  EXPECT_FALSE(is_a_copy(request));
  const FakeFields marked{{"x-weir-mirror", "shop"}};
  const FakeFields empty{{"X-Weir-Mirror", ""}};
  const FakeFields other{{"X-Weir-Mirrors", "shop"}};
  for (const FakeFields* fields : {&marked, &empty}) {
    request.fields = fields;
    EXPECT_TRUE(is_a_copy(request));
  }
  request.fields = &other;
  EXPECT_FALSE(is_a_copy(request));
}

TEST(Sampling, ByRequestTheShareIsOfRequests) {
  struct Row {
    std::uint64_t numerator, denominator;
    double taken, tolerance;  // of a million
  };
  constexpr Row kRows[] = {{0, 100, 0, 0},       {100, 100, 1'000'000, 0}, {1, 1, 1'000'000, 0},
                           {1, 10'000, 100, 40}, {1, 4, 250'000, 1'500},   {1, 3, 333'333, 1'500}};
  const Point key = 0;  // one user's requests: of no meaning here
  for (const Row& row : kRows) {
    const config::Mirror mirror = mirror_of(row.numerator, row.denominator);
    Random random(5);
    int taken = 0;
    for (int i = 0; i < 1'000'000; ++i) {
      taken += sample(mirror, "GET", &key, random) == SampleVerdict::taken;
    }
    EXPECT_NEAR(taken, row.taken, row.tolerance) << row.numerator << "/" << row.denominator;
  }
}

TEST(Sampling, ByKeyTheHighEndIsTakenToTheVeryPoint) {
  using config::MirrorBy;
  const config::Mirror none = mirror_of(0, 100, MirrorBy::key);
  const config::Mirror all = mirror_of(100, 100, MirrorBy::key);
  const config::Mirror half = mirror_of(50, 100, MirrorBy::key);
  const config::Mirror rare = mirror_of(1, 10'000, MirrorBy::key);  // 0.01 %
  for (const Point point : {Point{0}, Point{1} << 63, ~Point{0}}) {
    EXPECT_FALSE(takes(none, point));
    EXPECT_TRUE(takes(all, point));
  }
  EXPECT_TRUE(takes(half, Point{1} << 63));
  EXPECT_FALSE(takes(half, (Point{1} << 63) - 1));
  EXPECT_TRUE(takes(rare, ~Point{0} - 1'844'674'407'370'954));  // 2^64 / 10^4, cut, of them
  EXPECT_FALSE(takes(rare, ~Point{0} - 1'844'674'407'370'955));
}

TEST(Sampling, ByKeyTheShareIsOfUsers) {
  const auto users = points_of_users(200'000, "shop");
  for (const std::uint64_t percent : {1U, 10U, 50U, 90U}) {
    const config::Mirror mirror = mirror_of(percent, 100, config::MirrorBy::key);
    std::size_t taken = 0;
    for (const Point point : users) taken += takes(mirror, point);
    EXPECT_NEAR(static_cast<double>(taken) / 200'000, static_cast<double>(percent) / 100, 0.004);
  }
}

TEST(Sampling, ByKeyWithoutOneIsChance) {
  const config::Mirror mirror = mirror_of(1, 4, config::MirrorBy::key);
  Random random(9);
  int taken = 0;
  for (int i = 0; i < 100'000; ++i) {
    taken += sample(mirror, "GET", nullptr, random) == SampleVerdict::taken;
  }
  EXPECT_NEAR(taken, 25'000, 600);
}

TEST(Sampling, ByKeyAUserIsAlwaysTakenOrNever) {
  const config::Mirror mirror = mirror_of(1, 2, config::MirrorBy::key);
  Random random(9);
  for (const Point point : points_of_users(100, "shop")) {
    const auto first = sample(mirror, "GET", &point, random);
    for (int i = 0; i < 10; ++i) ASSERT_EQ(sample(mirror, "GET", &point, random), first);
  }
}

// So that stable with the mirror's load is compared with a candidate without it, and the other way
// round, only when the two shares do not fit beside each other.
TEST(Sampling, ACandidatesUsersAreNotMirroredWhileTheSharesFit) {
  const Splitter splitter(variants_of({0, 0}));
  const auto users = points_of_users(20'000, "shop");
  std::size_t on_canary = 0, mirrored = 0;
  for (const std::uint32_t whole : {3U, 7U, 100U, 999'983U, 1'000'000U}) {
    for (const std::uint32_t part : {1U, whole / 20, whole / 3, whole / 2, whole - 1}) {
      const Weights weights = weights_of({whole - part, part});
      const config::Mirror mirror = mirror_of(whole - part, whole, config::MirrorBy::key);
      std::vector<Point> points = users;
      const auto boundary = static_cast<Point>((Wide{part} << 64) / whole);
      for (const Point point : {boundary - 1, boundary, boundary + 1}) points.push_back(point);
      for (const Point point : points) {
        const bool canary = splitter.variant_of(point, weights) == 1;
        const bool taken = takes(mirror, point);
        ASSERT_NE(canary, taken) << point << ": " << part << "/" << whole;  // together all of it
        on_canary += canary;
        mirrored += taken;
      }
    }
  }
  EXPECT_GT(on_canary, 100'000U);
  EXPECT_GT(mirrored, 100'000U);
}

}  // namespace
}  // namespace weir::traffic
