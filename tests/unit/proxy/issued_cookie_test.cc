// The cookie that gives users an id: its attributes as the file asks for them, and which responses
// it must stay off, because a shared cache would hand one user's id to everybody.
#include "proxy/issued_cookie.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "http/h1_parser.h"
#include "support/allocation_count.h"

namespace weir::proxy {
namespace {

constexpr std::string_view kId = "0123456789abcdef0123456789abcdef";

traffic::IssuedId id() {
  traffic::IssuedId made;
  kId.copy(made.data(), made.size());
  return made;
}

std::string written(const config::IssuedCookie& settings, bool tls = false) {
  Buffer out;
  write_set_cookie(settings, id(), tls, out);
  return std::string(out.view());
}

TEST(IssuedCookie, ByDefaultItIsForAllPathsForAMonthAndNotForScripts) {
  const std::string begin = "weir-id=" + std::string(kId) + "; Path=/; Max-Age=2592000; ";
  EXPECT_EQ(written({}), begin + "HttpOnly; SameSite=Lax");
  EXPECT_EQ(written({}, true), begin + "Secure; HttpOnly; SameSite=Lax");
}

TEST(IssuedCookie, SaysWhatTheFileSays) {
  config::IssuedCookie settings;
  settings.name = "who";
  settings.path = "/shop";
  settings.domain = "shop.example.com";
  settings.max_age = std::chrono::seconds(90);
  settings.secure = config::SecureCookie::always;
  settings.http_only = false;
  settings.same_site = config::SameSite::strict;
  EXPECT_EQ(written(settings), "who=" + std::string(kId) +
                                   "; Path=/shop; Domain=shop.example.com; Max-Age=90; Secure; "
                                   "SameSite=Strict");
}

TEST(IssuedCookie, WithoutAnAgeItLastsAsLongAsTheBrowser) {
  config::IssuedCookie settings;
  settings.max_age = std::chrono::seconds(0);
  EXPECT_EQ(written(settings).find("Max-Age"), std::string::npos);
}

TEST(IssuedCookie, SecureIsOnTlsUnlessSaidOtherwise) {
  config::IssuedCookie settings;
  const auto is_secure = [&](config::SecureCookie secure, bool tls) {
    settings.secure = secure;
    return written(settings, tls).find("; Secure") != std::string::npos;
  };
  using config::SecureCookie;
  EXPECT_FALSE(is_secure(SecureCookie::on_tls, false));
  EXPECT_TRUE(is_secure(SecureCookie::on_tls, true));
  EXPECT_TRUE(is_secure(SecureCookie::always, false));
  EXPECT_TRUE(is_secure(SecureCookie::always, true));
  EXPECT_FALSE(is_secure(SecureCookie::never, false));
  EXPECT_FALSE(is_secure(SecureCookie::never, true));
}

TEST(IssuedCookie, SameSiteHasItsThreeWords) {
  config::IssuedCookie settings;
  const auto ends_with = [&](config::SameSite same_site, std::string_view end) {
    settings.same_site = same_site;
    return written(settings).ends_with(end);
  };
  EXPECT_TRUE(ends_with(config::SameSite::lax, "; SameSite=Lax"));
  EXPECT_TRUE(ends_with(config::SameSite::strict, "; SameSite=Strict"));
  EXPECT_TRUE(ends_with(config::SameSite::none, "; SameSite=None"));
}

TEST(IssuedCookie, WritingItAllocatesNothingOnceTheBufferHasGrown) {
  Buffer out;
  write_set_cookie({}, id(), true, out);
  out.clear();
  const auto before = test::allocations();
  write_set_cookie({}, id(), true, out);
  EXPECT_EQ(test::allocations(), before);
}

// `fields` as a response carries them, one a line.
bool cacheable(std::string_view fields) {
  http::ResponseHead head;
  http::H1ResponseParser parser;
  parser.reset(head, http::Method::get, {});
  std::string text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n";
  while (!fields.empty()) {
    const std::size_t end = fields.find('\n');
    text += std::string(fields.substr(0, end)) + "\r\n";
    fields.remove_prefix(end == std::string_view::npos ? fields.size() : end + 1);
  }
  EXPECT_TRUE(parser.feed(text + "\r\n").head) << text;
  return is_publicly_cacheable(head);
}

struct Row {
  const char* fields;
  bool cacheable;
};

constexpr const char* kDate = "Expires: Thu, 01 Dec 2094 16:00:00 GMT";

TEST(PubliclyCacheable, WhatCacheControlSays) {
  constexpr Row kRows[] = {
      {"", false},
      {"Cache-Control:", false},
      {"Cache-Control: ,,", false},
      {"Cache-Control: public", true},
      {"Cache-Control: PUBLIC", true},
      {"CACHE-CONTROL: Public", true},
      {"cache-control: max-age=60", true},
      {"Cache-Control: Max-Age=60", true},
      {"Cache-Control: max-age=0", false},
      {"Cache-Control: max-age=000", false},
      {"Cache-Control: max-age=060", true},
      {"Cache-Control: max-age = 60", true},
      {"Cache-Control: max-age", false},
      {"Cache-Control: max-age=", false},
      {"Cache-Control: max-age=-1", false},
      {"Cache-Control: max-age=soon", false},
      {"Cache-Control: s-maxage=60", true},
      {"Cache-Control: s-maxage=60, max-age=0", true},
      {"Cache-Control: private", false},
      {"Cache-Control: private, max-age=60", false},
      {"Cache-Control: max-age=60 ,  Private ", false},
      {"Cache-Control: no-store", false},
      {"Cache-Control: public, no-store", false},
      {"Cache-Control: NO-STORE,public", false},
      {"Cache-Control: no-cache", false},
      {"Cache-Control: no-cache, max-age=60", false},
      {"Cache-Control: public, no-cache", true},  // given to others after a 304
      {"Cache-Control: must-revalidate, max-age=0", false},
      {"Cache-Control: must-revalidate", false},
      {"Cache-Control: immutable", false},
      {"Cache-Control: publicly", false},
      {"Cache-Control: xpublic, max-age=60", true},
      {"Cache-Control: max-age=60, privately", true},
      {"X-Cache-Control: public", false},
      {"Pragma: public", false},
  };
  for (const Row& row : kRows) EXPECT_EQ(cacheable(row.fields), row.cacheable) << row.fields;
}

TEST(PubliclyCacheable, QuotedStringsAreValuesAndNotDirectives) {
  constexpr Row kRows[] = {
      {"Cache-Control: max-age=\"60\"", true},
      {"Cache-Control: max-age=\"0\"", false},
      {"Cache-Control: public, x=\"a, private, b\"", true},
      {"Cache-Control: public, x=\"a, no-store\"", true},
      {"Cache-Control: x=\"a, public, b\"", false},
      {"Cache-Control: public, x=\"a\\\", private, b\"", true},
      {"Cache-Control: x=\"a\", private, public", false},
      {"Cache-Control: public, x=\"a, private", false},  // no quoted string
      {"Cache-Control: x=\"a, public", true},
      {"Cache-Control: public, x=\"a\\", true},
  };
  for (const Row& row : kRows) EXPECT_EQ(cacheable(row.fields), row.cacheable) << row.fields;
}

TEST(PubliclyCacheable, FieldsNamedByPrivateAndNoCacheAreAllThatIsKeptFromOthers) {
  constexpr Row kRows[] = {
      {"Cache-Control: public, private=\"x-user\"", true},
      {"Cache-Control: max-age=60, private=\"x-user, x-cart\"", true},
      {"Cache-Control: max-age=60, no-cache=\"x-user\"", true},
      {"Cache-Control: max-age=60, private=x-user", true},
      {"Cache-Control: max-age=60, private=\"Set-Cookie\"", false},
      {"Cache-Control: max-age=60, private=set-cookie", false},
      {"Cache-Control: public, no-cache=\"x-user, SET-COOKIE\"", false},
      {"Cache-Control: public, no-cache=\"set-cookie, set-cookie2\"", false},
      {"Cache-Control: public, no-cache=\"x-set-cookie\"", true},
      {"Cache-Control: private=\"x-user\"", false},  // nothing invites
  };
  for (const Row& row : kRows) EXPECT_EQ(cacheable(row.fields), row.cacheable) << row.fields;
}

TEST(PubliclyCacheable, ADateToExpireInvitesUnlessAnAgeIsGiven) {
  EXPECT_TRUE(cacheable(kDate));
  EXPECT_TRUE(cacheable("EXPIRES: Thu, 01 Dec 1994 16:00:00 GMT"));  // not compared
  EXPECT_FALSE(cacheable("Expires: 0"));
  EXPECT_FALSE(cacheable("Expires: -1"));
  EXPECT_FALSE(cacheable("Expires:"));
  EXPECT_TRUE(cacheable(std::string("Expires: 0\n") + kDate));
  const auto with = [](std::string_view cache_control) {
    return cacheable(std::string(kDate) + "\nCache-Control: " + std::string(cache_control));
  };
  EXPECT_FALSE(with("private"));
  EXPECT_FALSE(with("no-cache"));
  EXPECT_FALSE(with("max-age=0, must-revalidate"));
  EXPECT_TRUE(with("max-age=1"));
  EXPECT_TRUE(with("must-revalidate"));
}

TEST(PubliclyCacheable, SeveralFieldsAreOneList) {
  EXPECT_FALSE(cacheable("Cache-Control: public\nCache-Control: private"));
  EXPECT_FALSE(cacheable("Cache-Control: no-store\nX: y\ncache-control: max-age=60"));
  EXPECT_TRUE(cacheable("Cache-Control: must-revalidate\nCache-Control: max-age=60"));
  EXPECT_TRUE(cacheable("Cache-Control: x=\"a\nCache-Control: public, y=\"b"));
}

}  // namespace
}  // namespace weir::proxy
