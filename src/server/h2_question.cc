// Asking, hearing, and a goodbye where the answer was taken whole.
#include "server/h2_question.h"

#include <string>
#include <vector>

namespace weir::server {

H2Question::H2Question(net::Stream& stream, CheckAnswer& answer)
    : wire_(stream),
      answer_(answer),
      session_(http::make_h2_client_shared(), *this, http::H2ClientLimits{}, chunks_) {}

H2Question::~H2Question() {
  session_.forget(stream_);
}

void H2Question::ask(const CheckPlan& plan, const Endpoint& endpoint) {
  std::string authority;
  const std::vector<http::H2Field> fields = request_fields(plan, endpoint, authority);
  const std::string_view content = plan.content;
  // A new session takes a request. What becomes of the write is left to the end or reset that
  // follows it, or to the deadline.
  (void)session_.send_request(stream_, fields, plan.method(),
                              std::span(&content, content.empty() ? 0 : 1), true, answer_.head());
  write_out();
}

std::optional<ProbeResult> H2Question::receive(std::string_view bytes, std::uint64_t now_ms) {
  session_.receive(bytes, now_ms);
  write_out();
  if (!result_ && session_.finished()) {
    const Errc fault = session_.fault();
    result_ =
        failed_probe(std::string(words_of(fault == Errc::none ? Errc::upstream_reset : fault)));
  }
  if (result_ && session_.streams() == 0) {
    session_.say_goodbye();
    write_out();
  }
  return result_;
}

void H2Question::on_response(http::H2ClientStream& stream, const http::ParseStep& step) {
  for (const std::string_view run : step.content) session_.take(stream, run.size());
  if (!result_) result_ = answer_.take(step);
}

void H2Question::on_stream_closed(http::H2ClientStream&, Errc reason) {
  if (!result_) result_ = failed_probe(std::string(words_of(reason)));
}

void H2Question::write_out() {
  session_.pump();
  std::string frames;
  session_.output().for_each_run([&frames](std::string_view run) { frames += run; });
  session_.output().clear();
  if (!frames.empty()) (void)wire_.write(frames);
}

}  // namespace weir::server
