// Reading the fields that frame and steer a message. Lists are split here and not by llhttp, whose
// own reading of them is used only to check ours (H1Parser::framing_agrees).
#include "http/field_facts.h"

#include <limits>

#include "base/ascii.h"

namespace weir::http {
namespace {

using ascii::equals_ignoring_case;

void note_connection(FieldFacts& facts, std::string_view value) {
  ascii::each_element(value, [&facts](std::string_view option) {
    ++facts.connection_options;
    facts.says_close |= equals_ignoring_case(option, "close");
    facts.says_keep_alive |= equals_ignoring_case(option, "keep-alive");
    facts.says_upgrade |= equals_ignoring_case(option, "upgrade");
    return true;
  });
}

void note_te(FieldFacts& facts, std::string_view value) {
  ascii::each_element(value, [&facts](std::string_view coding) {
    facts.te_trailers |= equals_ignoring_case(coding, "trailers");
    return true;
  });
}

// An offer of HTTP/2, as some clients make with every request, is as good as none.
void note_upgrade(FieldFacts& facts, bool& offers_http2, std::string_view value) {
  ascii::each_element(value, [&](std::string_view protocol) {
    if (names_http(protocol)) {
      offers_http2 = true;
    } else {
      facts.has_upgrade = true;
    }
    return true;
  });
}

constexpr bool is_number(std::string_view text) {
  for (const char c : text) {
    if (!ascii::is_digit(c)) return false;
  }
  return !text.empty();
}

// RFC 9110 section 8.6: digits only; more than 2^63-1 is refused, because others count in signed
// integers.
DeclaredFraming read_content_length(std::string_view value) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  std::uint64_t length = 0;
  if (!is_number(value)) return {.error = Errc::bad_framing};
  for (const char c : value) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (length > (kMost - digit) / 10) return {.error = Errc::bad_framing};
    length = length * 10 + digit;
  }
  return {.framing = Framing::length, .content_length = length};
}

// The one list that is taken is "chunked". Of the others, those with a coding Weir does not know
// are told apart (RFC 9112 section 6.1: 501).
DeclaredFraming read_transfer_encoding(std::string_view value) {
  if (equals_ignoring_case(value, "chunked")) return {.framing = Framing::chunked};
  bool malformed = value.empty();
  bool unknown = false;
  ascii::each_element(value, [&](std::string_view element) {
    const std::string_view coding = ascii::trim(element.substr(0, element.find(';')));
    malformed |= !ascii::is_token(coding);
    unknown |= !equals_ignoring_case(coding, "chunked");
    return true;
  });
  return {.error = unknown && !malformed ? Errc::unknown_coding : Errc::bad_framing};
}

}  // namespace

bool names_http(std::string_view protocol) {
  const std::string_view name = protocol.substr(0, protocol.find('/'));
  return equals_ignoring_case(name, "h2c") || equals_ignoring_case(name, "h2") ||
         equals_ignoring_case(name, "http");
}

FieldFacts gather_facts(const Head& head) {
  FieldFacts facts;
  bool offers_http2 = false;
  const auto count = [](const Field*& first, unsigned& counter, const Field& field) {
    if (counter++ == 0) first = &field;
  };
  for (const Field& field : head.fields()) {
    switch (field.id) {
      case FieldId::host:
        count(facts.host, facts.hosts, field);
        break;
      case FieldId::expect:
        count(facts.expect, facts.expects, field);
        break;
      case FieldId::content_length:
        count(facts.content_length, facts.content_lengths, field);
        break;
      case FieldId::transfer_encoding:
        count(facts.transfer_encoding, facts.transfer_encodings, field);
        break;
      case FieldId::connection:
        note_connection(facts, head.value(field));
        break;
      case FieldId::te:
        note_te(facts, head.value(field));
        break;
      case FieldId::upgrade:
        note_upgrade(facts, offers_http2, head.value(field));
        break;
      default:
        break;
    }
  }
  if (offers_http2) facts.has_upgrade = false;
  return facts;
}

DeclaredFraming declared_framing(const Head& head, const FieldFacts& facts) {
  if (facts.content_lengths + facts.transfer_encodings > 1) return {.error = Errc::bad_framing};
  if (facts.content_lengths > 0) return read_content_length(head.value(*facts.content_length));
  if (facts.transfer_encodings == 0) return {};
  // RFC 9112 section 6.1: 1.0 has no transfer codings, so somebody on the way does not understand
  // the message.
  if (head.minor_version() == 0) return {.error = Errc::bad_framing};
  return read_transfer_encoding(head.value(*facts.transfer_encoding));
}

bool persists(const FieldFacts& facts, int minor_version) {
  if (facts.says_close) return false;
  return minor_version >= 1 || facts.says_keep_alive;
}

}  // namespace weir::http
