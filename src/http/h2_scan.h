// Looks through what an HTTP/2 peer sends, wherever it was cut, for what nghttp2 does without
// telling: it skips DATA on streams that have ended, and decodes a header block to its end though
// nobody wants it (any more). For H2Core, before nghttp2 has the bytes. Judges nothing: nghttp2
// does, and ends the connection of a peer whose frames are none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::http {

inline constexpr std::size_t kH2FrameHead = 9;  // bytes

// Counts the fields of a header block (RFC 7541 section 6), decoding nothing.
class H2FieldCount {
 public:
  void begin_block() { *this = {}; }
  void take(std::string_view bytes);
  // Begun so far; changes of the table's size are counted with them.
  std::uint32_t fields() const { return fields_; }

 private:
  void begin_field(std::uint8_t first);
  void begin_number(std::uint8_t first, unsigned bits);
  void end_number();

  std::uint32_t fields_ = 0;
  std::uint32_t number_ = 0;  // section 5.1
  unsigned shift_ = 0;
  std::uint32_t skip_ = 0;       // bytes of a string
  std::uint8_t strings_ = 0;     // of the field, to come
  bool in_number_ = false;       // its first byte has come
  bool number_is_name_ = false;  // 0: the name is a string, too
  bool number_is_length_ = false;
};

class H2Scan {
 public:
  // `preface`: so many bytes come before the first frame.
  explicit H2Scan(std::size_t preface) : skip_(preface) {}

  struct Found {
    std::uint32_t data_frames = 0;  // that begin in these bytes
    std::uint32_t most_fields = 0;  // of a block that these bytes are of, so far
  };
  // Takes the next bytes that were received.
  Found take(std::string_view bytes);

 private:
  void take_of_head(std::string_view& bytes, Found& found);
  void begin_payload(std::string_view head, Found& found);
  void take_of_block(std::string_view& bytes, Found& found);

  std::size_t skip_;                // bytes that are of no interest
  std::uint32_t block_left_ = 0;    // bytes of a payload with a block, its padding not counted
  std::uint32_t before_block_ = 0;  // of them, before the block
  std::uint32_t padding_ = 0;       // bytes behind it
  bool padded_ = false;             // how much, the next byte says
  std::uint8_t head_taken_ = 0;
  std::array<char, kH2FrameHead> head_;  // as much as came of one
  H2FieldCount fields_;
};

}  // namespace weir::http
