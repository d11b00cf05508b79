// Path rewriting. The slash between a replaced prefix and the rest is neither lost nor doubled,
// whichever of the prefix and its replacement ends in one.
#include "traffic/rewrite.h"

#include <re2/re2.h>

#include <algorithm>
#include <utility>

#include <weir/limits.h>

#include "traffic/path.h"

namespace weir::traffic {
namespace {

constexpr int kGroups = 10;  // \0 (the whole match) to \9

// Visible ASCII that can stand in a path: no blank, no control, and nothing that would begin a
// query or fragment.
bool is_path_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c < '\x7f' && c != '?' && c != '#'; });
}

std::unexpected<std::string> wrong(std::string words) {
  return std::unexpected("rewrite: " + std::move(words));
}

}  // namespace

PathRewrite::PathRewrite() = default;
PathRewrite::~PathRewrite() = default;
PathRewrite::PathRewrite(PathRewrite&&) noexcept = default;
PathRewrite& PathRewrite::operator=(PathRewrite&&) noexcept = default;

std::expected<PathRewrite, std::string> PathRewrite::make(const config::Route& route) {
  if (!route.rewrite.prefix.empty()) return of_prefix(route);
  if (!route.rewrite.regex.empty()) return of_regex(route.rewrite);
  return PathRewrite();
}

std::expected<PathRewrite, std::string> PathRewrite::of_prefix(const config::Route& route) {
  const config::Match& match = route.match;
  if (match.path_kind == config::PathMatch::regex) {
    return wrong("a prefix can be replaced only where path_prefix or path is matched");
  }
  const std::string& replacement = route.rewrite.prefix;
  if (!replacement.starts_with('/') || !is_path_text(replacement)) {
    return wrong("'" + replacement + "' is not a path");
  }
  Buffer room;
  std::string_view prefix = match.path;
  if (route.normalize_path) prefix = normalize_path(prefix, room).value_or(prefix);
  if (prefix.ends_with('/')) prefix.remove_suffix(1);

  PathRewrite rewrite;
  rewrite.kind_ = Kind::prefix;
  rewrite.whole_path_ = match.path_kind == config::PathMatch::exact;
  rewrite.prefix_size_ = prefix.size();
  rewrite.replacement_ = replacement;
  return rewrite;
}

std::expected<PathRewrite, std::string> PathRewrite::of_regex(const config::Rewrite& from) {
  re2::RE2::Options options;
  options.set_encoding(re2::RE2::Options::EncodingLatin1);
  options.set_log_errors(false);
  PathRewrite rewrite;
  rewrite.kind_ = Kind::regex;
  rewrite.regex_ = std::make_unique<const re2::RE2>(from.regex, options);
  if (!rewrite.regex_->ok()) return wrong(rewrite.regex_->error());
  std::string error;
  if (!rewrite.regex_->CheckRewriteString(from.replace, &error)) return wrong(error);
  if (!is_path_text(from.replace)) return wrong("'" + from.replace + "' is not part of a path");
  rewrite.replacement_ = from.replace;
  return rewrite;
}

Error PathRewrite::apply(std::string_view path, Buffer& out) const {
  const std::size_t before = out.size();
  if (empty() || path == "*") {
    out.append(path);
  } else if (kind_ == Kind::prefix) {
    replace_prefix(path, out);
  } else {
    replace_match(path, out);
  }
  if (out.size() - before <= limits::kTargetBytes) return {};
  out.truncate(before);
  return {.code = Errc::target_too_long};
}

void PathRewrite::replace_prefix(std::string_view path, Buffer& out) const {
  const std::string_view rest = whole_path_ ? "" : path.substr(std::min(prefix_size_, path.size()));
  std::string_view replacement = replacement_;
  if (rest.starts_with('/') && replacement.ends_with('/')) replacement.remove_suffix(1);
  out.append(replacement);
  out.append(rest);
}

void PathRewrite::replace_match(std::string_view path, Buffer& out) const {
  re2::StringPiece groups[kGroups];
  const int wanted = std::min(kGroups, regex_->NumberOfCapturingGroups() + 1);
  if (!regex_->Match(path, 0, path.size(), re2::RE2::UNANCHORED, groups, wanted)) {
    out.append(path);
    return;
  }
  const auto begin = static_cast<std::size_t>(groups[0].data() - path.data());
  const std::size_t start = out.size();
  out.append(path.substr(0, begin));
  for (std::size_t i = 0; i < replacement_.size(); ++i) {
    if (replacement_[i] != '\\') {
      out.append(replacement_[i]);
      continue;
    }
    const char next = replacement_[++i];  // CheckRewriteString: a digit or a backslash
    if (next == '\\') {
      out.append(next);
      continue;
    }
    const re2::StringPiece& group = groups[static_cast<std::size_t>(next - '0')];
    out.append(std::string_view(group.data(), group.size()));
  }
  out.append(path.substr(begin + groups[0].size()));
  if (out.size() > start && out.data()[start] == '/') return;
  // The expression took the leading slash away: a path has one (RFC 9112 section 3.2.1).
  const std::size_t length = out.size() - start;
  out.append('/');
  char* const at = out.data() + start;
  std::rotate(at, at + length, at + length + 1);
}

}  // namespace weir::traffic
