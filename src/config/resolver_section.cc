// resolver: who is asked for the addresses of endpoints' names, and how often.
// Called by file_section.cc.
// Never asks anybody; a server is an IP address, or it would need a name server itself.
#include <fmt/format.h>

#include <weir/limits.h>

#include "config/addresses.h"
#include "config/choices.h"
#include "config/keys.h"
#include "config/sections.h"

namespace weir::config {
namespace {

void read_servers(Reader& reader, const Node& node, Resolver& resolver) {
  read_list_as(reader, node, resolver.servers, parse_name_server);
  if (node.is_empty_list()) {
    reader.error(node, "an empty list asks nobody: leave servers out for those of the system");
  } else if (node.entries.size() > limits::kNameServers) {
    reader.error(node, fmt::format("{} name servers are too many: at most {}", node.entries.size(),
                                   limits::kNameServers));
  }
}

constexpr Key<Resolver> kResolverKeys[] = {
    {"servers", read_servers},
    key<&Resolver::timeout>("timeout"),
    key<&Resolver::min_ttl>("min_ttl"),
    key<&Resolver::max_ttl>("max_ttl"),
    key_choice<&Resolver::families, kAddressFamilies>("families"),
};

}  // namespace

void read_resolver(Reader& reader, const Node& node, Config& config) {
  Resolver& resolver = config.resolver;
  read_section(reader, node, resolver, kResolverKeys);
  if (!node.is_map() || resolver.min_ttl <= resolver.max_ttl) return;
  const Node* least = node.find("min_ttl");
  if (least == nullptr) {
    resolver.min_ttl = resolver.max_ttl;
  } else {
    reader.error(*least, "min_ttl is above max_ttl: lower it, or raise max_ttl");
  }
}

void list_resolver(KeyList& out, const std::string& path) {
  list_keys<kResolverKeys>(out, path);
}

}  // namespace weir::config
