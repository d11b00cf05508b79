// From errno to Weir's errors, one function per situation, because the same errno means different
// things in each. libuv's negative status codes are negated errnos on Unix, so they come here as
// -status.
#pragma once

#include <cerrno>

#include <weir/error.h>

namespace weir::net {

inline bool out_of_descriptors(int sys) {
  return sys == EMFILE || sys == ENFILE;
}

inline Error system_error(int sys) {
  return {Errc::system, sys};
}

inline Error listen_error(int sys) {
  if (sys == EADDRINUSE) return {Errc::address_in_use, sys};
  if (sys == EACCES || sys == EPERM) return {Errc::permission_denied, sys};
  if (out_of_descriptors(sys)) return {Errc::out_of_descriptors, sys};
  return system_error(sys);
}

inline Error connect_error(int sys) {
  if (sys == ECONNREFUSED) return {Errc::connect_refused, sys};
  if (sys == ETIMEDOUT) return {Errc::connect_timeout, sys};
  if (out_of_descriptors(sys)) return {Errc::out_of_descriptors, sys};
  return {Errc::connect_failed, sys};
}

}  // namespace weir::net
