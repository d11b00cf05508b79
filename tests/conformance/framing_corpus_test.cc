// Runs the framing corpus: one test per file of tests/conformance/framing. Each case goes through
// the HTTP/1 parsers whole, byte by byte, and cut in two at every place; every way must come to the
// outcome the file states. The driver does what a connection does (next message only after a
// complete one, nothing after an error or a closing message) and decides nothing itself.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <weir/error.h>

#include "framing_case.h"
#include "http/forwarding.h"
#include "http/h1_parser.h"

namespace weir::conformance {

// For failure messages.
void PrintTo(Verdict verdict, std::ostream* out) {
  constexpr std::array<std::string_view, 3> kWords = {"accept", "refuse", "unfinished"};
  *out << kWords[static_cast<std::size_t>(verdict)];
}

void PrintTo(const Fact& fact, std::ostream* out) {
  *out << "message " << fact.message << ": " << testing::PrintToString(fact.text);
}

namespace {

const std::filesystem::path kCorpus =
    std::filesystem::path(WEIR_SOURCE_DIR) / "tests" / "conformance" / "framing";

// Longer cases (they are about limits) are not cut at every place: that would cost seconds and show
// nothing new.
constexpr std::size_t kCutEverywhereBelow = 2048;

// What came of a case's bytes.
struct Outcome {
  Verdict verdict = Verdict::accept;
  Errc code = Errc::none;
  bool refused_after_head = false;
  std::vector<Fact> facts;
};

// How the bytes arrive: the sizes of all reads but the last.
using Cuts = std::vector<std::size_t>;

class Facts {
 public:
  explicit Facts(std::vector<Fact>& out, int message) : out_(out), message_(message) {}
  void say(std::string_view key, std::string_view value) {
    out_.push_back({message_, std::string(key) + ": " + std::string(value)});
  }
  void say_whether(std::string_view key, bool value) { say(key, value ? "true" : "false"); }
  void say_number(std::string_view key, std::size_t value) { say(key, std::to_string(value)); }

 private:
  std::vector<Fact>& out_;
  int message_;
};

std::string_view word(http::Framing framing) {
  switch (framing) {
    case http::Framing::none:
      return "none";
    case http::Framing::length:
      return "length";
    case http::Framing::chunked:
      return "chunked";
    case http::Framing::until_close:
      return "until_close";
  }
  return "?";
}

void describe_fields(const http::Head& head, Facts& facts) {
  const auto line = [&head](const http::Field& field) {
    const std::string_view value = head.value(field);
    return std::string(head.name(field)) + (value.empty() ? ":" : ": ") + std::string(value);
  };
  for (const http::Field& field : head.fields()) {
    facts.say("field", line(field));
    facts.say(field.dropped ? "dropped" : "kept", head.name(field));
  }
  std::size_t forwardable = 0;
  for (const http::Field& field : head.trailers()) {
    facts.say("trailer", line(field));
    if (field.dropped) facts.say("dropped_trailer", head.name(field));
    if (!field.dropped) ++forwardable;
  }
  facts.say_number("fields", head.fields().size());
  facts.say_number("trailers", forwardable);
}

void describe_message(const http::Head& head, const std::string& content, Facts& facts) {
  facts.say("framing", word(head.framing()));
  facts.say_whether("keep_alive", head.keep_alive());
  facts.say("minor_version", std::to_string(head.minor_version()));
  facts.say("content", content);
  facts.say_number("content_bytes", content.size());
  describe_fields(head, facts);
}

class RequestSide {
 public:
  explicit RequestSide(const FramingCase& c) {
    if (c.underscores == "pass") underscores_ = http::UnderscorePolicy::pass;
    if (c.underscores == "refuse") underscores_ = http::UnderscorePolicy::refuse;
  }
  http::H1Parser& parser() { return parser_; }
  void begin() { parser_.reset(head_, http::HeadLimits{}, underscores_); }
  void drop_fields() { http::drop_request_fields(head_, false); }
  bool another_may_follow() const { return head_.keep_alive(); }
  bool awaits_more() const { return !parser_.untouched(); }
  bool end_of_stream() { return false; }

  void describe(const std::string& content, Facts facts) const {
    facts.say("method", head_.method_name());
    facts.say("path", head_.path_and_query());
    facts.say("authority", head_.authority());
    facts.say_whether("absolute_form", head_.absolute_form());
    facts.say_whether("expects_continue", head_.expects_continue());
    facts.say_whether("wants_upgrade", head_.wants_upgrade());
    facts.say_whether("accepts_trailers", head_.accepts_trailers());
    describe_message(head_, content, facts);
  }

