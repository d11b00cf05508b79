// What tells users apart: finds the value of one place of a split's key list in a request. Used by
// Split and by weir explain. Never keeps, decodes into memory of its own or allocates: a value is
// hashed where it is, however long.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include <weir/address.h>
#include <weir/config.h>

#include "base/random.h"
#include "traffic/request_view.h"

namespace weir::traffic {

// The id in an issued cookie: 128 random bits as 32 lower-case hexadecimal digits.
inline constexpr std::size_t kIssuedIdBytes = 32;
using IssuedId = std::array<char, kIssuedIdBytes>;

IssuedId make_issued_id(Random& random);
// Anything else in the cookie is taken for no cookie.
bool is_issued_id(std::string_view text);

// The value at that place, nothing when the request has none there; an empty value is none. `room`
// is where query parameters are decoded (limits::kTargetBytes hold any). The view lies in the
// request, in `client` or in `room`.
std::optional<std::string_view> find_key(const config::SplitKey& key, const RequestView& request,
                                         const IpAddress& client, std::span<char> room);

}  // namespace weir::traffic
