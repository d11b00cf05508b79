// Keys as requests carry them. Garbage is no key, never an error.
#include "traffic/split_key.h"

#include "traffic/cookies.h"
#include "traffic/query.h"

namespace weir::traffic {
namespace {

std::optional<std::string_view> find_header(const FieldSource* fields, std::string_view name) {
  std::optional<std::string_view> found;
  any_value(fields, name, [&found](std::string_view value) {
    found = value;
    return true;
  });
  return found;
}

std::optional<std::string_view> unless_empty(std::optional<std::string_view> value) {
  return value && !value->empty() ? value : std::nullopt;
}

}  // namespace

IssuedId make_issued_id(Random& random) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  IssuedId id;
  for (std::size_t i = 0; i < id.size(); i += 16) {
    std::uint64_t bits = random.next();
    for (std::size_t digit = 0; digit < 16; ++digit, bits >>= 4) id[i + digit] = kDigits[bits & 15];
  }
  return id;
}

bool is_issued_id(std::string_view text) {
  if (text.size() != kIssuedIdBytes) return false;
  // No branch for each: whether a digit is a letter is random, and would be mispredicted.
  unsigned others = 0;
  for (const char c : text) {
    const auto digit = static_cast<unsigned char>(c - '0');
    const auto letter = static_cast<unsigned char>(c - 'a');
    others |= static_cast<unsigned>(digit > 9) & static_cast<unsigned>(letter > 5);
  }
  return others == 0;
}

std::optional<std::string_view> find_key(const config::SplitKey& key, const RequestView& request,
                                         const IpAddress& client, std::span<char> room) {
  switch (key.source) {
    case config::KeySource::header:
      return unless_empty(find_header(request.fields, key.name));
    case config::KeySource::cookie:
      return unless_empty(find_cookie(request.fields, key.name));
    case config::KeySource::query:
      return unless_empty(find_parameter(request.query, key.name, room));
    case config::KeySource::client_ip:
      return std::string_view(reinterpret_cast<const char*>(client.bytes.data()),
                              client.bytes.size());
    case config::KeySource::issued_cookie: {
      const auto id = find_cookie(request.fields, key.name);
      return id && is_issued_id(*id) ? id : std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace weir::traffic
