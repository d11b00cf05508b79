// A machine's error in words for people: the error table's, or what errno says where the table only
// knows "system error". Used by the supervisor.
#pragma once

#include <cstring>
#include <string>

#include <weir/error.h>

namespace weir::server {

inline std::string why(const Error& error) {
  if (error.code == Errc::system && error.sys != 0) return std::strerror(error.sys);
  return std::string(words_of(error.code));
}

}  // namespace weir::server
