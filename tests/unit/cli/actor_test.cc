// Who a change is logged as.
#include "cli/actor.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <pwd.h>
#include <string>
#include <unistd.h>

namespace weir::cli {
namespace {

TEST(WhoAmI, IsUserAndHost) {
  setenv("USER", "alice", 1);
  EXPECT_EQ(who_am_i().find("alice@"), 0U);
  setenv("USER", "al\nice", 1);  // would be another line of the request
  EXPECT_EQ(who_am_i(), "unknown");
  unsetenv("USER");
  unsetenv("LOGNAME");
  const passwd* entry = getpwuid(getuid());
  const std::string expected = entry == nullptr ? fmt::format("uid {}", getuid()) : entry->pw_name;
  EXPECT_EQ(who_am_i().find(expected + "@"), 0U) << who_am_i();
}

TEST(ActorNamed, IsWhoTheyAreUnlessTheySayOtherwise) {
  setenv("USER", "alice", 1);
  EXPECT_EQ(actor_named(""), who_am_i());
  EXPECT_EQ(actor_named("pipeline 7"), "pipeline 7");
  EXPECT_EQ(actor_named("a\r\nX-Weir-Actor: b").error(), "--as holds control characters");
}

}  // namespace
}  // namespace weir::cli
