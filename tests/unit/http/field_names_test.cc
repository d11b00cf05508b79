// The tables about field names: ids, classes, and the grammar of authorities.
#include <gtest/gtest.h>

#include <cctype>
#include <string>

#include "http/authority.h"
#include "http/field_classes.h"

namespace weir::http {
namespace {

TEST(FieldNames, EveryOneIsFoundInAnyCase) {
  std::size_t count = 0;
  for (const std::string_view name : {
#define WEIR_FIELD(id, name) std::string_view(name),
#include "http/field_names.def"
#undef WEIR_FIELD
       }) {
    ++count;
    const auto id = static_cast<FieldId>(count);
    std::string upper(name), lower(name);
    for (char& c : upper) c = static_cast<char>(std::toupper(c));
    for (char& c : lower) c = static_cast<char>(std::tolower(c));
    EXPECT_EQ(field_id(name), id) << name;
    EXPECT_EQ(field_id(upper), id) << name;
    EXPECT_EQ(field_id(lower), id) << name;
    EXPECT_EQ(field_name(id), name);
    EXPECT_EQ(field_id(upper + "x"), FieldId::other);
    EXPECT_EQ(field_id(upper.substr(1)), FieldId::other) << upper;
  }
  EXPECT_GT(count, 20u);
}

TEST(FieldNames, OthersAreOther) {
  for (const char* name :
       {"", "x", "Hose", "Content_Length", "Accept", "X-Forwarded-Foo", "Content\rLength"}) {
    EXPECT_EQ(field_id(name), FieldId::other) << name;
  }
  EXPECT_EQ(field_id(std::string(1000, 'x')), FieldId::other);
  EXPECT_EQ(field_name(FieldId::other), "");
}

TEST(FieldClasses, UnderscoreTwins) {
  for (const char* name :
       {"content_length", "Content_Length", "CONTENT_LENGTH", "transfer_encoding",
        "x_forwarded_for", "X-Forwarded_For", "x_forwarded_prefix", "host_", "_host", "__te",
        "keep_alive", "x_real_ip", "proxy_connection", "x_request_id"}) {
    EXPECT_TRUE(is_underscore_twin(name)) << name;
  }
  for (const char* name :
       {"content-length", "host", "x_user", "_", "__", "user_agent", "content_type", "x_forwarded",
        "a_very_long_name_that_is_no_field_of_ours"}) {
    EXPECT_FALSE(is_underscore_twin(name)) << name;
  }
}

TEST(FieldClasses, ForbiddenTrailers) {
  for (const char* name :
       {"Host", "content-length", "Transfer-Encoding", "Authorization", "cookie", "set-cookie",
        "X-Forwarded-For", "x-forwarded-anything", "Via", "TE", "Trailer", "Connection",
        "Content-Type", "cache-control", "x_forwarded_for", "X-Request-Id", "if-match"}) {
    EXPECT_TRUE(is_forbidden_trailer(field_id(name), name)) << name;
  }
  for (const char* name :
       {"Server-Timing", "Digest", "grpc-status", "grpc-message", "ETag", "X-Sum"}) {
    EXPECT_FALSE(is_forbidden_trailer(field_id(name), name)) << name;
  }
}

TEST(Authority, Grammar) {
  for (const char* text : {"a", "a.b-c_d~e", "EXAMPLE.com:80", "a:", "a:0", "a:65535", "1.2.3.4",
                           "1.2.3.4:80", "[::1]", "[::1]:80", "[::1]:", "[2001:db8::1.2.3.4]",
                           "%41b", "a!$&'()*+,;=b", "xn--bcher-kva"}) {
    EXPECT_TRUE(is_authority(text)) << text;
  }
  for (const char* text : {"",
                           ":",
                           ":80",
                           "a:65536",
                           "a:99999999999",
                           "a:b",
                           "a:1:2",
                           "::1",
                           "a b",
                           "a/b",
                           "a?b",
                           "a#b",
                           "u@a",
                           "u:p@a",
                           "[",
                           "[]",
                           "[::1",
                           "[::1]x",
                           "[::1]80",
                           "[::g]",
                           "[1.2.3.4]",
                           "[fe80::1%eth0]",
                           "[v1.a]",
                           "%",
                           "%4",
                           "%4g",
                           "a\x80",
                           "a\\b",
                           "<a>",
                           "a\tb",
                           "]"}) {
    EXPECT_FALSE(is_authority(text)) << text;
  }
  EXPECT_EQ(host_of("a:80"), "a");
  EXPECT_EQ(host_of("a"), "a");
  EXPECT_EQ(host_of("[::1]:80"), "[::1]");
  EXPECT_EQ(host_of(""), "");
}

}  // namespace
}  // namespace weir::http
