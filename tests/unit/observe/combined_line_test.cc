// The combined format: the golden line, dashes for what is missing, and nothing a client sends
// breaks the quoting.
#include "observe/combined_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include <weir/limits.h>

#include "base/random.h"
#include "fixtures.h"

namespace weir::observe {
namespace {

constexpr const char* kCommonTime = "31/Jan/2026:23:59:59 +0000";

std::string combined_line_of(const ExchangeRecord& record) {
  const std::size_t bound = combined_line_bound(record);
  const auto memory = std::make_unique<char[]>(bound);
  const char* end = write_combined_line(record, kCommonTime, memory.get());
  const auto length = static_cast<std::size_t>(end - memory.get());
  EXPECT_LE(length, bound);
  return {memory.get(), length};
}

TEST(CombinedLine, GoldenLine) {
  EXPECT_EQ(combined_line_of(full_record()),
            "203.0.113.7 - - [31/Jan/2026:23:59:59 +0000] \"GET /chairs?page=3 HTTP/1.1\" 504 345 "
            "\"https://shop.example.com/\" \"curl/8.0\"\n");
}

TEST(CombinedLine, DashesForWhatIsMissing) {
  ExchangeRecord record;
  record.client = *parse_ip("::1");
  EXPECT_EQ(combined_line_of(record),
            "::1 - - [31/Jan/2026:23:59:59 +0000] \"-\" 000 0 \"-\" \"-\"\n");
  record.reason = Errc::client_gone;
  EXPECT_NE(combined_line_of(record).find("\"-\" 499 0"), std::string::npos);
}

TEST(CombinedLine, EscapesWhatCouldBreakTheLine) {
  ExchangeRecord record = full_record();
  record.user_agent = "a\"b\\c\nd\x7f\xc3\xbc";
  EXPECT_NE(combined_line_of(record).find("\"a\\x22b\\x5Cc\\x0Ad\\x7F\\xC3\\xBC\"\n"),
            std::string::npos);
}

TEST(CombinedLine, AnyBytesGiveALineThatParses) {
  const auto is_a_line =
      testing::MatchesRegex(R"re([0-9.]+ - - \[[^]]+\] "[^"]*" [0-9]{3} [0-9]+ "[^"]+" "[^"]+")re"
                            "\n");
  Random random(13);
  for (int round = 0; round < 500; ++round) {
    std::string bytes[4];
    for (std::string& value : bytes) {
      value.resize(random.below(40));
      for (char& c : value) c = static_cast<char>(random.below(256));
    }
    ExchangeRecord record = full_record();
    record.method = bytes[0];
    record.path = bytes[1];
    record.referer = bytes[2];
    record.user_agent = bytes[3];
    const std::string line = combined_line_of(record);
    ASSERT_THAT(line, is_a_line);
  }
}

TEST(CombinedLine, TheWorstRecordStaysWithinItsBound) {
  const std::string worst(limits::kLogValueBytes + 10, '\xff');
  ExchangeRecord record = full_record();
  record.client = *parse_ip("2001:db8:1111:2222:3333:4444:5555:6666");
  record.method = record.path = record.protocol = record.referer = record.user_agent = worst;
  record.bytes_out = ~std::uint64_t{0};
  EXPECT_EQ(combined_line_of(record).back(), '\n');
}

}  // namespace
}  // namespace weir::observe
