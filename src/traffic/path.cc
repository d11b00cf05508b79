// Path normalisation in one pass: bytes are copied segment by segment, and a finished segment that
// is a dot segment is taken back.
#include "traffic/path.h"

#include "traffic/escape.h"

namespace weir::traffic {
namespace {

// Nothing to merge, to decode or to resolve. Errs on the side of false ("/.well-known").
bool looks_normal(std::string_view path) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '%') return false;
    if (path[i] == '/' && i + 1 < path.size() && (path[i + 1] == '/' || path[i + 1] == '.')) {
      return false;
    }
  }
  return true;
}

// A path under construction in a caller's memory; always "/" followed by finished segments and an
// open one.
class NormalPath {
 public:
  explicit NormalPath(char* room) : room_(room) { room_[size_++] = '/'; }

  void put(char c) { room_[size_++] = c; }
  void put_escape(int byte) {
    put('%');
    put(kUpperHex[static_cast<std::size_t>(byte) >> 4]);
    put(kUpperHex[static_cast<std::size_t>(byte) & 15]);
  }
  void slash() {
    if (resolve_dots() || size_ == segment_) return;
    put('/');
    segment_ = size_;
  }
  // True when the open segment was a dot segment and has been taken back.
  bool resolve_dots() {
    const std::string_view segment(room_ + segment_, size_ - segment_);
    if (segment != "." && segment != "..") return false;
    if (segment == "..") segment_ = parent();
    size_ = segment_;
    return true;
  }
  std::size_t size() const { return size_; }

 private:
  // Where the segment before the open one begins; the root has no parent but itself.
  std::size_t parent() const {
    if (segment_ == 1) return 1;
    return std::string_view(room_, segment_ - 1).rfind('/') + 1;
  }

  char* room_;
  std::size_t size_ = 0;
  std::size_t segment_ = 1;  // where the open segment begins
};

}  // namespace

bool path_has_prefix(std::string_view path, std::string_view prefix) {
  if (prefix.empty() || prefix == "/") return true;
  if (!path.starts_with(prefix)) return false;
  return prefix.ends_with('/') || path.size() == prefix.size() || path[prefix.size()] == '/';
}

std::optional<std::string_view> normalize_path(std::string_view path, Buffer& out) {
  if (path == "*") return path;
  if (!path.starts_with('/')) return std::nullopt;
  if (looks_normal(path)) return path;

  out.clear();
  NormalPath normal(out.extend(path.size()));
  for (std::size_t i = 1; i < path.size(); ++i) {
    if (path[i] == '/') {
      normal.slash();
    } else if (path[i] != '%') {
      normal.put(path[i]);
    } else {
      const int byte = escaped_byte(path, i);
      if (byte <= 0) return std::nullopt;
      if (is_unreserved(byte)) {
        normal.put(static_cast<char>(byte));
      } else {
        normal.put_escape(byte);
      }
      i += 2;
    }
  }
  normal.resolve_dots();
  out.truncate(normal.size());
  return out.view();
}

}  // namespace weir::traffic