 private:
  http::RequestHead head_;
  http::H1RequestParser parser_;
  http::UnderscorePolicy underscores_ = http::UnderscorePolicy::drop;
};

class ResponseSide {
 public:
  explicit ResponseSide(const FramingCase& c) : request_(method_named(c.request)) {}
  http::H1Parser& parser() { return parser_; }
  void begin() { parser_.reset(head_, request_, http::HeadLimits{}); }
  void drop_fields() { http::drop_response_fields(head_); }
  // A final answer (or a switch of protocols) is the last thing read for its request.
  bool another_may_follow() const { return head_.interim() && head_.status() != 101; }
  bool awaits_more() const { return true; }
  bool end_of_stream() { return parser_.end_of_stream(); }

  void describe(const std::string& content, Facts facts) const {
    facts.say("status", std::to_string(head_.status()));
    describe_message(head_, content, facts);
  }

 private:
  static http::Method method_named(std::string_view name) {
    if (name == "HEAD") return http::Method::head;
    if (name == "POST") return http::Method::post;
    return http::Method::get;
  }

  const http::Method request_;
  http::ResponseHead head_;
  http::H1ResponseParser parser_;
};

// One connection from its first byte to its last.
template <class Side>
class Conversation {
 public:
  explicit Conversation(const FramingCase& c) : side_(c) { side_.begin(); }

  // A copy of exactly the size, gone when this returns: sanitizers see reads beyond it and pointers
  // kept into it.
  void receive(std::string_view bytes) {
    const auto read = std::make_unique_for_overwrite<char[]>(bytes.size());
    std::memcpy(read.get(), bytes.data(), bytes.size());
    std::string_view rest(read.get(), bytes.size());
    while (!rest.empty() && !over_) rest.remove_prefix(take(rest));
    leftover_ += rest.size();
  }

  Outcome close() {
    if (!over_) end();
    Facts facts(outcome_.facts, 0);
    facts.say("messages", std::to_string(messages_));
    if (outcome_.code == Errc::none) facts.say_number("leftover", leftover_);
    return outcome_;
  }

 private:
  std::size_t take(std::string_view bytes) {
    const http::ParseStep step = side_.parser().feed(bytes);
    EXPECT_LE(step.consumed, bytes.size());
    for (std::string_view part : step.content) {
      EXPECT_FALSE(part.empty());
      content_ += part;
    }
    if (step.head) {
      EXPECT_FALSE(head_seen_) << "the head was announced twice";
      head_seen_ = true;
      side_.drop_fields();
    }
    if (step.error) {
      refuse(step);
    } else if (step.complete) {
      complete();
    } else if (step.consumed == 0) {
      ADD_FAILURE() << "neither progress nor error";
      over_ = true;
    }
    return step.consumed;
  }

  void refuse(const http::ParseStep& step) {
    EXPECT_FALSE(step.complete) << "complete and refused at once";
    over_ = true;
    outcome_.verdict = Verdict::refuse;
    outcome_.code = step.error.code;
    outcome_.refused_after_head = head_seen_;
    const http::ParseStep after =
        side_.parser().feed("GET / HTTP/1.1\r\nHost: a.example\r\n\r\nHTTP/1.1 204 Fine\r\n\r\n");
    EXPECT_FALSE(after.head || after.complete || !after.content.empty()) << "went on after it";
  }

  void complete() {
    EXPECT_TRUE(head_seen_) << "complete without a head";
    ++messages_;
    side_.describe(content_, Facts(outcome_.facts, messages_));
    content_.clear();
    head_seen_ = false;
    if (side_.another_may_follow()) {
      side_.begin();
    } else {
      over_ = true;
    }
  }

  void end() {
    const bool in_message = side_.awaits_more();
    const bool completed = side_.end_of_stream();
    if (completed) complete();
    if (in_message && !completed) outcome_.verdict = Verdict::unfinished;
    Facts(outcome_.facts, 0).say("end_of_stream", completed ? "complete" : "cut");
  }

