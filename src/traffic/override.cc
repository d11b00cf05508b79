// The value is "VARIANT" from a permitted address, or "VARIANT:SECRET" from anywhere.
#include "traffic/override.h"

#include <algorithm>

#include "base/secret.h"
#include "traffic/cookies.h"

namespace weir::traffic {
namespace {

std::optional<std::size_t> variant_called(std::string_view word,
                                          std::span<const config::Variant> variants) {
  for (std::size_t i = 0; i < variants.size(); ++i) {
    if (variants[i].name == word) return i;
  }
  if (word == "always" && variants.size() > 1) return 1;
  if (word == "never") return 0;
  return std::nullopt;
}

bool is_permitted(const config::Override& settings, std::string_view secret,
                  const IpAddress& client) {
  if (!settings.secret.empty() && same_secret(secret, settings.secret)) return true;
  return std::ranges::any_of(settings.from, [&](const config::Cidr& block) {
    return in_network(client, block.network, block.prefix);
  });
}

OverrideWish judge(const config::Override& settings, std::span<const config::Variant> variants,
                   std::string_view value, const IpAddress& client) {
  const std::size_t colon = value.find(':');
  const std::string_view word = value.substr(0, colon);
  const std::string_view secret =
      colon == std::string_view::npos ? std::string_view() : value.substr(colon + 1);
  if (!is_permitted(settings, secret, client)) return {OverrideVerdict::not_permitted};
  const auto variant = variant_called(word, variants);
  if (!variant) return {OverrideVerdict::unknown_value};
  return {OverrideVerdict::granted, *variant};
}

}  // namespace

OverrideWish read_override(const config::Override& settings,
                           std::span<const config::Variant> variants, const RequestView& request,
                           const IpAddress& client) {
  OverrideWish wish;
  if (settings.empty()) return wish;
  auto consider = [&](std::string_view value) {
    if (!value.empty()) wish = judge(settings, variants, value, client);
    return wish.verdict == OverrideVerdict::granted;
  };
  if (!settings.header.empty() && any_value(request.fields, settings.header, consider)) return wish;
  if (settings.cookie.empty()) return wish;
  if (const auto value = find_cookie(request.fields, settings.cookie)) consider(*value);
  return wish;
}

}  // namespace weir::traffic
