// A tester's wish for a variant, by header or cookie, and whether it counts: it must carry the
// secret or come from the right place. What does not count is taken for absent. Immutable, asked by
// Split before anything else; never allocates, never shows the secret.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include <weir/address.h>
#include <weir/config.h>

#include "traffic/request_view.h"

namespace weir::traffic {

enum class OverrideVerdict : std::uint8_t {
  absent,         // no header, no cookie
  granted,        // `variant` is what the tester gets
  not_permitted,  // neither the secret nor the source range
  unknown_value,  // permitted, but it names no variant
};

struct OverrideWish {
  OverrideVerdict verdict = OverrideVerdict::absent;
  std::size_t variant = 0;
};

// The header is asked first; a header that does not count leaves the cookie its chance.
// "always" is the second variant, "never" the stable one, unless variants are called so.
OverrideWish read_override(const config::Override& settings,
                           std::span<const config::Variant> variants, const RequestView& request,
                           const IpAddress& client);

}  // namespace weir::traffic
