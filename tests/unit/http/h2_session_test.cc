// The HTTP/2 session by itself, driven by frames in memory: how input is told, how output is
// gathered, and that content keeps its order whatever stops it. Whole exchanges are in
// tests/unit/proxy/.
#include "http/h2_session.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "http/h2_meter.h"
#include "support/h2_frames.h"

namespace weir::http {
namespace {

namespace h2 = test::h2;

// Takes every stream, keeps what is told of it.
class H2SessionTest : public testing::Test, public H2SessionEvents {
 protected:
  struct Stream : H2StreamState {
    explicit Stream(ChunkPool& chunks) : H2StreamState(chunks) {}
    RequestHead head;
    std::vector<std::string> steps;
    std::string content;
    std::size_t most_spans = 0;
    bool complete = false;
    bool closed = false;
  };

  H2SessionTest() { session_ = std::make_unique<H2Session>(shared_, *this, H2Limits{}, chunks_); }

  void receives(std::string_view bytes) { session_->receive(bytes, now_); }
  h2::Reader& says(std::size_t most = limits::kH2BatchBytes) {
    session_->pump(most);
    session_->dispatch();
    session_->output().for_each_run([&](std::string_view run) { reader_.read(run); });
    session_->output().clear();
    return reader_;
  }
  ResponseHead& ok(Stream& stream, std::string_view text =
                                       "HTTP/1.1 200 OK\r\n"
                                       "Transfer-Encoding: chunked\r\n\r\n") {
    response_parser_.reset(response_, stream.head.method(), {});
    response_parser_.feed(text);
    return response_;
  }
  Stream& stream(std::size_t index = 0) { return *streams_.at(index); }
  void TearDown() override {
    session_.reset();
    streams_.clear();
  }

  std::pair<H2StreamState*, RequestHead*> on_stream_begin() override {
    if (refuses_) return {nullptr, nullptr};
    streams_.push_back(std::make_unique<Stream>(chunks_));
    return {streams_.back().get(), &streams_.back()->head};
  }
  void on_stream_input(H2StreamState& state, const ParseStep& step) override {
    auto& its = static_cast<Stream&>(state);
    std::string told;
    if (step.head) told += "head ";
    for (const std::string_view run : step.content) its.content += run;
    if (!step.content.empty()) told += "content ";
    its.most_spans = std::max(its.most_spans, step.content.size());
    if (step.complete) told += "complete ";
    if (step.error) told += name_of(step.error.code);
    its.complete |= step.complete;
    its.steps.push_back(told);
  }
  void on_stream_closed(H2StreamState& state, Errc reason) override {
    auto& its = static_cast<Stream&>(state);
    its.closed = true;
    its.steps.push_back("closed " + std::string(name_of(reason)));
  }
  void on_abuse(H2Abuse abuse) override { abuses_.emplace_back(name_of(abuse)); }

