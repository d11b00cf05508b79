// JSON lines: the golden one, what is left out when, and validity for any bytes a client may send.
#include "observe/json_line.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <memory>

#include <weir/limits.h>

#include "base/random.h"
#include "fixtures.h"

namespace weir::observe {
namespace {

constexpr const char* kTime = "2026-01-31T23:59:59.123Z";

std::string line_of(const ExchangeRecord& record) {
  const std::size_t bound = json_line_bound(record);
  const auto memory = std::make_unique<char[]>(bound);
  const char* end = write_json_line(record, kTime, memory.get());
  const auto length = static_cast<std::size_t>(end - memory.get());
  EXPECT_LE(length, bound);
  return {memory.get(), length};
}

nlohmann::json parsed(const ExchangeRecord& record) {
  return nlohmann::json::parse(line_of(record));
}

TEST(JsonLine, GoldenLine) {
  EXPECT_EQ(
      line_of(full_record()),
      R"({"time":"2026-01-31T23:59:59.123Z","id":"req-1","client":"203.0.113.7",)"
      R"("listener":"web","method":"GET","host":"shop.example.com","path":"/chairs?page=3",)"
      R"("protocol":"HTTP/1.1","status":504,"reason":"response_timeout","bytes_in":12,)"
      R"("bytes_out":345,"route":"shop","variant":"canary","variant_reason":"weight",)"
      R"("cluster":"shop-v2","endpoint":"10.0.0.1:8080","attempts":2,"reused":true,)"
      R"("duration_ms":13.500,"request_ms":1.000,"connect_ms":2.000,)"
      R"("response_head_ms":10.000,"response_ms":0.500,"upstream_status":503,"tls":true,"tls_version":"TLSv1.3",)"
      R"("tls_cipher":"TLS_AES_128_GCM_SHA256","tls_server_name":"shop.example.com",)"
      R"("client_certificate":"CN=client,O=Example",)"
      R"("trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","user_agent":"curl/8.0",)"
      R"("referer":"https://shop.example.com/"})"
      "\n");
}

TEST(JsonLine, ABareRecordHasTheCoreFieldsOnly) {
  ExchangeRecord record;
  record.times.begin = 5 * kMs;
  record.times.end = 6 * kMs;
  record.client = *parse_ip("2001:db8::1");
  EXPECT_EQ(line_of(record),
            R"({"time":"2026-01-31T23:59:59.123Z","id":"","client":"2001:db8::1","listener":"",)"
            R"("method":"","host":"","path":"","protocol":"HTTP/1.1","status":0,"bytes_in":0,)"
            R"("bytes_out":0,"attempts":0,"reused":false,"duration_ms":1.000,"tls":false})"
            "\n");
}

TEST(JsonLine, TellsEveryTry) {
  ExchangeRecord record = full_record();
  const Try tries[] = {{.cluster = "shop-v2",
                        .endpoint = "10.0.0.1:80",
                        .reason = Errc::connect_refused,
                        .begin = 10 * kMs,
                        .end = 12 * kMs},
                       {.cluster = "shop-v1",
                        .endpoint = "10.0.0.2:80",
                        .status = 200,
                        .begin = 12 * kMs,
                        .end = 12 * kMs}};
  record.tries = tries;
  EXPECT_EQ(parsed(record)["tries"].dump(),
            R"([{"cluster":"shop-v2","duration_ms":2.0,"endpoint":"10.0.0.1:80",)"
            R"("reason":"connect_refused"},{"cluster":"shop-v1","duration_ms":0.0,)"
            R"("endpoint":"10.0.0.2:80","upstream_status":200}])");
}

TEST(JsonLine, TellsWhoWasAssignedWhenAnotherServedAndWhatBecameOfCopies) {
  ExchangeRecord record = full_record();
  record.variant = "stable";
  record.variant_reason = "rescue";
  record.assigned_variant = "canary";
  record.mirror = "shop-next=sent,shop-old=body";
  const std::string line = line_of(record);
  EXPECT_NE(line.find(R"("route":"shop","variant":"stable","variant_reason":"rescue",)"
                      R"("assigned_variant":"canary","cluster":"shop-v2",)"),
            std::string::npos);
  EXPECT_NE(line.find(R"("reused":true,"mirror":"shop-next=sent,shop-old=body","duration_ms":)"),
            std::string::npos);
  EXPECT_FALSE(parsed(record).contains("copy"));
}

TEST(JsonLine, ACopySaysThatItIsOne) {
  ExchangeRecord record = full_record();
  record.variant = record.variant_reason = {};
  record.mirror = "timeout";
  record.is_copy = true;
  const auto line = parsed(record);
  EXPECT_EQ(line["copy"], true);
  EXPECT_EQ(line["mirror"], "timeout");
  EXPECT_FALSE(line.contains("variant"));
  EXPECT_FALSE(line.contains("assigned_variant"));
}

TEST(JsonLine, AClientThatLeftIsA499) {
  ExchangeRecord record = full_record();
  record.status = 0;
  record.reason = Errc::client_gone;
  EXPECT_EQ(parsed(record)["status"], 499);
  record.reason = Errc::upstream_reset;
  EXPECT_EQ(parsed(record)["status"], 0);
  record.status = 200;  // something was sent before the client left
  record.reason = Errc::client_gone;
  EXPECT_EQ(parsed(record)["status"], 200);
}

TEST(JsonLine, PartsThatWereNotReachedAreLeftOut) {
  ExchangeRecord record = full_record();
  record.times.connected = record.times.first_byte = 0;
  const auto line = parsed(record);
  EXPECT_TRUE(line.contains("request_ms"));
  EXPECT_FALSE(line.contains("connect_ms"));
  EXPECT_FALSE(line.contains("response_head_ms"));
  EXPECT_FALSE(line.contains("response_ms"));
}

TEST(JsonLine, ThePartsAddUpToTheWhole) {
  const auto line = parsed(full_record());
  const double sum = line["request_ms"].get<double>() + line["connect_ms"].get<double>() +
                     line["response_head_ms"].get<double>() + line["response_ms"].get<double>();
  EXPECT_NEAR(sum, line["duration_ms"].get<double>(), 0.004);
}

TEST(JsonLine, EscapesAsRfc8259Says) {
  ExchangeRecord record = full_record();
  const std::string_view text = "q\" b\\ \b\f\n\r\t \x01\x1f \x7f";
  record.user_agent = text;
  EXPECT_EQ(parsed(record)["user_agent"], std::string(text));
  record.user_agent = std::string_view("a\0b", 3);
  EXPECT_EQ(parsed(record)["user_agent"], std::string("a\0b", 3));
  EXPECT_NE(line_of(record).find(R"("a\u0000b")"), std::string::npos);
  record.user_agent = "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\xa6\xab";  // valid UTF-8 stays
  EXPECT_EQ(parsed(record)["user_agent"], std::string(record.user_agent));
}

TEST(JsonLine, EachIllFormedByteBecomesOneReplacement) {
  const auto replaced = [](std::string_view bytes) {
    char out[256];
    return std::string(out, write_json_text(bytes, out));
  };
  EXPECT_EQ(replaced("\xff"), "\\ufffd");
  EXPECT_EQ(replaced("\xc3"), "\\ufffd");                                   // cut short
  EXPECT_EQ(replaced("\xc0\xaf"), "\\ufffd\\ufffd");                        // overlong
  EXPECT_EQ(replaced("\xe0\x80\xaf"), "\\ufffd\\ufffd\\ufffd");             // overlong
  EXPECT_EQ(replaced("\xed\xa0\x80"), "\\ufffd\\ufffd\\ufffd");             // a surrogate
  EXPECT_EQ(replaced("\xf4\x90\x80\x80"), "\\ufffd\\ufffd\\ufffd\\ufffd");  // beyond U+10FFFF
  EXPECT_EQ(replaced("\xf4\x8f\xbf\xbf"), "\xf4\x8f\xbf\xbf");
  EXPECT_EQ(replaced("\x80z"), "\\ufffdz");
}

TEST(JsonLine, ValuesAreCutAtACharacter) {
  ExchangeRecord record = full_record();
  const std::string exact(limits::kLogValueBytes, 'x');
  record.path = exact;
  EXPECT_EQ(parsed(record)["path"], exact);
  const std::string longer = exact + "y";
  record.path = longer;
  EXPECT_EQ(parsed(record)["path"], exact);
  const std::string head(limits::kLogValueBytes - 2, 'x');
  const std::string euro = head + "\xe2\x82\xac";  // three bytes over the limit's edge
  record.path = euro;
  EXPECT_EQ(parsed(record)["path"], head);
}

TEST(JsonLine, AnyBytesInAnyFieldGiveValidJson) {
  Random random(11);
  for (int round = 0; round < 3'000; ++round) {
    std::string bytes[16];
    for (std::string& value : bytes) {
      value.resize(random.below(60));
      const bool hostile = random.below(2) == 0;
      for (char& c : value) {
        c = static_cast<char>(hostile ? random.below(256) : 0x20 + random.below(0x5f));
      }
    }
    ExchangeRecord record = full_record();
    std::string_view* fields[] = {&record.id,
                                  &record.listener,
                                  &record.method,
                                  &record.host,
                                  &record.path,
                                  &record.protocol,
                                  &record.route,
                                  &record.variant,
                                  &record.variant_reason,
                                  &record.cluster,
                                  &record.endpoint,
                                  &record.trace_id,
                                  &record.referer,
                                  &record.user_agent,
                                  &record.mirror,
                                  &record.assigned_variant};
    for (std::size_t i = 0; i < std::size(fields); ++i) *fields[i] = bytes[i];
    const std::string line = line_of(record);
    ASSERT_EQ(line.find('\n'), line.size() - 1);
    ASSERT_TRUE(nlohmann::json::accept(line)) << line;
  }
}

TEST(JsonLine, TheWorstRecordStaysWithinItsBound) {
  const std::string worst(limits::kLogValueBytes + 10, '\xff');
  ExchangeRecord record = full_record();
  record.client = *parse_ip("2001:db8:1111:2222:3333:4444:5555:6666");
  record.id = record.listener = record.method = record.host = record.path = worst;
  record.protocol = record.route = record.variant = record.variant_reason = worst;
  record.cluster = record.endpoint = record.trace_id = record.referer = record.user_agent = worst;
  record.assigned_variant = record.mirror = worst;
  record.is_copy = true;
  record.bytes_in = record.bytes_out = ~std::uint64_t{0};
  record.reason = Errc::response_head_too_large;
  record.times = {1, 2, 3, 4, ~std::uint64_t{0}};
  record.attempts = record.upstream_status = record.status = 2'147'483'647;
  const std::string name(limits::kNameBytes, '\xff');
  const std::string endpoint(limits::kNameBytes + 256, '\xff');
  std::array<Try, limits::kLogTries> tries;
  tries.fill({name, endpoint, Errc::response_head_too_large, 2'147'483'647, 1, ~std::uint64_t{0}});
  record.tries = tries;
  const std::string line = line_of(record);
  EXPECT_TRUE(nlohmann::json::accept(line));
  EXPECT_LE(json_line_bound(record), limits::kLogRingBytes / 2);
}

}  // namespace
}  // namespace weir::observe
