// Counts what chunked framing costs beyond its content, so that a peer cannot hide megabytes in
// chunk extensions or leading zeros (CVE-2023-39326, CVE-2024-22019). Positions are bytes from the
// start of the message. llhttp checks the syntax; this one checks only the size of it. Used by
// H1Parser.
#pragma once

#include <cstdint>

namespace weir::http {

class ChunkMeter {
 public:
  // A chunk's size line begins at `position`.
  void begin_line(std::uint64_t position);
  // The first extension of the line has its ';' at `position`; later ones of the line are ignored.
  void begin_extension(std::uint64_t position);
  // The line, CRLF included, ends at `position`. False when it was too long.
  [[nodiscard]] bool end_line(std::uint64_t position);
  // All bytes up to `position` have been seen. False when an unfinished line is too long already.
  [[nodiscard]] bool reached(std::uint64_t position) const;
  void add_content(std::uint64_t bytes) { content_ += bytes; }
  bool in_line() const { return in_line_; }

 private:
  bool extension_fits(std::uint64_t bytes) const;

  std::uint64_t line_ = 0;
  std::uint64_t extension_ = 0;  // where the line's extensions begin, 0 = none seen
  std::uint64_t overhead_ = 0;   // extensions of the lines before
  std::uint64_t content_ = 0;
  bool in_line_ = false;
};

}  // namespace weir::http
