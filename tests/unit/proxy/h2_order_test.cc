// What RFC 9113 forbids and the protocol library lets pass: Weir ends the connection for it itself,
// and leaves alone what only looks like it. The whole of RFC 9113 is asked for in
// tests/conformance/http2.
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>

#include "h2_scenario.h"

namespace weir::proxy {
namespace {

using test::H2Client;
namespace h2 = test::h2;

constexpr std::uint32_t kProtocolError = 1, kFlowControlError = 3, kFrameSizeError = 6;
constexpr std::uint32_t kWindowMost = 0x7fffffff;

class H2Order : public test::H2Test {
 protected:
  std::optional<std::uint32_t> code_after(const std::string& bytes) {
    H2Client& client = connect_h2();
    client.sends(bytes);
    return client.seen().goaway_code();
  }
  // A request whose header block goes on in a CONTINUATION of so many bytes.
  static std::string get_with_continuation(std::size_t bytes) {
    const std::string first = h2::block(h2::request_fields());
    const std::string rest = h2::block({{"x-large", std::string(bytes - 12, 'v')}});
    EXPECT_EQ(rest.size(), bytes);
    return h2::frame(h2::kHeaders, h2::kEndStream, 1, first) +
           h2::frame(h2::kContinuation, h2::kEndHeaders, 1, rest);
  }
};

TEST_F(H2Order, AContinuationMayBeAsLargeAsAnyFrame) {
  EXPECT_EQ(code_after(get_with_continuation(16384)), std::nullopt);
  EXPECT_EQ(connecting(), 1U);
  EXPECT_EQ(code_after(get_with_continuation(16385)), kFrameSizeError);
  EXPECT_EQ(connecting(), 1U);
}

TEST_F(H2Order, PriorityIsOfAStream) {
  const std::string_view five("\0\0\0\3\x0f", 5);
  EXPECT_EQ(code_after(h2::frame(h2::kPriority, 0, 1, five)), std::nullopt);
  EXPECT_EQ(code_after(h2::frame(h2::kPriority, 0, 0, five)), kProtocolError);
}

TEST_F(H2Order, AStreamThatWasLeftOutIsNotOpenedLater) {
  EXPECT_EQ(code_after(h2::get(5) + h2::get(3)), kProtocolError);
  EXPECT_EQ(code_after(h2::get(1) + h2::get(7) + h2::get(3)), kProtocolError);
  EXPECT_EQ(code_after(h2::get(1) + h2::get(7) + h2::get(9)), std::nullopt);
}

TEST_F(H2Order, TrailersOfAStreamThatHasEndedAreLate) {
  EXPECT_EQ(code_after(h2::headers(1, h2::request_fields("POST"), false) + h2::rst(1, 8) +
                       h2::get(3) + h2::headers(1, {{"x-sum", "1"}})),
            std::nullopt);
}

TEST_F(H2Order, SettingsThatMakeAWindowTooLargeEndTheConnection) {
  const std::string open = h2::get(1) + h2::window_update(1, kWindowMost - 65535);
  EXPECT_EQ(code_after(open + h2::settings({{kInitialWindow, 65535}})), std::nullopt);
  EXPECT_EQ(code_after(open + h2::settings({{kInitialWindow, 65536}})), kFlowControlError);
}

TEST_F(H2Order, AnUpdateThatMakesAWindowTooLargeEndsTheStreamAlone) {
  H2Client& client = connect_h2();
  client.sends(h2::get(1) + h2::window_update(1, kWindowMost));
  EXPECT_EQ(client.answer(1).reset, kFlowControlError);
  EXPECT_EQ(client.seen().goaway_code(), std::nullopt);
}

}  // namespace
}  // namespace weir::proxy
