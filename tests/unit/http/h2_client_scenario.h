// A client's session of HTTP/2 and the endpoint it talks to, as frames in memory; what it is told
// is written down.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/h2_client_session.h"
#include "support/h2_frames.h"

namespace weir::http {

namespace h2 = test::h2;
using Told = std::vector<std::string>;

class H2ClientSessionTest : public testing::Test, public H2ClientEvents {
 protected:
  struct Asked : H2ClientStream {
    explicit Asked(ChunkPool& chunks) : H2ClientStream(chunks) {}
    ResponseHead head;
    Told told;
    std::string content;
    bool gives_up = false;      // at the first step
    bool asks_another = false;  // then
  };

  H2ClientSessionTest() { start(); }
  // Another connection, of the limits as they are.
  void start() {
    session_.reset();
    asked_.clear();
    session_ = std::make_unique<H2ClientSession>(shared_, *this, limits_, chunks_);
    seen_ = std::make_unique<h2::Reader>();
    said_.clear();
    preface_seen_ = false;
  }
  void TearDown() override {
    session_.reset();
    asked_.clear();
  }

  // The request is parsed from text, as one of HTTP/1.
  Asked& ask(std::string_view text = "GET /a?b HTTP/1.1\r\nHost: a.test\r\n\r\n",
             bool complete = true, std::string_view content = {}) {
    parser_.reset(request_, {}, UnderscorePolicy::pass);
    parser_.feed(text);
    asked_.push_back(std::make_unique<Asked>(chunks_));
    Asked& asked = *asked_.back();
    const H2Request request{.head = &request_,
                            .scheme = "http",
                            .path = request_.path_and_query(),
                            .host = request_.authority(),
                            .edits = edits_};
    const std::span<const std::string_view> runs(&content, content.empty() ? 0 : 1);
    began_ = session_->send_request(asked, request, runs, complete, asked.head);
    return asked;
  }
  h2::Reader& says() {
    session_->pump();
    session_->dispatch();
    session_->output().for_each_run([&](std::string_view run) { said_ += run; });
    session_->output().clear();
    std::string_view rest = said_;
    if (!preface_seen_ && rest.starts_with(h2::kPreface)) {
      preface_seen_ = true;
      rest.remove_prefix(h2::kPreface.size());
    }
    if (preface_seen_) {
      seen_->read(rest);
      said_.clear();
    }
    return *seen_;
  }
  void hears(std::string_view bytes) { session_->receive(bytes, now_); }
  void begin(const std::vector<std::pair<std::uint16_t, std::uint32_t>>& settings = {}) {
    says();
    hears(h2::settings(settings) + h2::settings_ack());
  }
  static std::string ok(std::int32_t stream, bool end = false, h2::Fields more = {}) {
    more.insert(more.begin(), {":status", "200"});
    return h2::headers(stream, more, end);
  }

  void on_response(H2ClientStream& stream, const ParseStep& step) override {
    auto& its = static_cast<Asked&>(stream);
    std::string word;
    if (step.head) word += std::to_string(its.head.status()) + " ";
    for (const std::string_view run : step.content) its.content += run;
    if (!step.content.empty()) word += "content ";
    if (step.complete) word += "complete ";
    if (step.error) word += name_of(step.error.code);
    its.told.push_back(word);
    if (its.gives_up) session_->cancel(its);
    if (std::exchange(its.asks_another, false)) ask();
  }
  void on_stream_closed(H2ClientStream& stream, Errc reason) override {
    auto& its = static_cast<Asked&>(stream);
    its.told.push_back("closed " + std::string(name_of(reason)));
    its.clear();
  }

  std::shared_ptr<H2Shared> shared_ = make_h2_client_shared();
  ChunkPool chunks_;
  H2ClientLimits limits_;
  std::unique_ptr<H2ClientSession> session_;
  std::vector<std::unique_ptr<Asked>> asked_;
  std::vector<HeadEdit> edits_;
  RequestHead request_;
  H1RequestParser parser_;
  std::unique_ptr<h2::Reader> seen_;
  std::string said_;
  bool preface_seen_ = false;
  bool began_ = false;
  std::uint64_t now_ = 1000;
};

}  // namespace weir::http
