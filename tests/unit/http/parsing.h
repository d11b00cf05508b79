// Drives the HTTP/1 parsers in tests: feeds text in pieces of a given size and keeps everything
// that was reached, so that two ways of cutting the same bytes can be compared.
#pragma once

#include <algorithm>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "http/h1_parser.h"

namespace weir::http {

inline void PrintTo(Method method, std::ostream* out) {
  *out << "method " << int(method);
}

// All that a message came to. Comparable, printable through text().
struct Outcome {
  Errc error = Errc::none;
  bool head = false;
  bool complete = false;
  std::string content;
  std::string fields;  // "name=value" lines, '!' in front of dropped ones
  std::string trailers;
  std::size_t left = 0;  // bytes not consumed

  bool operator==(const Outcome&) const = default;
  std::string text() const {
    return std::string(name_of(error)) + (head ? " head" : "") + (complete ? " complete" : "") +
           " content[" + content + "] fields[" + fields + "] trailers[" + trailers + "] left " +
           std::to_string(left);
  }
};
inline std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  return out << outcome.text();
}

inline std::string list_fields(const Head& head, std::span<const Field> fields) {
  std::string text;
  for (const Field& field : fields) {
    if (field.dropped) text += '!';
    text += head.name(field);
    text += '=';
    text += head.value(field);
    text += '\n';
  }
  return text;
}

// Feeds `bytes`, first `first` of them and then `piece` at a time, until complete, error, or used
// up. Every piece is a copy of its own that is gone afterwards, so that a parser which keeps a
// pointer is found out by the sanitizers.
inline Outcome drive(H1Parser& parser, const Head& head, std::string_view bytes, std::size_t first,
                     std::size_t piece) {
  Outcome outcome;
  std::size_t at = 0;
  std::size_t take = first;
  while (at < bytes.size() && !outcome.complete && outcome.error == Errc::none) {
    const std::vector<char> copy(
        bytes.begin() + static_cast<std::ptrdiff_t>(at),
        bytes.begin() + static_cast<std::ptrdiff_t>(
                            std::min(bytes.size(), at + std::max<std::size_t>(take, 1))));
    std::string_view rest(copy.data(), copy.size());
    do {
      const ParseStep step = parser.feed(rest);
      for (const std::string_view part : step.content) outcome.content += part;
      outcome.head |= step.head;
      outcome.complete = step.complete;
      outcome.error = step.error.code;
      rest.remove_prefix(step.consumed);
    } while (!rest.empty() && !outcome.complete && outcome.error == Errc::none);
    at += copy.size() - rest.size();
    take = piece;
  }
  if (outcome.head) outcome.fields = list_fields(head, head.fields());
  if (outcome.complete) outcome.trailers = list_fields(head, head.trailers());
  if (outcome.error == Errc::none) outcome.left = bytes.size() - at;
  return outcome;
}

struct RequestParse {
  RequestHead head;
  H1RequestParser parser;
  HeadLimits limits;
  UnderscorePolicy underscores = UnderscorePolicy::drop;

  Outcome run(std::string_view bytes, std::size_t first = 1 << 20, std::size_t piece = 1 << 20) {
    parser.reset(head, limits, underscores);
    return drive(parser, head, bytes, first, piece);
  }
};

struct ResponseParse {
  ResponseHead head;
  H1ResponseParser parser;
  HeadLimits limits;

  Outcome run(std::string_view bytes, Method method = Method::get, std::size_t first = 1 << 20,
              std::size_t piece = 1 << 20) {
    parser.reset(head, method, limits);
    return drive(parser, head, bytes, first, piece);
  }
};

// A request with these field lines (each with its CRLF) and a Host.
inline std::string request_with(std::string_view lines, std::string_view content = {}) {
  return "POST /p?q HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n" + std::string(content);
}

}  // namespace weir::http
