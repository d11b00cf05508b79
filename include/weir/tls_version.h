// Versions of TLS: what the file may ask for at least (1.2 or 1.3), and what a connection came to.
// The words are those of OpenSSL and of access logs everywhere.
#pragma once

#include <cstdint>
#include <string_view>

namespace weir {

enum class TlsVersion : std::uint8_t { none, v1_2, v1_3 };

constexpr std::string_view name_of(TlsVersion version) {
  switch (version) {
    case TlsVersion::v1_2:
      return "TLSv1.2";
    case TlsVersion::v1_3:
      return "TLSv1.3";
    case TlsVersion::none:
      break;
  }
  return {};
}

}  // namespace weir