  Side side_;
  Outcome outcome_;
  std::string content_;
  bool head_seen_ = false;
  bool over_ = false;
  int messages_ = 0;
  std::size_t leftover_ = 0;
};

template <class Side>
Outcome converse(const FramingCase& c, const Cuts& cuts) {
  Conversation<Side> conversation(c);
  std::string_view rest = c.bytes;
  for (const std::size_t size : cuts) {
    conversation.receive(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  conversation.receive(rest);
  return conversation.close();
}

// Byte by byte is the one way in which a head and an error after it cannot fall into the same call.
void expect_as_stated(const FramingCase& c, const Outcome& outcome) {
  EXPECT_EQ(outcome.verdict, c.verdict) << "error: " << name_of(outcome.code);
  EXPECT_EQ(status_of(outcome.code), c.status) << "error: " << name_of(outcome.code);
  if (!c.error.empty()) {
    EXPECT_EQ(name_of(outcome.code), c.error);
  }
  EXPECT_EQ(outcome.refused_after_head, c.after_head);
  std::vector<Fact> expected = c.expected;
  const bool counted = std::ranges::any_of(
      expected, [](const Fact& fact) { return fact.text.starts_with("messages: "); });
  if (!counted)
    expected.push_back({0, c.verdict == Verdict::accept ? "messages: 1" : "messages: 0"});
  for (const Fact& fact : expected) {
    const bool found = std::ranges::find(outcome.facts, fact) != outcome.facts.end();
    EXPECT_TRUE(found) << testing::PrintToString(fact) << "\nis not among "
                       << testing::PrintToString(outcome.facts);
  }
}

void expect_same(const Outcome& one, const Outcome& other, const std::string& how) {
  EXPECT_EQ(one.verdict, other.verdict) << how;
  EXPECT_EQ(name_of(one.code), name_of(other.code)) << how;
  EXPECT_EQ(one.facts, other.facts) << how;
}

template <class Side>
void run(const std::filesystem::path& file) {
  const auto c = read_case(file);
  ASSERT_TRUE(c) << file << " " << c.error();
  const Outcome slow = converse<Side>(*c, Cuts(c->bytes.size() - 1, 1));
  expect_as_stated(*c, slow);
  expect_same(slow, converse<Side>(*c, {}), "whole");
  if (c->bytes.size() >= kCutEverywhereBelow) return;
  for (std::size_t cut = 1; cut < c->bytes.size() && !testing::Test::HasFailure(); ++cut) {
    expect_same(slow, converse<Side>(*c, {cut}), "cut after " + std::to_string(cut));
  }
}

class RequestFraming : public testing::TestWithParam<std::string> {};
class ResponseFraming : public testing::TestWithParam<std::string> {};

TEST_P(RequestFraming, is_as_stated) {
  run<RequestSide>(kCorpus / "requests" / (GetParam() + ".case"));
}
TEST_P(ResponseFraming, is_as_stated) {
  run<ResponseSide>(kCorpus / "responses" / (GetParam() + ".case"));
}

const auto kByName = [](const auto& test) { return test.param; };
INSTANTIATE_TEST_SUITE_P(corpus, RequestFraming,
                         testing::ValuesIn(case_names(kCorpus / "requests")), kByName);
INSTANTIATE_TEST_SUITE_P(corpus, ResponseFraming,
                         testing::ValuesIn(case_names(kCorpus / "responses")), kByName);

// A corpus that lost its files would pass silently.
TEST(FramingCorpus, is_all_there) {
  EXPECT_GE(case_names(kCorpus / "requests").size(), 250U);
  EXPECT_GE(case_names(kCorpus / "responses").size(), 80U);
}

TEST(FramingCorpus, every_case_says_why) {
  for (const char* folder : {"requests", "responses"}) {
    for (const std::string& name : case_names(kCorpus / folder)) {
      const auto c = read_case(kCorpus / folder / (name + ".case"));
      ASSERT_TRUE(c) << folder << "/" << name << " " << c.error();
      EXPECT_TRUE(c->why.contains("RFC ") || c->why.contains("CVE-")) << name << ": " << c->why;
      EXPECT_TRUE(c->why.ends_with('.')) << name << ": " << c->why;
    }
  }
}

TEST(FramingCase, understands_its_escapes) {
  EXPECT_EQ(unescape("a\\r\\n\nb\\t\\\\\\x7f\\0"), std::string("a\r\nb\t\\\x7f\0", 8));
  EXPECT_EQ(unescape("\\{3:ab\\x7d}c"), "ab}ab}ab}c");
  EXPECT_EQ(unescape("\\{2:\\{3:a}b}"), "aaabaaab");
  for (const char* wrong : {"\\", "\\q", "\\x1", "\\xg0", "\\{3:", "\\{:a}", "\\{x:a}", "\\{3}"}) {
    EXPECT_FALSE(unescape(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace weir::conformance
