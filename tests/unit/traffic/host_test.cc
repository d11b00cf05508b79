// Folding of host names at their length limit, and patterns against names.
#include "traffic/host.h"

#include <gtest/gtest.h>

namespace weir::traffic {
namespace {

TEST(Host, FoldsCaseAndTrailingDot) {
  EXPECT_EQ(FoldedHost("WWW.Example.COM.").view(), "www.example.com");
  EXPECT_EQ(FoldedHost("").view(), "");
  EXPECT_EQ(FoldedHost(".").view(), "");
  EXPECT_EQ(FoldedHost("[2001:DB8::1]").view(), "[2001:db8::1]");
  EXPECT_EQ(fold_host_pattern("*.Example.com."), "*.example.com");
}

TEST(Host, LengthLimit) {
  EXPECT_EQ(FoldedHost(std::string(kHostBytes - 1, 'a')).view().size(), kHostBytes - 1);
  EXPECT_EQ(FoldedHost(std::string(kHostBytes, 'a')).view().size(), kHostBytes);
  EXPECT_EQ(FoldedHost(std::string(kHostBytes, 'a') + ".").view().size(), kHostBytes);
  EXPECT_EQ(FoldedHost(std::string(kHostBytes + 1, 'a')).view().size(), 0U);
}

TEST(Host, Patterns) {
  EXPECT_TRUE(host_matches("*", ""));
  EXPECT_TRUE(host_matches("*.a.test", "x.a.test"));
  EXPECT_FALSE(host_matches("*.a.test", "a.test"));
  EXPECT_FALSE(host_matches("*.a.test", ""));
  EXPECT_FALSE(host_matches("", ""));
}

}  // namespace
}  // namespace weir::traffic
