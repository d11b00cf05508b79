// Small parts of plans that need no other module; server/snapshot_builder.cc puts the whole
// together.
#include "proxy/snapshot.h"

#include <algorithm>

namespace weir::proxy {

bool ListenerPlan::trusts(const IpAddress& peer) const {
  return std::ranges::any_of(trusted, [&](const http::Network& block) {
    return in_network(peer, block.network, block.prefix);
  });
}

ListenerPlan make_listener_plan(const config::Listener& listener, std::uint32_t index) {
  ListenerPlan plan;
  plan.index = index;
  plan.settings = &listener;
  for (const config::Cidr& block : listener.trusted_proxies)
    plan.trusted.push_back({block.network, block.prefix});
  plan.head_limits = {listener.limits.header_bytes, listener.limits.headers};
  switch (listener.underscore_fields) {
    case config::UnderscoreFields::drop:
      plan.underscores = http::UnderscorePolicy::drop;
      break;
    case config::UnderscoreFields::pass:
      plan.underscores = http::UnderscorePolicy::pass;
      break;
    case config::UnderscoreFields::refuse:
      plan.underscores = http::UnderscorePolicy::refuse;
      break;
  }
  plan.open_connections = std::make_shared<std::atomic<std::uint32_t>>(0);
  return plan;
}

std::vector<http::HeadEdit> compile_edits(const config::HeaderEdits& edits) {
  std::vector<http::HeadEdit> compiled;
  const auto push = [&](http::EditKind kind, const std::string& name, std::string_view value) {
    compiled.push_back({kind, http::field_id(name), name, value});
  };
  for (const std::string& name : edits.remove) push(http::EditKind::remove, name, {});
  for (const config::Pair& pair : edits.set) push(http::EditKind::set, pair.name, pair.value);
  for (const config::Pair& pair : edits.add) push(http::EditKind::add, pair.name, pair.value);
  return compiled;
}

}  // namespace weir::proxy
