// Tables of single values: what each parser takes, what it refuses, and that formatting is the way
// back. Bounds are tried one below, at and one above. Messages are checked in bad/; here only that
// there is one.
#include <gtest/gtest.h>

#include "config/addresses.h"
#include "config/http_values.h"
#include "config/plain_text.h"
#include "config/quantities.h"
#include "config/suggestion.h"
#include "support.h"

namespace weir::config::testing {
namespace {

TEST(Quantities, Durations) {
  EXPECT_EQ(parse_duration("0"), Millis(0));
  EXPECT_EQ(parse_duration("250ms"), Millis(250));
  EXPECT_EQ(parse_duration("30s"), Millis(30'000));
  EXPECT_EQ(parse_duration("5m"), Millis(300'000));
  EXPECT_EQ(parse_duration("2h"), Millis(7'200'000));
  EXPECT_EQ(parse_duration("365d"), Millis(365LL * 86'400'000));
  for (const char* text : {"", "s", "30", "-1s", "+1s", "1.5s", "1 s", "1S", "30sec", "366d",
                           "8761h", "1s1s", "99999999999999999999s", "18446744073709551615ms"}) {
    EXPECT_FALSE(parse_duration(text).has_value()) << text;
  }
}

TEST(Quantities, Sizes) {
  EXPECT_EQ(parse_size("0"), 0U);
  EXPECT_EQ(parse_size("1000"), 1000U);
  EXPECT_EQ(parse_size("1B"), 1U);
  EXPECT_EQ(parse_size("64KiB"), 65536U);
  EXPECT_EQ(parse_size("3MiB"), 3U * 1024 * 1024);
  EXPECT_EQ(parse_size("1024GiB"), std::uint64_t{1} << 40);
  EXPECT_EQ(parse_size("1099511627776"), std::uint64_t{1} << 40);
  for (const char* text : {"", "KiB", "64KB", "64k", "-1", "1.5MiB", "1025GiB", "1099511627777",
                           "1 KiB", "18446744073709551616"}) {
    EXPECT_FALSE(parse_size(text).has_value()) << text;
  }
}

TEST(Quantities, Integers) {
  EXPECT_EQ(parse_integer("0", 0, 100), 0);
  EXPECT_EQ(parse_integer("100", 0, 100), 100);
  EXPECT_EQ(parse_integer("-5", -5, 100), -5);
  for (const char* text :
       {"", "101", "-1", "1.0", "0x10", "1e2", " 1", "1 ", "+1", "99999999999999999999"}) {
    EXPECT_FALSE(parse_integer(text, 0, 100).has_value()) << text;
  }
}

TEST(Quantities, Percentages) {
  const std::pair<const char*, std::uint64_t> good[] = {
      {"0", 0},      {"100", 10'000},    {"0.01", 1},  {"33.33", 3333}, {"0.5", 50},
      {"1.50", 150}, {"100.00", 10'000}, {"007", 700}, {"99.99", 9999}, {"0.0", 0}};
  for (const auto& [text, numerator] : good) {
    const Parsed<Fraction> share = parse_percent(text);
    ASSERT_TRUE(share.has_value()) << text << ": " << share.error();
    EXPECT_EQ(*share, (Fraction{numerator, 10'000})) << text;
    EXPECT_EQ(parse_percent(format_percent(numerator)), *share) << text;
  }
  for (const char* text : {"",
                           ".",
                           ".5",
                           "5.",
                           "-1",
                           "-0",
                           "-0.5",
                           "+1",
                           "0.001",
                           "100.01",
                           "101",
                           "1e1",
                           "1,5",
                           "1 0",
                           " 1",
                           "1.2.3",
                           "10%",
                           "1.-5",
                           "0x10",
                           "nan",
                           "99999999999999999999",
                           "1.99999999999999999999"}) {
    EXPECT_FALSE(parse_percent(text).has_value()) << text;
  }
  EXPECT_EQ(format_percent(10'000), "100");
  EXPECT_EQ(format_percent(3330), "33.3");
  EXPECT_EQ(format_percent(1), "0.01");
}

TEST(Quantities, FormattingIsTheWayBack) {
  for (const long long millis :
       {0LL, 1LL, 999LL, 1000LL, 1500LL, 60'000LL, 90'000LL, 3'600'000LL, 86'400'000LL}) {
    EXPECT_EQ(parse_duration(format_duration(Millis(millis))), Millis(millis));
  }
  EXPECT_EQ(format_duration(Millis(90'000)), "90s");
  EXPECT_EQ(format_duration(Millis(0)), "0");
  for (const std::uint64_t size :
       {0ULL, 1ULL, 1023ULL, 1024ULL, 65536ULL, 1048576ULL, 1048577ULL}) {
    EXPECT_EQ(parse_size(format_size(size)), size);
  }
  EXPECT_EQ(format_size(65536), "64KiB");
}

TEST(Addresses, Endpoints) {
  for (const char* text : {"127.0.0.1:80", "[::1]:80", "[2001:db8::1]:65535", "app.internal:8080",
                           "localhost:1", "my_app-1:80", "example.com.:80", "unix:/run/x.sock"}) {
    const Parsed<Address> address = parse_endpoint_address(text);
    ASSERT_TRUE(address.has_value()) << text << ": " << address.error();
    EXPECT_EQ(to_string(*address), text);
  }
  const std::string long_label = std::string(64, 'a') + ":80";
  for (const char* text : {"",
                           ":",
                           ":80",
                           "80",
                           "127.0.0.1",
                           "127.0.0.1:",
                           "127.0.0.1:0",
                           "127.0.0.1:65536",
                           "127.0.0.1:80x",
                           "127.0.0.1:-1",
                           "::1:80",
                           "::1",
                           "[::1]",
                           "[127.0.0.1]:80",
                           "[x]:80",
                           "256.0.0.1:80",
                           "1.2.3:80",
                           "a..b:80",
                           ".a:80",
                           "a b:80",
                           "*:80",
                           "http://a:80",
                           "unix:",
                           "unix:x",
                           "unix:/a\nb",
                           "a/b:80",
                           long_label.c_str()}) {
    EXPECT_FALSE(parse_endpoint_address(text).has_value()) << text;
  }
}

TEST(Addresses, UnixPathsFitIntoASocketAddress) {
  EXPECT_TRUE(parse_endpoint_address("unix:/" + std::string(106, 'x')).has_value());
  EXPECT_FALSE(parse_endpoint_address("unix:/" + std::string(107, 'x')).has_value());
}

TEST(Addresses, ListeningTakesLiteralsAndPortZero) {
  EXPECT_TRUE(parse_listen_address("0.0.0.0:0").has_value());
  EXPECT_TRUE(parse_listen_address("[::]:8080").has_value());
  EXPECT_TRUE(parse_listen_address("unix:/run/x.sock").has_value());
  EXPECT_FALSE(parse_listen_address("localhost:8080").has_value());
}

TEST(Addresses, Cidrs) {
  for (const char* text :
       {"10.0.0.0/8", "0.0.0.0/0", "192.0.2.7/32", "fd00::/8", "::/0", "::1/128"}) {
    const Parsed<Cidr> cidr = parse_cidr(text);
    ASSERT_TRUE(cidr.has_value()) << text << ": " << cidr.error();
    EXPECT_EQ(to_string(*cidr), text);
  }
  EXPECT_EQ(parse_cidr("192.0.2.7")->prefix, 128);
  EXPECT_EQ(parse_cidr("10.0.0.0/8")->prefix, 104);
  EXPECT_EQ(parse_cidr("::ffff:10.0.0.0/104"), parse_cidr("10.0.0.0/8"));
  for (const char* text :
       {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/-1", "fd00::/129",
        "fd00::1/64", "10/8", "[::1]/128", "localhost", "10.0.0.0/08x"}) {
    EXPECT_FALSE(parse_cidr(text).has_value()) << text;
  }
}

TEST(Addresses, Authorities) {
  for (const char* text : {"next.internal", "next.internal:8080", "localhost", "192.0.2.1",
                           "192.0.2.1:80", "[::1]", "[::1]:65535", "my_app-1."}) {
    const Parsed<std::string> authority = parse_authority(text);
    ASSERT_TRUE(authority.has_value()) << text << ": " << authority.error();
    EXPECT_EQ(*authority, text);
  }
  for (const char* text : {"", ":", ":80", "a:", "a:0", "a:65536", "a:80:80", "::1", "[::1", "[a]",
                           "http://a", "a/b", "a b", "user@a", "*.a", "a..b", "1.2.3", "unix:/a"}) {
    EXPECT_FALSE(parse_authority(text).has_value()) << text;
  }
}

TEST(HttpValues, Cookies) {
  EXPECT_TRUE(parse_cookie_name("__Host-id").has_value());
  EXPECT_TRUE(parse_cookie_name(std::string(limits::kNameBytes, 'a')).has_value());
  EXPECT_FALSE(parse_cookie_name(std::string(limits::kNameBytes + 1, 'a')).has_value());
  for (const char* text : {"", "a b", "a=b", "a;b", "a,b", "ä", "a\n"}) {
    EXPECT_FALSE(parse_cookie_name(text).has_value()) << text;
  }
  EXPECT_EQ(parse_cookie_domain("Example.COM"), "example.com");
  for (const char* text : {"", ".example.com", "example.com.", "192.0.2.1", "[::1]", "::1",
                           "*.example.com", "a:80", "a;b", "a b", "a, b"}) {
    EXPECT_FALSE(parse_cookie_domain(text).has_value()) << text;
  }
  EXPECT_TRUE(parse_cookie_path("/a,b").has_value());
  for (const char* text : {"", "a", "/a;b", "/a b", "/a?b", "/a\r\n"}) {
    EXPECT_FALSE(parse_cookie_path(text).has_value()) << text;
  }
  EXPECT_TRUE(is_cookie_value("a:b/c=%20+{}~!"));
  for (const char* text : {"a b", "a;b", "a,b", "a\"b", "a\\b", "a\tb", "ä", "a\x7f"}) {
    EXPECT_FALSE(is_cookie_value(text)) << text;
  }
}

TEST(HttpValues, Names) {
  EXPECT_TRUE(parse_name("shop-v1.2_x").has_value());
  EXPECT_TRUE(parse_name(std::string(limits::kNameBytes, 'a')).has_value());
  EXPECT_FALSE(parse_name(std::string(limits::kNameBytes + 1, 'a')).has_value());
  for (const char* text : {"", "-a", ".a", "a b", "a/b", "a:b", "ä", "a\n"}) {
    EXPECT_FALSE(parse_name(text).has_value()) << text;
  }
}

TEST(HttpValues, FieldsCannotBreakAMessage) {
  EXPECT_TRUE(parse_field_value("").has_value());
  EXPECT_TRUE(parse_field_value("a, b;\tq=\"ü\"").has_value());
  for (const char* text : {"a\nb", "a\rb", "a\r\nX: y", "\x7f", "\x01", " a", "a ", "\ta"}) {
    EXPECT_FALSE(parse_field_value(text).has_value()) << text;
  }
  EXPECT_FALSE(parse_field_value(std::string_view("a\0b", 3)).has_value());
  for (const char* text : {"", "a b", "a:", "ä", ":authority", "a\n"}) {
    EXPECT_FALSE(parse_field_name(text).has_value()) << text;
  }
  for (const char* text : {"Connection", "content-length", "TRANSFER-ENCODING", "te", "Trailer",
                           "Upgrade", "Keep-Alive", "Proxy-Connection", "HTTP2-Settings"}) {
    EXPECT_TRUE(parse_field_name(text).has_value()) << text;
    EXPECT_FALSE(parse_editable_field(text).has_value()) << text;
  }
}

TEST(HttpValues, Targets) {
  for (const char* text :
       {"https://a.example/", "http://a.example", "https://a.example/x?y=z", "/x", "/"}) {
    EXPECT_TRUE(parse_redirect_target(text).has_value()) << text;
  }
  for (const char* text :
       {"", "a.example", "//a.example/", "ftp://a/", "https://", "https:///x", "https://a/\r\nX: y",
        "https://a/ b", "javascript:alert(1)", "/\\a.example", "https://?x"}) {
    EXPECT_FALSE(parse_redirect_target(text).has_value()) << text;
  }
  for (const char* text : {"/", "/a/b", "/a%20b", "/~x;v=1,2/@:!$&'()*+="}) {
    EXPECT_TRUE(parse_path(text).has_value()) << text;
  }
  for (const char* text :
       {"", "a", "/a b", "/a?b", "/a#b", "/ä", "/a\tb", "/a\"b", "/a%", "/a%2", "/a%zz"}) {
    EXPECT_FALSE(parse_path(text).has_value()) << text;
  }
  EXPECT_TRUE(parse_path("/" + std::string(limits::kTargetBytes - 1, 'a')).has_value());
  EXPECT_FALSE(parse_path("/" + std::string(limits::kTargetBytes, 'a')).has_value());
}

TEST(HttpValues, Patterns) {
  EXPECT_TRUE(parse_regex("[a-z]+(\\.js)?").has_value());
  EXPECT_TRUE(parse_regex(std::string(limits::kRegexBytes, 'a')).has_value());
  EXPECT_FALSE(parse_regex(std::string(limits::kRegexBytes + 1, 'a')).has_value());
  for (const char* text : {"", "(", "a**", "(?=x)", "\\1", "a{1001}"}) {
    EXPECT_FALSE(parse_regex(text).has_value()) << text;
  }
  EXPECT_EQ(replacement_fault("(a)(b)", "\\2\\1\\0"), "");
  EXPECT_NE(replacement_fault("(a)", "\\2"), "");
  EXPECT_NE(replacement_fault("(a)", "\\x"), "");
  EXPECT_TRUE(parse_replacement("").has_value());
  EXPECT_TRUE(parse_replacement(std::string(limits::kRegexBytes, 'b')).has_value());
  for (const std::string& text :
       {std::string(limits::kRegexBytes + 1, 'b'), std::string("a b"), std::string("?x"),
        std::string("#"), std::string("\xc3\xa4"), std::string("\n")}) {
    EXPECT_FALSE(parse_replacement(text).has_value()) << text;
  }
}

TEST(Suggestions, NearestWord) {
  EXPECT_EQ(edit_distance("endpoints", "endpoints"), 0U);
  EXPECT_EQ(edit_distance("enpoints", "endpoints"), 1U);
  EXPECT_EQ(edit_distance("ednpoints", "endpoints"), 1U);
  EXPECT_EQ(edit_distance("Endpoints", "endpoints"), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  const std::string_view known[] = {"endpoints", "balance"};
  EXPECT_EQ(suggestion("endpoint", known), ", did you mean 'endpoints'?");
  EXPECT_EQ(suggestion("zzz", known), "; known: endpoints, balance");
  EXPECT_EQ(suggestion("END", known), ", did you mean 'endpoints'?");
  EXPECT_EQ(suggestion("balance_algorithm", known), ", did you mean 'balance'?");
  EXPECT_EQ(suggestion("en", known), "; known: endpoints, balance");
  EXPECT_EQ(suggestion("zzz", {}), "");
  EXPECT_EQ(suggestion(std::string(10'000, 'x'), known), "; known: endpoints, balance");
}

TEST(PlainText, QuotesInMessagesAreOneShortLine) {
  EXPECT_EQ(printable("a\nb\x1b[31m"), "a?b?[31m");
  EXPECT_EQ(printable(std::string(160, 'x')), std::string(160, 'x'));
  EXPECT_EQ(printable(std::string(161, 'x')), std::string(160, 'x') + "...");
  EXPECT_EQ(printable(std::string(159, 'x') + "\xc3\xa4y"), std::string(159, 'x') + "...");
}

}  // namespace
}  // namespace weir::config::testing
