// One regular expression of a route (RE2: linear time, no backtracking), always matched against the
// whole text. Bytes are Latin-1, so that no header value is outside its alphabet, and '.' takes
// every byte. Immutable and shared by all workers. Matching takes no memory of its own; RE2 extends
// a bounded cache the first times it sees a kind of text.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace weir::traffic {

class Pattern {
 public:
  // The error says in words what is wrong with the expression.
  static std::expected<Pattern, std::string> compile(std::string_view expression);
  ~Pattern();
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;

  bool matches(std::string_view text) const;  // from the first byte to the last

 private:
  explicit Pattern(std::unique_ptr<const re2::RE2> expression);
  std::unique_ptr<const re2::RE2> expression_;
};

}  // namespace weir::traffic
