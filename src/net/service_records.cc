// One pass over the answer section (RFC 1035 section 4.1, RFC 2782).
#include "net/service_records.h"

#include <algorithm>
#include <ares.h>
#include <cstddef>

#include <weir/limits.h>

namespace weir::net {
namespace {

constexpr std::uint16_t kAlias = 5, kService = 33;
constexpr std::uint32_t kTtlMost = 0x7fff'ffff;  // a greater one counts as 0: RFC 2181 section 8
constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kQuestionTail = 4;  // type and class
constexpr std::size_t kServiceHead = 6;   // before the target

// Reads on until something is not there; from then on everything is 0 and `whole` is false.
class MessageReader {
 public:
  explicit MessageReader(std::span<const unsigned char> message) : message_(message) {}

  bool whole() const { return whole_; }
  std::size_t at() const { return at_; }
  void skip(std::size_t bytes) {
    whole_ = whole_ && bytes <= message_.size() - at_;
    if (whole_) at_ += bytes;
  }
  std::uint16_t u16() {
    const std::size_t from = at_;
    skip(2);
    return whole_ ? static_cast<std::uint16_t>(message_[from] << 8 | message_[from + 1]) : 0;
  }
  std::uint32_t u32() {
    const std::uint32_t high = u16();
    return high << 16 | u16();
  }
  std::string name() {
    char* text = nullptr;
    long bytes = 0;
    if (!whole_ || at_ >= message_.size() ||
        ares_expand_name(message_.data() + at_, message_.data(), static_cast<int>(message_.size()),
                         &text, &bytes) != ARES_SUCCESS) {
      whole_ = false;
      return {};
    }
    std::string result(text);
    ares_free_string(text);
    skip(static_cast<std::size_t>(bytes));
    return result;
  }

 private:
  const std::span<const unsigned char> message_;
  std::size_t at_ = 0;
  bool whole_ = true;
};

}  // namespace

std::optional<std::vector<ServiceRecord>> parse_service_records(
    std::span<const unsigned char> message) {
  if (message.size() < kHeaderBytes) return {};
  MessageReader reader(message);
  reader.skip(4);
  std::uint16_t questions = reader.u16();
  std::uint16_t answers = reader.u16();
  reader.skip(4);
  for (; questions > 0 && reader.whole(); --questions) {
    (void)reader.name();
    reader.skip(kQuestionTail);
  }
  std::uint32_t ttl_of_aliases = kTtlMost;
  std::vector<ServiceRecord> records;
  for (; answers > 0 && reader.whole(); --answers) {
    (void)reader.name();
    const std::uint16_t type = reader.u16();
    reader.skip(2);
    const std::uint32_t given = reader.u32();
    const std::uint32_t ttl = given > kTtlMost ? 0 : given;
    const std::uint16_t length = reader.u16();
    const std::size_t begin = reader.at();
    if (type == kAlias) ttl_of_aliases = std::min(ttl_of_aliases, ttl);
    if (type == kService) {
      if (length <= kServiceHead) return {};
      ServiceRecord& record = records.emplace_back();
      record.priority = reader.u16();
      record.weight = reader.u16();
      record.port = reader.u16();
      record.host = reader.name();
      record.ttl = ttl;
      if (reader.at() != begin + length) return {};
    } else {
      reader.skip(length);
    }
  }
  if (!reader.whole()) return {};
  for (ServiceRecord& record : records) record.ttl = std::min(record.ttl, ttl_of_aliases);
  records.resize(std::min(records.size(), limits::kNameAddresses));
  return records;
}

}  // namespace weir::net
