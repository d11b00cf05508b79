// The decision about one copy.
#include "traffic/sampling.h"

#include <algorithm>

namespace weir::traffic {

bool is_a_copy(const RequestView& request) {
  return any_value(request.fields, kMirrorField, [](std::string_view) { return true; });
}

SampleVerdict sample(const config::Mirror& mirror, std::string_view method, const Point* key_point,
                     Random& random) {
  if (std::ranges::find(mirror.methods, method) == mirror.methods.end()) {
    return SampleVerdict::method;
  }
  const bool by_key = mirror.by == config::MirrorBy::key && key_point != nullptr;
  const Point point = by_key ? *key_point : random.next();
  return in_high_share(point, mirror.share.numerator, mirror.share.denominator)
             ? SampleVerdict::taken
             : SampleVerdict::share;
}

}  // namespace weir::traffic
