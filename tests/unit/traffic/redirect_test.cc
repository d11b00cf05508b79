// Redirect targets by table: when the path and query follow, what is escaped, what is refused.
#include "traffic/redirect.h"

#include <gtest/gtest.h>

namespace weir::traffic {
namespace {

std::string location(std::string_view to, std::string_view path, std::string_view query = {}) {
  const auto target = RedirectTarget::make(to);
  if (!target) return target.error();
  Buffer out;
  target->append_location("asked.test", path, query, out);
  return std::string(out.view());
}

TEST(Redirect, Table) {
  struct Row {
    const char* to;
    const char* path;
    const char* query;
    const char* location;
  };
  const Row rows[] = {
      {"https://shop.test/", "/old/x", "a=1", "https://shop.test/old/x?a=1"},
      {"https://shop.test", "/old", "", "https://shop.test/old"},
      {"https://shop.test:8443/", "/", "", "https://shop.test:8443/"},
      {"HTTP://shop.test/", "*", "", "HTTP://shop.test/"},
      {"http://[::1]:80/", "/x", "", "http://[::1]:80/x"},
      {"https://shop.test/new", "/old/x", "a=1", "https://shop.test/new"},
      {"https://shop.test/new/", "/old/x", "a=1", "https://shop.test/new/"},
      {"https://shop.test/?from=old", "/old", "a=1", "https://shop.test/?from=old"},
      {"https://shop.test?from=old", "/old", "a=1", "https://shop.test?from=old"},
      {"/new", "/old", "a=1", "/new"},
      {"/", "/old", "a=1", "/"},
      {"https://shop.test/", "//evil.test/x", "", "https://shop.test//evil.test/x"},
      {"https://shop.test/", "@evil.test", "", "https://shop.test/"},
      {"https://shop.test/", "/a\r\nX: y", "b\r\nc d",
       "https://shop.test/a%0D%0AX:%20y?b%0D%0Ac%20d"},
      {"https://shop.test/", "/\xc3\xa9\x7f", "", "https://shop.test/%C3%A9%7F"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(location(row.to, row.path, row.query), row.location) << row.to << " " << row.path;
  }
}

TEST(Redirect, WrongTargetsAreRefused) {
  for (const char* to : {"", "shop.test", "//shop.test/", "https://", "https:///x", "https://?x",
                         "javascript:alert(1)", "ftp://shop.test/", "https:/shop.test",
                         "https://shop.test/\r\nX: y", "https://shop.test/a b", "/\xc3\xa9",
                         "https://$host/", "https://{host}/x", "https://%h/"}) {
    EXPECT_FALSE(RedirectTarget::make(to)) << to;
  }
}

TEST(Redirect, ToHttpsKeepsTheHost) {
  const auto location = [](std::uint16_t port, std::string_view host) {
    Buffer out;
    RedirectTarget::to_https(port).append_location(host, "/a b", "q=\r\n", out);
    return std::string(out.view());
  };
  EXPECT_EQ(location(443, "shop.test"), "https://shop.test/a%20b?q=%0D%0A");
  EXPECT_EQ(location(8443, "[::1]"), "https://[::1]:8443/a%20b?q=%0D%0A");
}

TEST(Redirect, AppendsBehindWhatIsThere) {
  Buffer out;
  out.append("Location: ");
  RedirectTarget::make("https://a.test/")->append_location("asked.test", "/x", "", out);
  EXPECT_EQ(out.view(), "Location: https://a.test/x");
}

}  // namespace
}  // namespace weir::traffic
