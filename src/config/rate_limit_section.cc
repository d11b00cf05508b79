// routes[].rate_limit: how many requests a route takes, in all or of each client.
// Called by route_section.cc.
// Never takes a period that the answer's fields could not tell, which count whole seconds.
#include <fmt/format.h>

#include <weir/limits.h>

#include "config/http_values.h"
#include "config/keys.h"
#include "config/plain_text.h"
#include "config/sections.h"

namespace weir::config {
namespace {

constexpr std::string_view kForms = "client_ip, { header: name } or { cookie: name }";

Parsed<Millis> parse_period(std::string_view text) {
  Parsed<Millis> period =
      parse_whole_seconds(text, "a period is whole seconds, as clients are told it in seconds");
  if (!period) return period;
  if (period->count() == 0 || *period > limits::kRatePeriodMost) {
    return std::unexpected(fmt::format("{} is out of range: 1s to {}", text,
                                       format_duration(limits::kRatePeriodMost)));
  }
  return period;
}

void read_per(Reader& reader, const Node& node, RateLimit& limit) {
  read_as(reader, node, limit.per, parse_period);
}

template <KeySource Source>
void read_named(Reader& reader, const Node& node, RateLimit& limit) {
  SplitKey key{.source = Source, .name = {}};
  const auto parse = Source == KeySource::header ? parse_field_name : parse_cookie_name;
  if (read_as(reader, node, key.name, parse)) limit.key = std::move(key);
}

constexpr Key<RateLimit> kPlaceKeys[] = {
    {"header", read_named<KeySource::header>},
    {"cookie", read_named<KeySource::cookie>},
};

Parsed<KeySource> parse_plain_place(std::string_view text) {
  if (text == "client_ip") return KeySource::client_ip;
  return std::unexpected(fmt::format("'{}' is no key: write {}", printable(text), kForms));
}

void read_key(Reader& reader, const Node& node, RateLimit& limit) {
  if (node.is_scalar()) {
    SplitKey key;
    if (read_as(reader, node, key.source, parse_plain_place)) limit.key = std::move(key);
  } else if (node.is_map() && node.entries.size() == 1) {
    read_section(reader, node, limit, kPlaceKeys);
  } else {
    reader.error(node, fmt::format("the key is one of {}", kForms));
  }
}

constexpr Key<RateLimit> kRateLimitKeys[] = {
    key_between<&RateLimit::requests, 1, limits::kRateRequests>("requests"),
    {"per", read_per},
    key_between<&RateLimit::burst, 1, limits::kRateRequests>("burst"),
    {"key", read_key, list_keys<kPlaceKeys>},
    key_between<&RateLimit::max_keys, 1, limits::kRateKeysMost>("max_keys"),
};

// A burst that takes weeks to come back is a quota, and a process that restarts forgets it.
void check_burst(Reader& reader, const Node& node, const RateLimit& limit) {
  const Millis refill = limit.per * limit.burst / limit.requests;
  if (refill <= limits::kRateRefillMost) return;
  reader.error(node, fmt::format("{} requests at {} per {} take longer than {} to come back: give "
                                 "a smaller burst",
                                 limit.burst, limit.requests, format_duration(limit.per),
                                 format_duration(limits::kRateRefillMost)));
}

}  // namespace

void read_rate_limit(Reader& reader, const Node& node, Route& route) {
  RateLimit limit;
  read_section(reader, node, limit, kRateLimitKeys);
  if (!node.is_map()) return;
  if (node.find("requests") == nullptr) {
    reader.error(node, "the limit has no number of requests: { requests: 100, per: 1s }");
  }
  const Node* max_keys = node.find("max_keys");
  if (max_keys != nullptr && node.find("key") == nullptr) {
    reader.error(*max_keys, "without a key there is one bucket for the route: remove max_keys");
  }
  if (limit.requests == 0) return;
  const Node* burst = node.find("burst");
  if (burst == nullptr) {
    limit.burst = limit.requests;
  } else if (limit.burst != 0) {
    check_burst(reader, *burst, limit);
  }
  route.rate_limit = std::move(limit);
}

void list_rate_limit(KeyList& out, const std::string& path) {
  list_keys<kRateLimitKeys>(out, path);
}

}  // namespace weir::config
