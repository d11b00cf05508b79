// A scenario whose endpoints speak HTTP/2 by prior knowledge; clients speak HTTP/1 unless the test
// says otherwise.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/h2_frames.h"
#include "support/scenario.h"

namespace weir::test {

// An endpoint's end of a connection. Requests are told like answers: their fields are where a
// reader keeps trailers, because they do not begin with :status.
class H2Origin {
 public:
  using Settings = std::vector<std::pair<std::uint16_t, std::uint32_t>>;

  H2Origin(Party& party, const Settings& settings) : party_(party) {
    sends(h2::settings(settings) + h2::settings_ack());
  }

  void sends(std::string_view bytes) { party_.sends(bytes); }
  h2::Reader& seen() {
    said_ += party_.receives_bytes();
    std::string_view rest = said_;
    if (!greeted_) {
      EXPECT_TRUE(rest.starts_with(h2::kPreface));
      if (!rest.starts_with(h2::kPreface)) return reader_;
      rest.remove_prefix(h2::kPreface.size());
      greeted_ = true;
    }
    reader_.read(rest);
    said_.clear();
    return reader_;
  }
  // The request on that stream, as far as it has come.
  h2::Answer& request(std::int32_t stream) { return seen().answer(stream); }
  std::string path(std::int32_t stream) { return request(stream).trailer(":path"); }
  std::size_t requests() { return seen().frames(h2::kHeaders).size(); }
  void answers(std::int32_t stream, std::string_view body = "ok") {
    sends(h2::headers(stream, {{":status", "200"}, {"content-length", std::to_string(body.size())}},
                      false) +
          h2::data(stream, body, true));
  }
  void goes_away(std::uint32_t last) {
    sends(h2::frame(h2::kGoaway, 0, 0, h2::number(last) + h2::number(0)));
  }
  Party& party() { return party_; }

 private:
  Party& party_;
  h2::Reader reader_;
  std::string said_;
  bool greeted_ = false;
};

class H2OriginTest : public ExchangeTest {
 protected:
  H2OriginTest() { cluster().protocol = config::UpstreamProtocol::http2; }

  H2Origin& accept_h2(const H2Origin::Settings& settings = {}, net::FaultPlan to_origin = {}) {
    return origins_.emplace_back(accept(to_origin), settings);
  }

 private:
  std::deque<H2Origin> origins_;
};

}  // namespace weir::test
