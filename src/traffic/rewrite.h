// The path sent upstream when a route rewrites it: a replaced prefix, or the first match of a
// regular expression replaced. Compiled once per route, then immutable and shared by all workers;
// used by proxy/ for routes that have a rewrite, and only for those. The query is never touched.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include <weir/config.h>
#include <weir/error.h>

#include "base/buffer.h"

namespace re2 {
class RE2;
}

namespace weir::traffic {

class PathRewrite {
 public:
  // The error says in words what is wrong with the route's rewrite. A route without one gives an
  // empty rewrite.
  static std::expected<PathRewrite, std::string> make(const config::Route& route);
  ~PathRewrite();
  PathRewrite(PathRewrite&&) noexcept;
  PathRewrite& operator=(PathRewrite&&) noexcept;

  bool empty() const { return kind_ == Kind::none; }

  // Appends the path to send for `path`, the one the route was matched by, to `out`. "*" and a path
  // the expression does not match are appended as they are. The result begins with '/' and holds no
  // byte that neither the path nor the file held. Error: target_too_long, when it exceeds
  // limits::kTargetBytes; `out` is then as before.
  Error apply(std::string_view path, Buffer& out) const;

 private:
  enum class Kind { none, prefix, regex };

  PathRewrite();
  static std::expected<PathRewrite, std::string> of_prefix(const config::Route& route);
  static std::expected<PathRewrite, std::string> of_regex(const config::Rewrite& rewrite);
  void replace_prefix(std::string_view path, Buffer& out) const;
  void replace_match(std::string_view path, Buffer& out) const;

  Kind kind_ = Kind::none;
  bool whole_path_ = false;      // the route's path is exact: all of it is the prefix
  std::size_t prefix_size_ = 0;  // of what path_prefix matched, without a '/' at its end
  std::string replacement_;
  std::unique_ptr<const re2::RE2> regex_;
};

}  // namespace weir::traffic
