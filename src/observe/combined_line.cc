// client - - [time] "METHOD target PROTOCOL" status bytes "referer" "user agent"
#include "observe/combined_line.h"

#include <algorithm>

#include "observe/line_cursor.h"

namespace weir::observe {
namespace {

constexpr std::size_t kCombinedFixedBytes = 256;  // punctuation, numbers, time, address
constexpr std::size_t kGrowth = 4;                // \xHH for one byte

void write_escaped(LineCursor& line, std::string_view value) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : cut_value(value)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\') {
      *line.at++ = c;
      continue;
    }
    line.literal("\\x");
    *line.at++ = kHex[byte >> 4];
    *line.at++ = kHex[byte & 15];
  }
}

void write_or_dash(LineCursor& line, std::string_view value) {
  if (value.empty()) {
    *line.at++ = '-';
  } else {
    write_escaped(line, value);
  }
}

}  // namespace

std::size_t combined_line_bound(const ExchangeRecord& record) {
  std::size_t bytes = 0;
  for (const std::string_view value :
       {record.method, record.path, record.protocol, record.referer, record.user_agent}) {
    bytes += std::min(value.size(), limits::kLogValueBytes);
  }
  return kCombinedFixedBytes + bytes * kGrowth;
}

char* write_combined_line(const ExchangeRecord& record, std::string_view time, char* out) {
  LineCursor line(out);
  line.ip(record.client);
  line.literal(" - - [");
  line.text(time);
  line.literal("] \"");
  if (record.method.empty()) {
    *line.at++ = '-';
  } else {
    write_escaped(line, record.method);
    *line.at++ = ' ';
    write_or_dash(line, record.path);
    *line.at++ = ' ';
    write_escaped(line, record.protocol);
  }
  line.literal("\" ");
  line.digit_triple(static_cast<unsigned>(logged_status(record)));
  *line.at++ = ' ';
  line.number(record.bytes_out);
  line.literal(" \"");
  write_or_dash(line, record.referer);
  line.literal("\" \"");
  write_or_dash(line, record.user_agent);
  line.literal("\"\n");
  return line.at;
}

}  // namespace weir::observe
