// What no section can check alone: names that are used have to be defined, and an address is
// listened on once. Called when the whole file has been read, with or without errors. Never reports
// a name as unknown whose definition is there but wrong.
#include <fmt/format.h>

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "config/addresses.h"
#include "config/plain_text.h"
#include "config/sections.h"
#include "config/suggestion.h"

namespace weir::config {
namespace {

template <class Named>
std::vector<std::string_view> names_of(const std::vector<Named>& things) {
  std::vector<std::string_view> names;
  names.reserve(things.size());
  for (const Named& thing : things) names.push_back(thing.name);
  return names;
}

void check_kind(Reader& reader, Reference::Kind kind, std::string_view word,
                const std::vector<std::string_view>& names) {
  const std::unordered_set<std::string_view> known(names.begin(), names.end());
  for (const Reference& reference : reader.references()) {
    if (reference.kind != kind || known.contains(reference.name)) continue;
    const std::string mend = reader.crowded() ? std::string() : suggestion(reference.name, names);
    reader.error(*reference.at, fmt::format("unknown {} '{}'{}", word, reference.name, mend));
  }
}

// Where the address of a listener or of admin stands; the spelling may differ, the socket is the
// same.
void check_addresses(Reader& reader, const Config& config) {
  std::unordered_map<std::string, std::string> owners;
  const auto claim = [&](const Address& address, const Place& place, const std::string& owner) {
    const std::optional<SocketAddress> socket = literal(address);
    if (!socket || (!socket->is_unix() && socket->port == 0)) return;
    const auto [first, is_new] = owners.emplace(to_string(*socket), owner);
    if (is_new) return;
    reader.error(place, fmt::format("{} already listens on {}: use another port", first->second,
                                    to_string(address)));
  };
  if (config.admin.enabled) claim(config.admin.address, config.admin.place, "admin");
  for (const Listener& listener : config.listeners) {
    claim(listener.address, listener.place, fmt::format("listener '{}'", printable(listener.name)));
  }
}

}  // namespace

void check_references(Reader& reader, const Config& config) {
  check_kind(reader, Reference::Kind::listener, "listener", names_of(config.listeners));
  check_kind(reader, Reference::Kind::cluster, "cluster", names_of(config.clusters));
  check_addresses(reader, config);
  check_mirror_loops(reader, config);
}

}  // namespace weir::config
