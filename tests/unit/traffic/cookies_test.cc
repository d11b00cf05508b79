// Cookie fields by table: what is a pair, which of several wins.
#include "traffic/cookies.h"

#include <gtest/gtest.h>

#include "unit/traffic/fake_request.h"

namespace weir::traffic {
namespace {

std::string found(const FakeFields& fields, std::string_view name) {
  return std::string(find_cookie(&fields, name).value_or("(none)"));
}

TEST(Cookies, Table) {
  struct Row {
    const char* field;
    const char* value;  // of the cookie "sid"
  };
  const Row rows[] = {
      {"sid=1", "1"},         {"a=b; sid=1", "1"},  {"a=b;sid=1", "1"},   {"a=b;  sid=1 ;c=d", "1"},
      {"sid=1; sid=2", "1"},  {"sid=", ""},         {"sid", "(none)"},    {"sid; sid=3", "3"},
      {"SID=1", "(none)"},    {"xsid=1", "(none)"}, {"sidx=1", "(none)"}, {"sid=a=b", "a=b"},
      {"sid=\"q\"", "\"q\""}, {"sid=%31", "%31"},   {"; ;sid=1;", "1"},   {"=sid", "(none)"},
      {"", "(none)"},         {";", "(none)"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(found({{"Cookie", row.field}}, "sid"), row.value) << row.field;
  }
}

TEST(Cookies, SeveralFieldsAreOneList) {
  const FakeFields fields{{"cookie", "a=1"}, {"X-Cookie", "b=0"}, {"COOKIE", "b=2; a=3"}};
  EXPECT_EQ(found(fields, "a"), "1");
  EXPECT_EQ(found(fields, "b"), "2");
  EXPECT_EQ(found(fields, "c"), "(none)");
  EXPECT_FALSE(find_cookie(nullptr, "a"));
}

}  // namespace
}  // namespace weir::traffic
