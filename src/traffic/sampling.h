// Whether a mirror gets a copy of a request: the method, the guard against mirrors of mirrors, and
// the share, by request or by user. Pure; asked by proxy/ once per mirror and request, and by weir
// explain.
#pragma once

#include <string_view>

#include <weir/config.h>

#include "base/random.h"
#include "traffic/request_view.h"
#include "traffic/share.h"

namespace weir::traffic {

// Marks copies, with the name of the route that sent them.
inline constexpr std::string_view kMirrorField = "X-Weir-Mirror";

enum class SampleVerdict : std::uint8_t {
  taken,
  method,  // not one of the mirror's
  share,   // not in the share
};

// Things a request is, for all mirrors alike.
bool is_a_copy(const RequestView& request);

// `key_point` is null when the request has no key: the share is then a matter of chance. By key,
// a mirror takes the high end of the ring, so that a candidate's users are the last to be mirrored.
SampleVerdict sample(const config::Mirror& mirror, std::string_view method, const Point* key_point,
                     Random& random);

}  // namespace weir::traffic
