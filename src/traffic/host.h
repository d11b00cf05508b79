// Host names as routes compare them: lower case, without the root's trailing dot, no port. A
// pattern is such a name or
// "*.suffix", which stands for one or more labels before the suffix and never for the suffix
// itself; "*" alone is any. Used by the route index and its conditions; it checks no grammar, the
// HTTP parser has done that.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weir::traffic {

inline constexpr std::size_t kHostBytes = 255;  // RFC 1035 section 2.3.4

// A request's host made comparable, on the stack. A name longer than kHostBytes is taken as empty:
// it can be no name a route has, so it reaches only routes for any host.
class FoldedHost {
 public:
  explicit FoldedHost(std::string_view host);
  std::string_view view() const { return {bytes_, size_}; }

 private:
  char bytes_[kHostBytes];
  std::size_t size_ = 0;
};

// A pattern of the file in the same form (allocates; for building).
std::string fold_host_pattern(std::string_view pattern);

// Both sides folded.
bool host_matches(std::string_view pattern, std::string_view host);

constexpr bool is_any_host(std::string_view pattern) {
  return pattern == "*";
}
constexpr bool is_wildcard_host(std::string_view pattern) {
  return pattern.starts_with("*.");
}

}  // namespace weir::traffic
