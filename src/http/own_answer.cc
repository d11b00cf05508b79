// Answers of the proxy's own, and the names of statuses.
#include <algorithm>
#include <charconv>
#include <iterator>

#include "http/h1_writer.h"

namespace weir::http {
namespace {

std::string_view decimal(std::uint64_t number, char (&digits)[20]) {
  return {digits, std::to_chars(digits, digits + sizeof digits, number).ptr};
}

void append_line(Buffer& out, std::string_view name, std::string_view value) {
  out.append(name);
  out.append(": ");
  out.append(value);
  out.append("\r\n");
}

// RFC 9110 section 15 and the registry it names, by status.
struct ReasonPhrase {
  int status;
  std::string_view phrase;
};
constexpr ReasonPhrase kReasonPhrases[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {508, "Loop Detected"},
    {511, "Network Authentication Required"},
};
static_assert(std::ranges::is_sorted(kReasonPhrases, {}, &ReasonPhrase::status));

}  // namespace

bool may_tell_length(int status) {
  return status >= 200 && status != 204 && status != 304;
}

void write_own_answer(Buffer& out, const OwnAnswer& answer) {
  char digits[20];
  out.append("HTTP/1.1 ");
  out.append(decimal(static_cast<std::uint64_t>(answer.status), digits));
  out.append(' ');
  out.append(reason_phrase(answer.status));
  out.append("\r\n");
  const bool has_length = may_tell_length(answer.status);
  if (!answer.date.empty()) append_line(out, "Date", answer.date);
  if (has_length && !answer.body.empty()) append_line(out, "Content-Type", answer.content_type);
  if (has_length) append_line(out, "Content-Length", decimal(answer.body.size(), digits));
  for (const HeadEdit& field : answer.fields) append_line(out, field.name, field.value);
  if (!answer.keep_alive) {
    append_line(out, "Connection", "close");
  } else if (answer.client_minor_version == 0) {
    append_line(out, "Connection", "keep-alive");
  }
  out.append("\r\n");
  if (has_length && !answer.head_request) out.append(answer.body);
}

std::string_view reason_phrase(int status) {
  const auto row = std::ranges::lower_bound(kReasonPhrases, status, {}, &ReasonPhrase::status);
  return row != std::end(kReasonPhrases) && row->status == status ? row->phrase : "Unknown";
}

}  // namespace weir::http