  Random random_{1};
  std::shared_ptr<H2Shared> shared_ = make_h2_shared(random_);
  ChunkPool chunks_;
  std::vector<std::unique_ptr<Stream>> streams_;
  std::unique_ptr<H2Session> session_;
  std::vector<std::string> abuses_;
  h2::Reader reader_;
  ResponseHead response_;
  H1ResponseParser response_parser_;
  std::uint64_t now_ = 1000;
  bool refuses_ = false;
};

using Steps = std::vector<std::string>;

TEST_F(H2SessionTest, WhatComesTogetherIsToldTogether) {
  receives(h2::hello() + h2::headers(1, h2::request_fields("POST"), false) + h2::data(1, "abc") +
           h2::data(1, "def", true));
  EXPECT_EQ(stream().steps, Steps{"head content complete "});
  EXPECT_EQ(stream().content, "abcdef");
  EXPECT_EQ(stream().head.framing(), Framing::chunked);
  EXPECT_EQ(stream().head.major_version(), 2);
}

TEST_F(H2SessionTest, WhatComesApartIsToldApart) {
  receives(h2::hello());
  receives(h2::headers(1, h2::request_fields("POST"), false));
  receives(h2::data(1, "abc"));
  receives(h2::data(1, "", true));
  EXPECT_EQ(stream().steps, (Steps{"head ", "content ", "complete "}));
}

TEST_F(H2SessionTest, ContentInMorePiecesThanSpansIsWhole) {
  std::string bytes = h2::hello() + h2::headers(1, h2::request_fields("POST"), false);
  std::string all;
  for (int i = 0; i < 40; ++i) {
    all += std::to_string(i);
    bytes += h2::data(1, std::to_string(i), i == 39);
  }
  receives(bytes);
  EXPECT_EQ(stream().content, all);
  EXPECT_TRUE(stream().complete);
  EXPECT_LE(stream().most_spans, limits::kH2Spans);
}

TEST_F(H2SessionTest, APauseAtTheLastByteLosesNoEnd) {
  std::string bytes = h2::hello() + h2::headers(1, h2::request_fields("POST"), false);
  for (std::size_t i = 1; i <= limits::kH2Spans; ++i) {
    bytes += h2::data(1, "x", i == limits::kH2Spans);
  }
  receives(bytes);
  EXPECT_TRUE(stream().complete);
}

TEST_F(H2SessionTest, ARequestThatIsResetAtOnceIsNotTold) {
  receives(h2::hello() + h2::get(1) + h2::rst(1, 8));
  EXPECT_EQ(stream().steps, Steps{"closed client_gone"});
}

TEST_F(H2SessionTest, ARefusedStreamIsReset) {
  refuses_ = true;
  receives(h2::hello() + h2::get(1));
  EXPECT_EQ(says().answer(1).reset, 7U);
  refuses_ = false;
  receives(h2::get(3));
  EXPECT_EQ(stream().steps, Steps{"head complete "});
}

TEST_F(H2SessionTest, AnswersAreFramedAtOnceAndWaitToBeWritten) {
  receives(h2::hello() + h2::get(1));
  const std::string_view content[] = {"hello ", "world"};
  EXPECT_TRUE(session_->send_response(stream(), ok(stream()), {}, content, true));
  EXPECT_EQ(stream().waiting_bytes(), 0U);
  EXPECT_TRUE(stream().response_framed());
  EXPECT_GT(session_->output().size(), 11U);
  EXPECT_EQ(says().answer(1).body, "hello world");
  EXPECT_TRUE(reader_.answer(1).ended);
  EXPECT_EQ(stream().steps.back(), "closed none");
}

TEST_F(H2SessionTest, ContentKeepsItsOrderWhateverStopsIt) {
  receives(h2::hello({{4, 7}}) + h2::get(1));
  ResponseHead& head = ok(stream());
  std::string all;
  const auto send = [&](std::string_view a, std::string_view b) {
    const std::string_view content[] = {a, b};
    all += std::string(a) + std::string(b);
    session_->send_content(stream(), content, false, head);
  };
  session_->send_response(stream(), head, {}, {}, false);
  send("one", "two");
  send("three", "four");
  EXPECT_EQ(says().answer(1).body, all.substr(0, 7));
  EXPECT_EQ(stream().waiting_bytes(), all.size() - 7);
  receives(h2::window_update(1, 3));
  send("five", "six");
  EXPECT_EQ(says().answer(1).body, all.substr(0, 10));
  session_->hold_output(true);
  receives(h2::window_update(1, 1000));
  send("seven", "eight");
  EXPECT_EQ(says().answer(1).body, all.substr(0, 10)) << "held";
  session_->hold_output(false);
  session_->send_content(stream(), {}, true, head);
  EXPECT_EQ(says().answer(1).body, all);
  EXPECT_TRUE(reader_.answer(1).ended);
}

TEST_F(H2SessionTest, OutputIsGatheredUpToABatch) {
  receives(h2::hello({{4, 10'000'000}}) + h2::window_update(0, 10'000'000) + h2::get(1));
  ResponseHead& head = ok(stream());
  const std::string large(300'000, 'x');
  const std::string_view content[] = {large};
  session_->send_response(stream(), head, {}, content, true);
  EXPECT_GE(session_->output().size(), limits::kH2BatchBytes);
  EXPECT_LT(session_->output().size(), limits::kH2BatchBytes + 17 * 1024);
  EXPECT_EQ(stream().sent_bytes(),
            300'000 + (stream().framed_bytes() - (300'000 - stream().waiting_bytes())));
  while (!says().answer(1).ended) {
    ASSERT_LE(reader_.answer(1).body.size(), large.size());
  }
  EXPECT_EQ(reader_.answer(1).body, large);
}

TEST_F(H2SessionTest, TrailersComeBehindContentThatWaited) {
  receives(h2::hello({{4, 2}}) + h2::get(1));
  ResponseHead& head = ok(stream(),
                          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n"
                          "X-Sum: 9\r\nHost: dropped\r\n\r\n");
  const std::string_view content[] = {"body"};
  session_->send_response(stream(), head, {}, content, true);
  EXPECT_EQ(says().answer(1).trailer("x-sum"), "-");
  receives(h2::window_update(1, 10));
  EXPECT_EQ(says().answer(1).body, "body");
  EXPECT_EQ(reader_.answer(1).trailer("x-sum"), "9");
  EXPECT_EQ(reader_.answer(1).trailer("host"), "-");
  EXPECT_TRUE(reader_.answer(1).ended);
}

TEST_F(H2SessionTest, NothingIsSentToAStreamThatIsGone) {
  receives(h2::hello() + h2::get(1) + h2::get(3));
  receives(h2::rst(1, 8));
  EXPECT_TRUE(stream(0).closed);
  EXPECT_FALSE(session_->send_response(stream(0), ok(stream(0)), {}, {}, true));
  EXPECT_TRUE(session_->send_response(stream(1), ok(stream(1)), {}, {}, true));
}

TEST_F(H2SessionTest, AnHttp1ClientIsToldThatItIsNotUnderstood) {
  receives("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  EXPECT_TRUE(session_->finished());
  EXPECT_EQ(says().goaway_code(), 1U);
  EXPECT_EQ(abuses_, std::vector<std::string>{"protocol_error"});
}

TEST(H2Meter, TakesABurstAndRefillsWithTime) {
  constexpr limits::H2Allowance kFive{5, 2};
  H2Meter meter;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(meter.take(kFive, 1000)) << i;
  EXPECT_FALSE(meter.take(kFive, 1000));
  EXPECT_FALSE(meter.take(kFive, 1499));
  EXPECT_TRUE(meter.take(kFive, 1500));
  EXPECT_FALSE(meter.take(kFive, 1500));
  meter.give_back(kFive, 2);
  EXPECT_TRUE(meter.take(kFive, 1500));
  EXPECT_TRUE(meter.take(kFive, 1500));
  EXPECT_FALSE(meter.take(kFive, 1500));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(meter.take(kFive, 100'000)) << "never more than a burst";
  EXPECT_FALSE(meter.take(kFive, 100'000));
}

}  // namespace
}  // namespace weir::http
