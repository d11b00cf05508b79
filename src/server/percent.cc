// Escaping and its reverse, on the rules of traffic/escape.h.
#include "server/percent.h"

#include "traffic/escape.h"

namespace weir::server {

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (traffic::is_unreserved(c)) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += {'%', traffic::kUpperHex[byte >> 4], traffic::kUpperHex[byte & 15]};
  }
  return encoded;
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int byte = text[i] == '%' ? traffic::escaped_byte(text, i) : -1;
    decoded += byte < 0 ? text[i] : static_cast<char>(byte);
    if (byte >= 0) i += 2;
  }
  return decoded;
}

}  // namespace weir::server
