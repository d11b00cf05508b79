// A scenario whose clients speak HTTP/2 over the plain listener; origins speak HTTP/1 as ever.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/h2_frames.h"
#include "support/scenario.h"

namespace weir::test {

class H2Client {
 public:
  explicit H2Client(Party& party) : party_(party) {}

  void sends(std::string_view bytes, std::size_t piece = net::MemoryWire::kAll) {
    party_.sends(bytes, piece);
  }
  // Everything that came so far, read.
  h2::Reader& seen() {
    reader_.read(party_.receives_bytes());
    return reader_;
  }
  h2::Answer& answer(std::int32_t stream) { return seen().answer(stream); }
  Party& party() { return party_; }

 private:
  Party& party_;
  h2::Reader reader_;
};

class H2Test : public ExchangeTest {
 protected:
  using Settings = std::vector<std::pair<std::uint16_t, std::uint32_t>>;
  static constexpr std::uint16_t kInitialWindow = 4;

  // A client that has said hello.
  H2Client& connect_h2(const Settings& settings = {}, net::FaultPlan to_client = {}) {
    clients_.push_back(std::make_unique<H2Client>(connect(to_client)));
    clients_.back()->sends(h2::hello(settings));
    return *clients_.back();
  }
  static std::string ok(std::string_view body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           std::string(body);
  }

 private:
  std::vector<std::unique_ptr<H2Client>> clients_;
};

}  // namespace weir::test
