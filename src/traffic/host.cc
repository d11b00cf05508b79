// Folding and comparing host names: the slow, obvious form of what HostIndex does with tables.
#include "traffic/host.h"

#include "base/ascii.h"

namespace weir::traffic {
namespace {

std::string_view without_trailing_dot(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

}  // namespace

FoldedHost::FoldedHost(std::string_view host) {
  host = without_trailing_dot(host);
  if (host.size() > kHostBytes) return;
  for (const char c : host) bytes_[size_++] = ascii::lower(c);
}

std::string fold_host_pattern(std::string_view pattern) {
  std::string folded(without_trailing_dot(pattern));
  for (char& c : folded) c = ascii::lower(c);
  return folded;
}

bool host_matches(std::string_view pattern, std::string_view host) {
  if (is_any_host(pattern)) return true;
  if (host.empty()) return false;
  if (!is_wildcard_host(pattern)) return pattern == host;
  const std::string_view suffix = pattern.substr(1);
  return host.size() > suffix.size() && host.ends_with(suffix);
}

}  // namespace weir::traffic
