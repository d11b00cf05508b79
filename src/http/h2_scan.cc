// Frame heads, and the numbers of header blocks; everything else is stepped over.
#include "http/h2_scan.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <utility>

namespace weir::http {
namespace {

constexpr std::uint32_t kPriorityBytes = 5;  // RFC 9113 section 6.2
constexpr unsigned kShiftMost = 28;          // nghttp2 takes no number of more than 32 bits

std::string_view take_front(std::string_view& bytes, std::size_t most) {
  const std::string_view front = bytes.substr(0, most);
  bytes.remove_prefix(front.size());
  return front;
}

}  // namespace

// --- fields ---

void H2FieldCount::take(std::string_view bytes) {
  while (!bytes.empty()) {
    if (skip_ > 0) {
      skip_ -= static_cast<std::uint32_t>(take_front(bytes, skip_).size());
      continue;
    }
    const auto byte = static_cast<std::uint8_t>(take_front(bytes, 1).front());
    if (in_number_) {
      number_ += std::uint32_t{byte & 0x7fU} << shift_;
      shift_ = std::min(shift_ + 7, kShiftMost);
      if ((byte & 0x80) == 0) end_number();
    } else if (strings_ > 0) {
      number_is_length_ = true;
      begin_number(byte, 7);
    } else {
      begin_field(byte);
    }
  }
}

void H2FieldCount::begin_field(std::uint8_t first) {
  ++fields_;
  number_is_name_ = false;
  if ((first & 0x80) != 0) return begin_number(first, 7);     // indexed
  if ((first & 0xe0) == 0x20) return begin_number(first, 5);  // the table's size
  number_is_name_ = true;
  begin_number(first, (first & 0x40) != 0 ? 6 : 4);
}

void H2FieldCount::begin_number(std::uint8_t first, unsigned bits) {
  const std::uint32_t most = (1U << bits) - 1;
  number_ = first & most;
  shift_ = 0;
  in_number_ = true;
  if (number_ < most) end_number();
}

void H2FieldCount::end_number() {
  in_number_ = false;
  if (number_is_length_) {
    number_is_length_ = false;
    skip_ = number_;
    --strings_;
  } else if (number_is_name_) {
    number_is_name_ = false;
    strings_ = number_ == 0 ? 2 : 1;
  }
}

// --- frames ---

H2Scan::Found H2Scan::take(std::string_view bytes) {
  Found found;
  while (!bytes.empty()) {
    if (skip_ > 0) {
      skip_ -= take_front(bytes, skip_).size();
    } else if (block_left_ > 0) {
      take_of_block(bytes, found);
    } else if (head_taken_ == 0 && bytes.size() >= kH2FrameHead) {
      begin_payload(take_front(bytes, kH2FrameHead), found);
    } else {
      take_of_head(bytes, found);
    }
  }
  return found;
}

// Heads that were cut are gathered.
void H2Scan::take_of_head(std::string_view& bytes, Found& found) {
  const std::string_view part = take_front(bytes, kH2FrameHead - head_taken_);
  std::copy(part.begin(), part.end(), head_.begin() + head_taken_);
  head_taken_ += static_cast<std::uint8_t>(part.size());
  if (head_taken_ < kH2FrameHead) return;
  head_taken_ = 0;
  begin_payload({head_.data(), head_.size()}, found);
}

// RFC 9113 section 4.1: three bytes of length, type, flags, four of the stream.
void H2Scan::begin_payload(std::string_view head, Found& found) {
  const auto byte_at = [&](std::size_t i) { return static_cast<std::uint8_t>(head[i]); };
  const std::uint32_t length =
      std::uint32_t{byte_at(0)} << 16 | std::uint32_t{byte_at(1)} << 8 | byte_at(2);
  const std::uint8_t type = byte_at(3), flags = byte_at(4);
  if (type == NGHTTP2_DATA) ++found.data_frames;
  if (type != NGHTTP2_HEADERS && type != NGHTTP2_CONTINUATION) {
    skip_ = length;
    return;
  }
  block_left_ = length;
  padding_ = 0;
  padded_ = type == NGHTTP2_HEADERS && (flags & NGHTTP2_FLAG_PADDED) != 0;
  before_block_ =
      type == NGHTTP2_HEADERS && (flags & NGHTTP2_FLAG_PRIORITY) != 0 ? kPriorityBytes : 0;
  if (type == NGHTTP2_HEADERS) fields_.begin_block();
}

// RFC 9113 section 6.2: by how much it is padded, five bytes of priority, the block, the padding.
void H2Scan::take_of_block(std::string_view& bytes, Found& found) {
  const auto take = [&](std::uint32_t most) {
    const std::string_view part = take_front(bytes, std::min(most, block_left_));
    block_left_ -= static_cast<std::uint32_t>(part.size());
    return part;
  };
  if (std::exchange(padded_, false)) {
    padding_ = static_cast<std::uint8_t>(take(1).front());
    padding_ = std::min(padding_, block_left_);
    block_left_ -= padding_;
  } else if (before_block_ > 0) {
    before_block_ -= static_cast<std::uint32_t>(take(before_block_).size());
  } else {
    fields_.take(take(block_left_));
    found.most_fields = std::max(found.most_fields, fields_.fields());
  }
  if (block_left_ == 0) skip_ = padding_;
}

}  // namespace weir::http
