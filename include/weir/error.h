// Errors are values: a code that says what happened and, by its table row, on whose side and how
// the proxy answers. Used everywhere on the data path; it never throws, allocates or formats.
// Whether an attempt may be repeated is not a property of the code alone and is decided in
// proxy/retry_policy.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

namespace weir {

enum class Side : std::uint8_t { none, downstream, proxy, upstream, local };

enum class Errc : std::uint8_t {
#define ERRC(name, side, status, proxy_status, words) name,
#include <weir/errors.def>
#undef ERRC
};

// A trivially copyable error, false when there is none. `sys` is the errno behind it, 0 where there
// is none.
struct [[nodiscard]] Error {
  Errc code = Errc::none;
  std::int32_t sys = 0;

  constexpr explicit operator bool() const { return code != Errc::none; }
  constexpr bool operator==(const Error&) const = default;
};
static_assert(sizeof(Error) <= 8);

// The table row of a code; all views are static.
Side side_of(Errc code);
int status_of(Errc code);                     // of the own answer, 0 where none can be sent
std::string_view name_of(Errc code);          // as in the access log's "reason"
std::string_view proxy_status_of(Errc code);  // RFC 9209 section 2.3 error type
std::string_view words_of(Errc code);         // for people

template <class T>
using Result = std::expected<T, Error>;
using Failure = std::unexpected<Error>;

}  // namespace weir
