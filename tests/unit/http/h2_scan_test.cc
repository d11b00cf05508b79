// What is counted in a peer's bytes: DATA frames by their type alone, fields of header blocks
// whatever their form; and the same however the bytes are cut.
#include "http/h2_scan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "support/h2_frames.h"

namespace weir::http {
namespace {

namespace h2 = test::h2;
using namespace std::string_literals;

constexpr std::uint8_t kPriority = 0x20;

H2Scan::Found scan_pieces(std::string_view bytes, std::size_t piece, std::size_t preface = 0) {
  H2Scan scan(preface);
  H2Scan::Found all;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    const H2Scan::Found found = scan.take(bytes.substr(0, piece));
    all.data_frames += found.data_frames;
    all.most_fields = std::max(all.most_fields, found.most_fields);
  }
  return all;
}

// The same for every size of pieces.
std::uint32_t fields_of(const std::string& bytes) {
  const std::uint32_t found = scan_pieces(bytes, bytes.size()).most_fields;
  for (std::size_t piece = 1; piece < std::min(bytes.size(), std::size_t{400}); ++piece) {
    EXPECT_EQ(scan_pieces(bytes, piece).most_fields, found) << piece;
  }
  return found;
}

std::string block_frame(const std::string& block, std::uint8_t flags = h2::kEndHeaders) {
  return h2::frame(h2::kHeaders, flags, 1, block);
}

TEST(H2Scan, DataFramesAreCountedHoweverTheBytesAreCut) {
  const std::string frames = h2::settings({{4, 100}}) + h2::data(1, "") + h2::get(3) +
                             h2::data(5, std::string(700, '\0')) + h2::ping() +
                             h2::data(7, "x", true) + h2::data(9, "");
  for (std::size_t piece = 1; piece <= frames.size(); ++piece) {
    EXPECT_EQ(scan_pieces(frames, piece).data_frames, 4U) << piece;
    const std::string all = std::string(h2::kPreface) + frames;
    EXPECT_EQ(scan_pieces(all, piece, h2::kPreface.size()).data_frames, 4U) << piece;
  }
}

TEST(H2Scan, LengthsOfThreeBytesAreSkipped) {
  const std::string large = h2::frame(h2::kPing, 0, 0, std::string(0x012345, '\0'));
  EXPECT_EQ(scan_pieces(large + h2::data(1, "a"), 4096).data_frames, 1U);
}

TEST(H2Scan, FieldsOfEveryFormAreCountedOnce) {
  EXPECT_EQ(fields_of(block_frame("")), 0U);
  EXPECT_EQ(fields_of(block_frame("\x82\x86\x84")), 3U) << "indexed";
  EXPECT_EQ(fields_of(block_frame("\xff\x80\x01\x82")), 2U) << "by a long index";
  EXPECT_EQ(fields_of(block_frame("\x41\x03"
                                  "abc"
                                  "\x82")),
            2U)
      << "an indexed name, to be kept";
  EXPECT_EQ(fields_of(block_frame("\x7f\x80\x01\x01"
                                  "a"
                                  "\x82")),
            2U);
  EXPECT_EQ(fields_of(block_frame("\x40\x01x\x02yz\x82"s)), 2U) << "a new name, to be kept";
  EXPECT_EQ(fields_of(block_frame("\0\x01x\0\x10\x01y\0\x82"s)), 3U) << "not to be kept, empty";
  EXPECT_EQ(fields_of(block_frame("\x0f\x2f\x01z\x82")), 2U) << "not to be kept, a long index";
  EXPECT_EQ(fields_of(block_frame("\x04\x82zz\x82")), 2U) << "Huffman's strings are as long";
  EXPECT_EQ(fields_of(block_frame("\x3f\xe1\x1f\x20\x82")), 3U) << "sizes of the table";
  EXPECT_EQ(fields_of(block_frame("\x41\x7f\xad\x01" + std::string(300, 'v') + "\x82")), 2U);
}

TEST(H2Scan, BlocksGoOnInContinuationsAndBeginAgainInHeaders) {
  const std::string cut_in_a_string =
      block_frame(
          "\x82\x41\x05"
          "ab",
          0) +
      h2::frame(h2::kContinuation, 0, 1, "c") + h2::frame(h2::kContinuation, 0, 1, "") +
      h2::frame(h2::kContinuation, h2::kEndHeaders, 1, "de\x82\x82");
  EXPECT_EQ(fields_of(cut_in_a_string), 4U);
  EXPECT_EQ(fields_of(cut_in_a_string + block_frame("\x82\x82")), 4U) << "the most of any block";
  EXPECT_EQ(fields_of(block_frame("\x82") + block_frame("\x82\x82")), 2U);
}

TEST(H2Scan, PaddingAndPriorityAreNoFields) {
  const std::string padding(200, '\0');
  EXPECT_EQ(fields_of(block_frame("\xc8\x82\x82" + padding, h2::kEndHeaders | h2::kPadded)), 2U);
  EXPECT_EQ(fields_of(block_frame("\0\0\0\3\x10\x82"s, h2::kEndHeaders | kPriority)), 1U);
  EXPECT_EQ(fields_of(block_frame("\xc8\x80\0\0\1\x10\x82\x82\x82"s + padding,
                                  h2::kEndHeaders | h2::kPadded | kPriority) +
                      h2::data(1, "") + block_frame("\x82")),
            3U);
  // Frames that nghttp2 refuses: more padding, or more before the block, than there is.
  EXPECT_EQ(fields_of(block_frame("\xff\x82", h2::kPadded) + block_frame("\x82\x82")), 2U);
  EXPECT_EQ(fields_of(block_frame("\0\0"s, kPriority) + block_frame("\x82\x82")), 2U);
  EXPECT_EQ(fields_of(block_frame("", h2::kPadded) + block_frame("\x82\x82")), 2U);
}

TEST(H2Scan, NumbersWithoutEndAreSteppedOver) {
  EXPECT_EQ(fields_of(block_frame("\xff" + std::string(100, '\xff') + "\x01\x82")), 2U);
}

}  // namespace
}  // namespace weir::http
