// One file of the framing corpus (tests/conformance/framing/README.md has the format): what is
// sent, what must come of it and why. Read by framing_corpus_test.cc; never interprets HTTP itself,
// so that it cannot share a mistake with the parser under test.
#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace weir::conformance {

// `unfinished`: neither; the bytes end inside a message, which must not count as complete.
enum class Verdict { accept, refuse, unfinished };

// "key: value" about the connection (message 0) or about one of its messages, counted from 1.
struct Fact {
  int message = 0;
  std::string text;
  bool operator==(const Fact&) const = default;
};

struct FramingCase {
  std::string bytes;
  Verdict verdict = Verdict::accept;
  int status = 0;  // for refuse: of the proxy's answer
  std::string why;
  std::string error;  // for refuse: the Errc's name, empty when any of that status will do
  std::string request = "GET";  // responses: the method they answer
  std::string underscores;      // requests: the policy, empty for the default
  bool after_head =
      false;  // for refuse: the head was fine, the fault is in the content or its trailers
  std::vector<Fact> expected;
};

// Expands \r \n \t \0 \\ \xHH and \{count:text}; line breaks of the file itself are dropped. The
// error says what is wrong with the text.
std::expected<std::string, std::string> unescape(std::string_view text);

// Reads one file; the error says what is wrong with it, for people.
std::expected<FramingCase, std::string> read_case(const std::filesystem::path& path);

// The names (without ".case") of the files in a folder, sorted.
std::vector<std::string> case_names(const std::filesystem::path& folder);

}  // namespace weir::conformance
