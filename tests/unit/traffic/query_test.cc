// Query parameters by table: splitting, decoding, comparing without memory.
#include "traffic/query.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace weir::traffic {
namespace {

std::string first(std::string_view query, std::string_view name) {
  std::array<char, 64> room;
  return std::string(find_parameter(query, name, room).value_or("(none)"));
}

TEST(Query, Parameters) {
  struct Row {
    const char* query;
    const char* value;  // of "id"
  };
  const Row rows[] = {
      {"id=1", "1"},       {"a=2&id=1", "1"},    {"id=1&id=2", "1"}, {"id", ""},
      {"id=", ""},         {"&&id=1&", "1"},     {"id=a=b", "a=b"},  {"ID=1", "(none)"},
      {"", "(none)"},      {"&", "(none)"},      {"=1", "(none)"},   {"xid=1", "(none)"},
      {"id=a+b", "a b"},   {"id=a%20b", "a b"},  {"id=%2", "%2"},    {"id=%", "%"},
      {"id=%zz", "%zz"},   {"id=%%31", "%1"},    {"i%64=1", "1"},    {"%69%64=%31%32", "12"},
      {"id=%26%3d", "&="}, {"id;a=1&id=2", "2"},
  };
  for (const Row& row : rows) EXPECT_EQ(first(row.query, "id"), row.value) << row.query;
}

TEST(Query, DecodedZeroByteIsKept) {
  EXPECT_EQ(first("id=a%00b", "id"), std::string("a\0b", 3));
}

TEST(Query, PlainTextIsNotCopied) {
  std::array<char, 8> room;
  const std::string_view text = "plain";
  EXPECT_EQ(decode_query_text(text, room).data(), text.data());
  EXPECT_EQ(decode_query_text("%70lain", room).data(), room.data());
}

TEST(Query, ValueBeyondTheRoomIsPassedOver) {
  std::array<char, 4> room;
  EXPECT_EQ(find_parameter("id=abcd", "id", room), "abcd");
  EXPECT_EQ(find_parameter("id=abcde&id=f", "id", room), "f");
}

TEST(Query, EncodedEqualsPlain) {
  EXPECT_TRUE(query_text_equals("", ""));
  EXPECT_TRUE(query_text_equals("a%62c", "abc"));
  EXPECT_TRUE(query_text_equals("+", " "));
  EXPECT_FALSE(query_text_equals("ab", "abc"));
  EXPECT_FALSE(query_text_equals("abc", "ab"));
  EXPECT_FALSE(query_text_equals("%61", "ab"));
  EXPECT_FALSE(query_text_equals("", "a"));
}

}  // namespace
}  // namespace weir::traffic
